import type { AppendEntries, InstallSnapshot, Rejection } from '../messages.js';
import type { LogIndex, NodeId, Term } from '../types.js';
import { assert } from './assert.js';
import type { RaftLog } from './log.js';
import { becomeFollower } from './roles.js';
import type { RaftState } from './state.js';

/** A leader of this node's term, or of a later one, is there (paper, section 5.2). */
export function followLeader(state: RaftState, { term, from, round }: AppendEntries | InstallSnapshot): void {
  const isNew = term > state.term || state.role !== 'follower' || state.leaderId !== from;
  if (isNew) {
    const known = term > state.term ? undefined : state.leaderId;
    assert(known === undefined, `two leaders in term ${term}: ${known} and ${from}`);
    becomeFollower(state, term, from, `${from} leads`);
  }
  state.leaderContactAt = state.now;
  state.electionDeadline = state.now + state.electionTimeoutMs;
  state.isResting = false;
  if (round > state.seenRound) state.answerDue = true;
  state.seenRound = Math.max(state.seenRound, round);
}

export function receiveAppendEntries(state: RaftState, message: AppendEntries): void {
  followLeader(state, message);
  if (!holdsPrevious(state, message)) {
    state.rejected = message;
    state.answerDue = true;
    return;
  }
  const verified = message.prevLogIndex + message.entries.length;
  // A repeated message brings no news of the disk, so it is answered at once: the first answer may be lost.
  if (message.entries.length > 0 && verified <= state.verifiedIndex) state.answerDue = true;
  appendFromLeader(state, message);
  state.verifiedIndex = Math.max(state.verifiedIndex, verified);
  const commit = Math.min(message.leaderCommit, state.verifiedIndex);
  if (commit > state.log.commitIndex) state.log.commitTo(commit);
  // One that was overtaken, or comes again, tells of a rest that may be over.
  state.isResting = message.quiesce && state.options.quiesce && message.round === state.seenRound;
}

/** Committed entries are in every leader's log, so what lies at or before the commit index cannot but agree. */
function holdsPrevious({ log }: RaftState, { from, prevLogIndex, prevLogTerm }: AppendEntries): boolean {
  if (prevLogIndex > log.commitIndex) return log.termAt(prevLogIndex) === prevLogTerm;
  assertCommitted(log, from, prevLogIndex, prevLogTerm);
  return true;
}

/** A leader that contradicts what is committed was elected by nodes that have lost their data: nobody may follow it. */
export function assertCommitted(log: RaftLog, leader: NodeId, index: LogIndex, term: Term): void {
  const own = log.termAt(index);
  assert(
    own === undefined || own === term,
    `${leader} leads with entry ${index} of term ${term}, but that of term ${own} is committed: a majority has lost its data`,
  );
}

/** Truncates at a real conflict only: a late or repeated message never shortens a log that agrees with it (paper, section 5.3). */
function appendFromLeader(state: RaftState, { from, entries }: AppendEntries): void {
  const { log } = state;
  for (const entry of entries) {
    if (entry.index <= log.commitIndex) {
      assertCommitted(log, from, entry.index, entry.term);
      continue;
    }
    if (entry.index <= log.lastIndex) {
      if (log.termAt(entry.index) === entry.term) continue;
      assert(entry.index > state.verifiedIndex, `entry ${entry.index} conflicts although it was verified`);
      truncate(state, entry.index);
    }
    state.appendToLog(entry);
  }
}

function truncate(state: RaftState, from: LogIndex): void {
  state.log.truncate(from);
  while (state.configurationIndex >= from) state.configurations.pop();
}

/** Tells the leader how far this disk agrees with it, and that it was heard. One answer for all that came in this turn. */
export function answerLeader(state: RaftState): void {
  if (state.role !== 'follower' || state.leaderId === undefined || !state.hardStateDurable) return;
  const matchIndex = Math.min(state.verifiedIndex, state.log.durableIndex);
  if (!state.answerDue && matchIndex <= state.answeredMatch) return;
  state.outbox.push({
    type: 'appendEntriesResponse',
    from: state.id,
    to: state.leaderId,
    term: state.term,
    round: state.seenRound,
    matchIndex,
    rejection: rejectionOf(state),
    storeId: state.options.storeId,
    priority: state.options.priority,
  });
  state.answerDue = false;
  state.rejected = undefined;
  state.answeredMatch = Math.max(state.answeredMatch, matchIndex);
}

function rejectionOf(state: RaftState): Rejection | undefined {
  const refused = state.rejected;
  if (refused === undefined) return undefined;
  const hintIndex = state.log.lastIndexWithTermAtMost(refused.prevLogIndex, refused.prevLogTerm);
  return { prevLogIndex: refused.prevLogIndex, hintIndex, hintTerm: state.log.termAt(hintIndex) ?? 0 };
}

/**
 * A sign of life that answers nothing: a leader of an earlier term learns of this one and steps down, and one of this term that rests gives
 * a sign of its own.
 */
export function greet(state: RaftState, leader: NodeId): void {
  state.outbox.push({
    type: 'appendEntriesResponse',
    from: state.id,
    to: leader,
    term: state.term,
    round: 0,
    matchIndex: 0,
    rejection: undefined,
    storeId: state.options.storeId,
    priority: state.options.priority,
  });
}
