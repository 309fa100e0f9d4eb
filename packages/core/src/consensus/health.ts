import { becomeFollower } from './roles.js';
import type { RaftState } from './state.js';
import { handOver } from './transfer.js';

// A node whose host or disk does not keep up must not lead: the others wait for it, and its heartbeats hide that.

/** The host comes back an election timeout later than it was due (`deadline`): whatever it believes may be out of date. */
export function cameLate(state: RaftState): void {
  if (state.role === 'leader')
    becomeFollower(state, state.term, undefined, 'its turn came an election timeout too late');
  // Those who may have written meanwhile are heard first.
  else state.drawElectionTimeout();
}

/** When a leader must leave because its disk has not answered; Infinity: it has. */
export function diskLateAt(state: RaftState): number {
  if (state.transfer?.mustLeave === true) return Number.POSITIVE_INFINITY;
  return state.diskWaitsSince + state.options.electionTimeoutMs.max;
}

/** Leads on only until somebody else can. */
export function leaveForDisk(state: RaftState): void {
  if (handOver(state, { mustLeave: true })) return;
  becomeFollower(state, state.term, undefined, 'its disk has not answered within an election timeout');
}

/** A write is handed over. */
export function diskAsked(state: RaftState): void {
  if (state.diskWaitsSince === Number.POSITIVE_INFINITY) state.diskWaitsSince = state.now;
}

/** The disk has answered; it owes more if other writes are in flight. */
export function diskAnswered(state: RaftState, sequence: number): void {
  const wasLate = state.now - state.diskWaitsSince >= state.options.electionTimeoutMs.max;
  state.diskWaitsSince = sequence >= state.writeSequence ? Number.POSITIVE_INFINITY : state.now;
  if (wasLate && state.role === 'follower') state.drawElectionTimeout();
  if (state.fullTrial !== undefined && sequence >= state.fullTrial) hasRoomAgain(state);
}

/** What was in flight since `sequence` is to be written again, now and then, until there is room. */
export function storageFull(state: RaftState, sequence: number): void {
  if (sequence <= state.refusedSequence) return;
  state.refusedSequence = state.writeSequence;
  state.log.refused(sequence);
  if (state.hardStateSequence >= sequence) state.hardStateDirty = true;
  state.writtenCommit = Math.min(state.writtenCommit, state.log.durableIndex);
  state.diskWaitsSince = Number.POSITIVE_INFINITY;
  if (state.fullRetryAt === undefined) {
    state.fullSince = state.now;
    state.rareEffects.diskFull = true;
  }
  state.fullRetryAt = state.now + state.options.diskRetryMs;
  state.fullTrial = undefined;
  if (state.role === 'leader') handOver(state, { mustLeave: false });
}

export function hasRoomAgain(state: RaftState): void {
  state.fullRetryAt = undefined;
  state.fullTrial = undefined;
  state.rareEffects.diskFull = false;
  if (state.role === 'follower') state.drawElectionTimeout();
}

/** At first another may take over, and takes what waits for that; when none has, nobody is kept waiting although it is tried again. */
export function isFullForGood({ now, transfer, fullRetryAt, fullSince, options }: RaftState): boolean {
  if (fullRetryAt === undefined) return false;
  return transfer === undefined || now >= fullSince + options.electionTimeoutMs.max;
}

/** Whether what the log holds may be written now. */
export function mayWriteEntries(state: RaftState): boolean {
  if (state.fullRetryAt === undefined) return true;
  return state.fullTrial === undefined && state.now >= state.fullRetryAt;
}

/** When entries are tried again on a full disk; Infinity: nothing has to be. */
export function retryAt(state: RaftState): number {
  return state.fullTrial === undefined ? (state.fullRetryAt ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}
