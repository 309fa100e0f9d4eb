import type { RaftState } from './state.js';

/**
 * ReadIndex (thesis, section 6.4). All reads that arrive while a round is under way share the next one. A round counts only
 * answers that carry its own number or a later one, so an answer to an earlier round proves nothing for a later read.
 */
export function startReads(state: RaftState, startRound: (state: RaftState) => number): void {
  // Until an entry of its own term is committed, a leader does not know what is (thesis, section 6.4, step 1).
  if (state.waitingReads.length === 0 || state.readBatch !== undefined || state.log.commitIndex < state.termStartIndex)
    return;
  state.readBatch = { round: startRound(state), index: state.log.commitIndex, ids: state.waitingReads };
  state.waitingReads = [];
  completeReads(state);
}

/** Lets the reads go whose round a quorum has answered. */
export function completeReads(state: RaftState): void {
  const batch = state.readBatch;
  if (batch === undefined || state.quorumOf(state.round, (progress) => progress.ackedRound) < batch.round) return;
  state.readBatch = undefined;
  for (const id of batch.ids) state.readOutcomes.push({ id, index: batch.index });
}
