import type { RequestVote, RequestVoteResponse } from '../messages.js';
import { EntryType } from '../types.js';
import { appendEntry, startRound } from './append.js';
import { differs, isAmnesiac } from './identity.js';
import { enterConfiguration, mayVoteForItself } from './members.js';
import { voteResult } from './quorum.js';
import { takeOverReads } from './read.js';
import { becomeFollower } from './roles.js';
import type { RaftState } from './state.js';

/** Whether this node may become a leader: also one of priority 0, when it is asked to. */
export function canCampaign(state: RaftState): boolean {
  // While term and vote are on their way to the disk nobody hears of them, so another campaign would only start all over.
  if (state.needsSnapshot || isAmnesiac(state)) return false;
  return state.hardStateDurable && state.isHealthy && mayVoteForItself(state);
}

/** The election timeout has passed without a leader (paper, section 5.2; thesis, section 9.6 for the pre-vote). */
export function campaign(state: RaftState): void {
  startCampaign(state, state.options.preVote, 'no leader heard of within the election timeout');
}

/** The leader itself asks for it (thesis, section 3.10). */
export function campaignAtOnce(state: RaftState): void {
  if (!canCampaign(state)) return;
  startCampaign(state, false, 'the leader hands over');
  state.isCampaignAskedFor = true;
}

function startCampaign(state: RaftState, preVote: boolean, reason: string): void {
  state.isCampaignAskedFor = false;
  state.isResting = false;
  if (preVote) state.changeRole('preCandidate', undefined, reason);
  else {
    state.enterTerm(state.term + 1, state.id);
    state.changeRole('candidate', undefined, reason);
  }
  state.drawElectionTimeout();
  state.votes.clear();
  // A pre-vote promises nothing. Term and vote must be on the disk before others are asked (`voteDurable`).
  if (!preVote) return;
  requestVotes(state, true);
  recordVote(state, state.id, true);
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
      transfer: state.isCampaignAskedFor,
      lastLogIndex: state.log.lastIndex,
      lastLogTerm: state.log.lastTerm,
      storeId: state.options.storeId,
    });
  }
}

/** Term and vote have reached the disk: only now are others asked, and a candidate's vote for itself counts. */
export function voteDurable(state: RaftState): void {
  if (state.role !== 'candidate' || state.votes.has(state.id)) return;
  state.electionDeadline = state.now + state.electionTimeoutMs;
  requestVotes(state, false);
  recordVote(state, state.id, true);
}

function recordVote(state: RaftState, from: string, granted: boolean): void {
  if (!state.votes.has(from)) state.votes.set(from, granted);
  const result = voteResult(state.configuration, state.votes);
  if (result === 'lost') becomeFollower(state, state.term, undefined, 'a quorum refused the vote');
  else if (result === 'won' && state.role === 'preCandidate')
    startCampaign(state, false, 'a quorum would vote for this node');
  else if (result === 'won') becomeLeader(state);
}

function becomeLeader(state: RaftState): void {
  state.changeRole('leader', state.id, 'elected by a quorum');
  state.votes.clear();
  state.progress.clear();
  state.round = 0;
  state.readBatch = undefined;
  state.uncommittedBytes = 0;
  state.heartbeatAt = state.now;
  state.tellCommitAt = Number.POSITIVE_INFINITY;
  state.leaderSince = state.now;
  state.leaseLost = false;
  state.preferAt = state.now + 4 * state.options.electionTimeoutMs.max;
  state.storesDue = state.options.storeId !== '' && state.configuration.stores[state.id] === undefined;
  state.idleSince = Number.POSITIVE_INFINITY;
  enterConfiguration(state);
  // An entry of its own term lets earlier terms' entries commit (paper, section 8).
  state.termStartIndex = appendEntry(state, EntryType.empty, new Uint8Array(0));
  takeOverReads(state);
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
    storeId: state.options.storeId,
  });
}

/** Answers a pre-vote: nothing is recorded, no timer is touched. */
function wouldVote(state: RaftState, message: RequestVote): boolean {
  return message.term > state.term && !state.leaderAlive && mayHaveVote(state, message);
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
  if (!free || !mayHaveVote(state, message)) return false;
  if (state.votedFor === undefined) {
    state.votedFor = message.from;
    state.hardStateDirty = true;
  }
  state.electionDeadline = state.now + state.electionTimeoutMs;
  return true;
}

/**
 * The candidate's log is at least as complete (paper, section 5.4.1), and neither of the two has forgotten what it promised. One that
 * knows more may know of an admission with a new storage that this node has not heard of; it counts the vote only if it does.
 */
function mayHaveVote(state: RaftState, { from, storeId, lastLogIndex, lastLogTerm }: RequestVote): boolean {
  const { configuration, log } = state;
  if (!log.isUpToDate(lastLogIndex, lastLogTerm)) return false;
  const knowsMore = lastLogIndex > log.lastIndex || lastLogTerm > log.lastTerm;
  return knowsMore || !(isAmnesiac(state) || differs(configuration, from, storeId));
}

export function receiveRequestVoteResponse(state: RaftState, message: RequestVoteResponse): void {
  const asked = message.preVote ? 'preCandidate' : 'candidate';
  const expectedTerm = message.preVote && message.granted ? state.term + 1 : state.term;
  // A wiped voter may have voted for another before.
  if (differs(state.configuration, message.from, message.storeId)) return;
  if (state.role === asked && message.term === expectedTerm) recordVote(state, message.from, message.granted);
}
