import type { RequestVote } from '../messages.js';
import { isQuorumThere, missSilent } from './away.js';
import { membersOf } from './configuration.js';
import type { RaftState } from './state.js';

// Groups with nothing to do send nothing (as in "many Rafts in a process": the timers of idle groups would be all the load there is).

/** Heartbeats without news after which a leader proposes to rest. */
const IDLE_HEARTBEATS = 2;

/** At a heartbeat: whether it may be the last for now. */
export function isIdle(state: RaftState): boolean {
  if (!state.options.quiesce) return false;
  missSilent(state);
  if (!hasNothingToDo(state)) {
    state.idleSince = Number.POSITIVE_INFINITY;
    return false;
  }
  if (state.idleSince === Number.POSITIVE_INFINITY) state.idleSince = state.now;
  return state.now - state.idleSince >= IDLE_HEARTBEATS * state.options.heartbeatIntervalMs;
}

function hasNothingToDo(state: RaftState): boolean {
  const { log, progress } = state;
  const isSettled =
    log.commitIndex === log.lastIndex && log.durableIndex === log.lastIndex && state.fullRetryAt === undefined;
  const isAsked = state.waitingReads.length > 0 || state.readBatch !== undefined || state.transfer !== undefined;
  if (!isSettled || isAsked || state.mustGo || state.storesDue || state.configuration.outgoing.length > 0) return false;
  for (const [id, one] of progress) {
    if (one.removedBy !== undefined) return false;
    if (state.away.has(id)) continue;
    if (one.state !== 'replicate' || one.isWiped) return false;
    if (one.matchIndex !== log.lastIndex || one.sentCommit !== log.commitIndex) return false;
    if (one.priority > state.options.priority) return false;
  }
  return isQuorumThere(state);
}

/** All that are there have heard that the leader rests: it does. */
export function restIfAllKnow(state: RaftState): void {
  if (state.restRound === undefined || state.isResting) return;
  for (const [id, { ackedRound, matchIndex }] of state.progress)
    if (!state.away.has(id) && (ackedRound < state.restRound || matchIndex !== state.log.lastIndex)) return;
  state.isResting = isQuorumThere(state);
}

/**
 * Whether a campaign wakes a group that rests. One that was removed and has missed it campaigns on and on, and asks followers that would hear
 * from their leader too late; what it lacks tells that it has no say.
 */
export function disturbs({ configuration, log }: RaftState, { from, lastLogIndex, lastLogTerm }: RequestVote): boolean {
  return membersOf(configuration).has(from) || log.isUpToDate(lastLogIndex, lastLogTerm);
}

/** Something is to be done: a leader beats again, a follower expects that. */
export function disturb(state: RaftState): void {
  state.restRound = undefined;
  state.idleSince = Number.POSITIVE_INFINITY;
  if (!state.isResting) return;
  state.isResting = false;
  if (state.role !== 'leader') return state.drawElectionTimeout();
  for (const progress of state.progress.values()) progress.contactAt = state.now;
  state.heartbeatAt = state.now;
}
