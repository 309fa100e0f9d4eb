import type { AppendEntries, AppendEntriesResponse, Rejection } from '../messages.js';
import { EntryType } from '../types.js';
import type { Configuration, Entry, LogIndex, NodeId, Term } from '../types.js';
import { assert } from './assert.js';
import { decodeConfiguration } from './configuration.js';
import { endOfFitting, sizeOf } from './log.js';
import type { RaftLog } from './log.js';
import type { Progress } from './progress.js';
import { completeReads } from './read.js';
import { becomeFollower } from './roles.js';
import type { RaftState } from './state.js';

// Leader

/** Appends an entry of this leader's term; gives its index. */
export function appendEntry(state: RaftState, type: EntryType, data: Uint8Array): LogIndex {
  const entry: Entry = { index: state.log.lastIndex + 1, term: state.term, type, data };
  state.appendToLog(entry, configurationOf(entry));
  state.uncommittedBytes += sizeOf(entry);
  return entry.index;
}

function configurationOf(entry: Entry): Configuration | undefined {
  return entry.type === EntryType.configuration ? decodeConfiguration(entry.data) : undefined;
}

/** From now on every follower is asked for a sign of life, and answers at once. */
export function startRound(state: RaftState): number {
  state.heartbeatAt = state.now + state.options.heartbeatIntervalMs;
  return ++state.round;
}

/** Gives each follower what it lacks, as far as its window allows, or else a heartbeat that is due. */
export function sendAppends(state: RaftState): void {
  for (const [id, progress] of state.progress) {
    while (progress.hasRoom && progress.nextIndex <= state.log.lastIndex) {
      if (!sendEntries(state, id, progress)) break;
    }
    if (progress.sentRound < state.round || owesCommit(state, progress)) sendAppend(state, id, progress, []);
  }
  if (state.now >= state.tellCommitAt) state.tellCommitAt = Number.POSITIVE_INFINITY;
}

/** The commit index travels with the next entries; once all is quiet, and none come soon, it is told by itself. */
function owesCommit({ log, now, tellCommitAt }: RaftState, progress: Progress): boolean {
  const quiet = log.commitIndex === log.lastIndex && progress.nextIndex > log.lastIndex && now >= tellCommitAt;
  return quiet && progress.state === 'replicate' && progress.sentCommit < log.commitIndex;
}

/** False when the entries must come from the disk first. */
function sendEntries(state: RaftState, id: NodeId, progress: Progress): boolean {
  const { maxMessageBytes } = state.options;
  const entries = state.log.cached(progress.nextIndex, state.log.lastIndex, maxMessageBytes);
  if (entries === undefined) {
    requestLoad(state, id, progress);
    return false;
  }
  sendAppend(state, id, progress, entries);
  return progress.state === 'replicate';
}

function requestLoad(state: RaftState, peer: NodeId, progress: Progress): void {
  if (progress.loadingFrom !== undefined) return;
  progress.loadingFrom = progress.nextIndex;
  state.loads.push({
    peer,
    term: state.term,
    from: progress.nextIndex,
    to: state.log.durableIndex,
    maxBytes: state.options.maxMessageBytes,
  });
}

/** Entries that were read from the disk for `peer`. Late ones, of another term or place, are dropped and asked for anew. */
export function entriesLoaded(state: RaftState, peer: NodeId, term: number, entries: readonly Entry[]): void {
  const progress = state.progress.get(peer);
  if (state.role !== 'leader' || term !== state.term || progress === undefined) return;
  progress.loadingFrom = undefined;
  const first = entries[0];
  if (first?.index !== progress.nextIndex || !progress.hasRoom) return;
  // A storage counts only the data: of small entries it gives more than a message may carry.
  const end = endOfFitting(entries, 0, entries.length, state.options.maxMessageBytes);
  sendAppend(state, peer, progress, entries.slice(0, end));
}

function sendAppend(state: RaftState, to: NodeId, progress: Progress, entries: readonly Entry[]): void {
  const prevLogIndex = progress.nextIndex - 1;
  const prevLogTerm = state.log.termAt(prevLogIndex);
  assert(prevLogTerm !== undefined, `follower ${to} needs entry ${prevLogIndex}, which is compacted`);
  state.appends.push({
    type: 'appendEntries',
    from: state.id,
    to,
    term: state.term,
    prevLogIndex,
    prevLogTerm,
    leaderCommit: state.log.commitIndex,
    round: state.round,
    entries,
    quiesce: false,
  });
  progress.sentRound = state.round;
  progress.sentCommit = state.log.commitIndex;
  const last = entries.at(-1);
  if (last !== undefined)
    progress.sent(
      last.index,
      entries.reduce((sum, entry) => sum + sizeOf(entry), 0),
    );
}

