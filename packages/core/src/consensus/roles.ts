import type { NodeId, Term } from '../types.js';
import { askAgain, failReads } from './read.js';
import type { RaftState } from './state.js';

/** Follows `leaderId` (unknown: undefined) in `term`. Within the same term the vote is kept. */
export function becomeFollower(state: RaftState, term: Term, leaderId: NodeId | undefined, reason: string): void {
  const wasLeader = state.role === 'leader';
  if (term > state.term) state.enterTerm(term, undefined);
  state.changeRole('follower', leaderId, reason);
  state.votes.clear();
  state.verifiedIndex = state.log.commitIndex;
  state.seenRound = 0;
  state.rejected = undefined;
  state.answerDue = false;
  state.answeredMatch = 0;
  state.isResting = false;
  if (wasLeader) leaveLeadership(state);
  askAgain(state);
  state.drawElectionTimeout();
}

function leaveLeadership(state: RaftState): void {
  state.progress.clear();
  state.loads = [];
  state.appends = [];
  state.uncommittedBytes = 0;
  state.mustGo = false;
  state.leavers = 0;
  state.restRound = undefined;
  // Whoever was told to campaign has yet to win.
  if (state.transfer !== undefined) state.transfer.deadline = state.now + 2 * state.options.electionTimeoutMs.max;
  failReads(state);
}
