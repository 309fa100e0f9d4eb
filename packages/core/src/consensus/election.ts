import type { RequestVote, RequestVoteResponse } from '../messages.js';
import { EntryType } from '../types.js';
import { membersOf } from './configuration.js';
import { Progress } from './progress.js';
import { voteResult } from './quorum.js';
import { appendEntry, startRound } from './replication.js';
import { becomeFollower } from './roles.js';
import type { RaftState } from './state.js';

/** The election timeout has passed without a leader (paper, section 5.2; thesis, section 9.6 for the pre-vote). */
export function campaign(state: RaftState): void {
  if (state.options.preVote) startCampaign(state, true);
  else startCampaign(state, false);
}

function startCampaign(state: RaftState, preVote: boolean): void {
  if (preVote) {
    state.changeRole('preCandidate', undefined, 'no leader heard of within the election timeout');
  } else {
    state.enterTerm(state.term + 1, state.id);
    state.changeRole(
      'candidate',
      undefined,
      state.options.preVote ? 'a quorum would vote for this node' : 'no leader heard of within the election timeout',
    );
  }
  state.drawElectionTimeout();
  state.votes.clear();
  requestVotes(state, preVote);
  // A pre-vote promises nothing; the real vote for oneself counts once it is on the disk (`voteDurable`).
  if (preVote) recordVote(state, state.id, true);
}

function requestVotes(state: RaftState, preVote: boolean): void {
  for (const to of new Set([...state.configuration.voters, ...state.configuration.outgoing])) {
    if (to === state.id) continue;
    state.outbox.push({
      type: 'requestVote',
      from: state.id,
      to,
      term: preVote ? state.term + 1 : state.term,
      preVote,
      transfer: false,
      lastLogIndex: state.log.lastIndex,
      lastLogTerm: state.log.lastTerm,
      storeId: '',
    });
  }
}

/** Term and vote have reached the disk: only now are others asked, and a candidate's vote for itself counts. */
export function voteDurable(state: RaftState): void {
  if (state.role !== 'candidate' || state.votes.has(state.id)) return;
  state.electionDeadline = state.now + state.electionTimeoutMs;
  recordVote(state, state.id, true);
}

function recordVote(state: RaftState, from: string, granted: boolean): void {
  if (!state.votes.has(from)) state.votes.set(from, granted);
  const result = voteResult(state.configuration, state.votes);
  if (result === 'lost') becomeFollower(state, state.term, undefined, 'a quorum refused the vote');
  else if (result === 'won' && state.role === 'preCandidate') startCampaign(state, false);
  else if (result === 'won') becomeLeader(state);
}

function becomeLeader(state: RaftState): void {
  state.changeRole('leader', state.id, 'elected by a quorum');
  state.votes.clear();
  state.progress.clear();
  for (const id of membersOf(state.configuration)) {
    if (id !== state.id) state.progress.set(id, new Progress(state.log.lastIndex + 1, state.now, state.options));
  }
  state.round = 0;
  state.readBatch = undefined;
  state.uncommittedBytes = 0;
  state.heartbeatAt = state.now;
  state.tellCommitAt = Number.POSITIVE_INFINITY;
  // An entry of its own term lets earlier terms' entries commit (paper, section 8).
  state.termStartIndex = appendEntry(state, EntryType.empty, new Uint8Array(0));
  startRound(state);
}

export function receiveRequestVote(state: RaftState, message: RequestVote): void {
  const granted = message.preVote ? wouldVote(state, message) : vote(state, message);
  if (granted === undefined) return;
  state.outbox.push({
    type: 'requestVoteResponse',
    from: state.id,
    to: message.from,
    term: message.preVote && granted ? message.term : state.term,
    preVote: message.preVote,
    granted,
    storeId: '',
  });
}

/** Answers a pre-vote: nothing is recorded, no timer is touched. */
function wouldVote(state: RaftState, message: RequestVote): boolean {
  return (
    message.term > state.term && !state.leaderAlive && state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)
  );
}

/** Undefined: no answer, as if the message had not come. */
function vote(state: RaftState, message: RequestVote): boolean | undefined {
  if (message.term > state.term) {
    // A node that lost touch with a live leader must not depose it (thesis, section 4.2.3).
    if (state.options.checkQuorum && state.leaderAlive && !message.transfer) return undefined;
    becomeFollower(state, message.term, undefined, `${message.from} campaigns in a later term`);
  }
  if (message.term < state.term) return false;
  const free = state.votedFor === message.from || (state.votedFor === undefined && state.leaderId === undefined);
  if (!free || !state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)) return false;
  if (state.votedFor === undefined) {
    state.votedFor = message.from;
    state.hardStateDirty = true;
  }
  state.electionDeadline = state.now + state.electionTimeoutMs;
  return true;
}

export function receiveRequestVoteResponse(state: RaftState, message: RequestVoteResponse): void {
  const asked = message.preVote ? 'preCandidate' : 'candidate';
  const expectedTerm = message.preVote && message.granted ? state.term + 1 : state.term;
  if (state.role === asked && message.term === expectedTerm) recordVote(state, message.from, message.granted);
}
