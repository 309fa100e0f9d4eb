import type { LogIndex, NodeId, SnapshotMeta } from '../types.js';
import type { Progress } from './progress.js';
import type { RaftState } from './state.js';

// On every node: its own snapshots

export function snapshotTaken(state: RaftState, meta: SnapshotMeta): void {
  if (meta.index <= (state.snapshot?.index ?? 0)) return;
  state.snapshot = meta;
  forgetConfigurations(state, meta.index);
  compact(state);
}

/** Those before the one in force at `index` will never be in force again, nor be asked for. */
export function forgetConfigurations({ configurations }: RaftState, index: LogIndex): void {
  const inForce = configurations.findLastIndex((one) => one.index <= index);
  if (inForce > 0) configurations.splice(0, inForce);
}

/** Forgets what the snapshot covers, but for a tail that spares followers that lag a little another snapshot. */
export function compact(state: RaftState): void {
  const { log, options, snapshot } = state;
  if (snapshot === undefined) return;
  const tail = Math.max(snapshot.index - options.retainedEntries, log.tailBefore(snapshot.index));
  let through = Math.min(tail, log.commitIndex, log.durableIndex);
  for (const progress of state.progress.values()) through = Math.min(through, keptAfter(state, progress));
  if (through < log.firstIndex) return;
  log.compact(through);
  state.rareEffects.compactTo = through;
}

/** Followers that were brought a snapshot need what follows it, or installing never ends; but not when they are gone. */
function keptAfter(state: RaftState, progress: Progress): LogIndex {
  const isGone = state.now - progress.contactAt > 4 * state.options.electionTimeoutMs.max;
  return progress.keepsAfter === undefined || isGone ? Number.POSITIVE_INFINITY : progress.keepsAfter;
}

// Leader

/** Asks the host to send the snapshot, once, to a follower that is there. */
export function offerSnapshot(state: RaftState, peer: NodeId, progress: Progress): void {
  const isThere = progress.isHeard && state.now - progress.contactAt < state.options.electionTimeoutMs.max;
  if (progress.isStreaming || !isThere || state.now < progress.snapshotAgainAt) return;
  progress.isStreaming = true;
  progress.streamId = 0;
  progress.keepsAfter = state.log.firstIndex - 1;
  (state.rareEffects.snapshotsToSend ??= []).push({ peer, term: state.term });
}

/** News of how far a follower is that needed a snapshot: by the snapshot, or by itself. */
export function caughtUp(state: RaftState, progress: Progress): void {
  const { log } = state;
  const { matchIndex } = progress;
  if (progress.keepsAfter !== undefined) progress.keepsAfter = Math.max(progress.keepsAfter, matchIndex);
  if (progress.state === 'snapshot' && matchIndex >= log.firstIndex - 1) {
    progress.isStreaming = false;
    progress.probe(matchIndex + 1);
  }
  if (progress.state === 'snapshot' || matchIndex < log.commitIndex) return;
  progress.keepsAfter = undefined;
  compact(state);
}
