import type { NodeId, Term } from '../types.js';
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
  if (wasLeader) leaveLeadership(state);
  state.drawElectionTimeout();
}

function leaveLeadership(state: RaftState): void {
  state.progress.clear();
  state.loads = [];
  state.appends = [];
  state.uncommittedBytes = 0;
  failReads(state);
}

/** Reads that were promised by this leader cannot be answered by it any more. */
function failReads(state: RaftState): void {
  const ids = [...(state.readBatch?.ids ?? []), ...state.waitingReads];
  state.readBatch = undefined;
  state.waitingReads = [];
  for (const id of ids) state.readOutcomes.push({ id, index: undefined });
}
