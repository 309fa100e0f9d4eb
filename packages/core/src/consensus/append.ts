import type { Entry, EntryType, LogIndex } from '../types.js';
import { sizeOf } from './log.js';
import { enterConfiguration } from './members.js';
import type { RaftState } from './state.js';

/** Appends an entry of this leader's term; gives its index. */
export function appendEntry(state: RaftState, type: EntryType, data: Uint8Array): LogIndex {
  const entry: Entry = { index: state.log.lastIndex + 1, term: state.term, type, data };
  if (state.appendToLog(entry)) enterConfiguration(state);
  state.uncommittedBytes += sizeOf(entry);
  state.idleSince = Number.POSITIVE_INFINITY;
  return entry.index;
}

/** From now on every follower is asked for a sign of life, and answers at once. */
export function startRound(state: RaftState): number {
  state.heartbeatAt = state.now + state.options.heartbeatIntervalMs;
  state.rounds.started(++state.round, state.now);
  return state.round;
}
