import { sizeOf } from './log.js';
import { configurationCommitted } from './membership.js';
import type { RaftState } from './state.js';

/** Only entries of the leader's own term are counted; earlier ones commit with them (paper, figure 8). */
export function advanceCommit(state: RaftState): void {
  const { log } = state;
  const index = Math.min(
    state.quorumOf(log.durableIndex, (progress) => progress.matchIndex),
    log.lastIndex,
  );
  if (index <= log.commitIndex || log.termAt(index) !== state.term) return;
  const counted = log.cached(Math.max(log.commitIndex + 1, state.termStartIndex), index, Number.POSITIVE_INFINITY);
  for (const entry of counted ?? []) state.uncommittedBytes -= sizeOf(entry);
  const configurationIndex = state.configurationIndex;
  const before = log.commitIndex;
  log.commitTo(index);
  // A notice of its own costs as much as a write: a caller that writes again at once makes it superfluous.
  state.tellCommitAt = Math.min(state.tellCommitAt, state.now + state.options.commitNoticeDelayMs);
  // A new leader may find a joint configuration that was committed before it was elected.
  const isNews = configurationIndex > before || before < state.termStartIndex;
  if (isNews && configurationIndex <= index) configurationCommitted(state);
}
