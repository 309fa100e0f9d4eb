import type { AppendEntriesResponse, Rejection } from '../messages.js';
import type { Entry, LogIndex, NodeId } from '../types.js';
import { assert } from './assert.js';
import { advanceCommit } from './commit.js';
import { caughtUp, offerSnapshot } from './compaction.js';
import { heard } from './identity.js';
import { endOfFitting, sizeOf } from './log.js';
import { followersLeave } from './members.js';
import type { Progress } from './progress.js';
import { completeReads } from './read.js';
import type { RaftState } from './state.js';

/** Gives each follower what it lacks, as far as its window allows, or else a heartbeat that is due. */
export function sendAppends(state: RaftState): void {
  for (const [id, progress] of state.progress) {
    while (progress.hasRoom && progress.nextIndex <= state.log.lastIndex) {
      if (!sendEntries(state, id, progress)) break;
    }
    if (progress.state === 'snapshot') offerSnapshot(state, id, progress);
    if (progress.sentRound < state.round || owesCommit(state, progress)) sendAppend(state, id, progress, none);
  }
  if (state.now >= state.tellCommitAt) state.tellCommitAt = Number.POSITIVE_INFINITY;
  if (state.leavers > 0) followersLeave(state);
}

const none: readonly Entry[] = [];

/** The commit index travels with the next entries; once all is quiet, and none come soon, it is told by itself. */
function owesCommit({ log, now, tellCommitAt }: RaftState, progress: Progress): boolean {
  const quiet = log.commitIndex === log.lastIndex && progress.nextIndex > log.lastIndex && now >= tellCommitAt;
  return quiet && progress.state === 'replicate' && progress.sentCommit < log.commitIndex;
}

/** False when nothing more can be sent now: the entries must come from the disk first, or are compacted. */
function sendEntries(state: RaftState, id: NodeId, progress: Progress): boolean {
  const { maxMessageBytes } = state.options;
  if (progress.nextIndex < state.log.firstIndex) {
    progress.needSnapshot();
    return false;
  }
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
  // What was compacted meanwhile is gone: whether a snapshot is needed is seen when it is sent next.
  if (first?.index !== progress.nextIndex || progress.nextIndex < state.log.firstIndex || !progress.hasRoom) return;
  // A storage counts only the data: of small entries it gives more than a message may carry.
  const end = endOfFitting(entries, 0, entries.length, state.options.maxMessageBytes);
  sendAppend(state, peer, progress, entries.slice(0, end));
}

function sendAppend(state: RaftState, to: NodeId, progress: Progress, entries: readonly Entry[]): void {
  // Whoever waits for a snapshot is told of nothing but the leader.
  const prevLogIndex = progress.state === 'snapshot' ? 0 : progress.nextIndex - 1;
  const prevLogTerm = prevLogIndex === 0 ? 0 : state.log.termAt(prevLogIndex);
  if (prevLogTerm === undefined) {
    progress.needSnapshot();
    return sendAppend(state, to, progress, none);
  }
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
    // One that is behind must not sleep on what it has.
    quiesce: state.restRound !== undefined && progress.matchIndex === state.log.lastIndex,
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
  heard(state, message.from, progress, message.storeId);
  progress.priority = message.priority;
  progress.ackedRound = Math.max(progress.ackedRound, message.round);
  if (message.rejection !== undefined) {
    forgetWhatIsLost(progress, message.round, message.rejection);
    stepBack(state, progress, message.rejection);
  }
  matched(state, progress, message.matchIndex);
  completeReads(state);
}

/** The follower's disk holds this leader's log up to `matchIndex`. */
export function matched(state: RaftState, progress: Progress, matchIndex: LogIndex): void {
  if (!progress.acknowledged(matchIndex)) return;
  progress.matchedRound = state.round;
  if (progress.keepsAfter !== undefined || progress.state === 'snapshot') caughtUp(state, progress);
  advanceCommit(state);
}

/** A follower that now lacks what it had acknowledged came back without its disk: it is no longer counted, and gets the log anew. */
function forgetWhatIsLost(progress: Progress, round: number, { prevLogIndex }: Rejection): void {
  if (prevLogIndex <= progress.matchIndex && round > progress.matchedRound) progress.matchIndex = 0;
}

/** Finds the place where the logs may agree, a whole term at a time (paper, section 5.3). */
function stepBack(state: RaftState, progress: Progress, { prevLogIndex, hintIndex, hintTerm }: Rejection): void {
  const current =
    progress.state === 'probe' ? prevLogIndex === progress.nextIndex - 1 : prevLogIndex < progress.nextIndex;
  if (!current || progress.state === 'snapshot' || prevLogIndex <= progress.matchIndex) return;
  const agreeAt = state.log.lastIndexWithTermAtMost(hintIndex, hintTerm);
  progress.probe(Math.min(agreeAt + 1, prevLogIndex));
}