export function receiveAppendEntriesResponse(state: RaftState, message: AppendEntriesResponse): void {
  const progress = state.progress.get(message.from);
  if (state.role !== 'leader' || message.term !== state.term || progress === undefined) return;
  assert(message.matchIndex <= state.log.lastIndex, `${message.from} claims entries past the leader's log`);
  progress.contactAt = state.now;
  progress.ackedRound = Math.max(progress.ackedRound, message.round);
  if (message.rejection !== undefined) {
    forgetWhatIsLost(progress, message.round, message.rejection);
    stepBack(state, progress, message.rejection);
  }
  if (progress.acknowledged(message.matchIndex)) {
    progress.matchedRound = state.round;
    advanceCommit(state);
  }
  completeReads(state);
}

/** A follower that now lacks what it had acknowledged came back without its disk: it is no longer counted, and gets the log anew. */
function forgetWhatIsLost(progress: Progress, round: number, { prevLogIndex }: Rejection): void {
  if (prevLogIndex <= progress.matchIndex && round > progress.matchedRound) progress.matchIndex = 0;
}

/** Finds the place where the logs may agree, a whole term at a time (paper, section 5.3). */
function stepBack(state: RaftState, progress: Progress, { prevLogIndex, hintIndex, hintTerm }: Rejection): void {
  const current =
    progress.state === 'probe' ? prevLogIndex === progress.nextIndex - 1 : prevLogIndex < progress.nextIndex;
  if (!current || prevLogIndex <= progress.matchIndex) return;
  const agreeAt = state.log.lastIndexWithTermAtMost(hintIndex, hintTerm);
  progress.probe(Math.min(agreeAt + 1, prevLogIndex));
}

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
  log.commitTo(index);
  // A notice of its own costs as much as a write: a caller that writes again at once makes it superfluous.
  state.tellCommitAt = Math.min(state.tellCommitAt, state.now + state.options.commitNoticeDelayMs);
}

// Follower

export function receiveAppendEntries(state: RaftState, message: AppendEntries): void {
  const isNew = message.term > state.term || state.role !== 'follower' || state.leaderId !== message.from;
  if (isNew) {
    const known = message.term > state.term ? undefined : state.leaderId;
    assert(known === undefined, `two leaders in term ${message.term}: ${known} and ${message.from}`);
    becomeFollower(state, message.term, message.from, `${message.from} leads`);
  }
  state.leaderContactAt = state.now;
  state.electionDeadline = state.now + state.electionTimeoutMs;
  if (message.round > state.seenRound) state.answerDue = true;
  state.seenRound = Math.max(state.seenRound, message.round);
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
}

/** Committed entries are in every leader's log, so what lies at or before the commit index cannot but agree. */
function holdsPrevious({ log }: RaftState, { from, prevLogIndex, prevLogTerm }: AppendEntries): boolean {
  if (prevLogIndex > log.commitIndex) return log.termAt(prevLogIndex) === prevLogTerm;
  assertCommitted(log, from, prevLogIndex, prevLogTerm);
  return true;
}

/** A leader that contradicts what is committed was elected by nodes that have lost their data: nobody may follow it. */
function assertCommitted(log: RaftLog, leader: NodeId, index: LogIndex, term: Term): void {
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
    state.appendToLog(entry, configurationOf(entry));
  }
}

function truncate(state: RaftState, from: LogIndex): void {
  state.log.truncate(from);
  while ((state.configurations.at(-1)?.index ?? 0) >= from) state.configurations.pop();
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
    storeId: '',
    priority: 1,
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

/** A leader of an earlier term learns of this one and steps down. */
export function answerStaleLeader(state: RaftState, message: AppendEntries): void {
  state.outbox.push({
    type: 'appendEntriesResponse',
    from: state.id,
    to: message.from,
    term: state.term,
    round: 0,
    matchIndex: 0,
    rejection: undefined,
    storeId: '',
    priority: 1,
  });
}
