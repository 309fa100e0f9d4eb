import type { Message } from '../messages.js';
import { recordStores } from './admission.js';
import { startRound } from './append.js';
import type { Effects } from './effects.js';
import { answerLeader } from './follower.js';
import { diskAsked, hasRoomAgain, mayWriteEntries } from './health.js';
import type { Unwritten } from './log.js';
import { noticeRemoval } from './members.js';
import { askReads, startReads } from './read.js';
import { sendAppends } from './replication.js';
import { answerInstalled, askForSnapshot } from './snapshot.js';
import type { RareEffects, RaftState } from './state.js';
import { continueTransfer, go, settleTransfer } from './transfer.js';

const none: readonly never[] = [];
const nothingRare: RareEffects = {};
const nothingUnwritten: Unwritten = { resetTo: undefined, truncateFrom: undefined, entries: none };

/** Gathers what all events since the last flush have brought about. */
export function flush(state: RaftState): Effects {
  if (state.role === 'leader') flushLeader(state);
  if (state.transfer !== undefined) settleTransfer(state);
  askReads(state);
  noticeRemoval(state);
  const write = takeWrite(state);
  askForSnapshot(state);
  answerInstalled(state);
  answerLeader(state);
  const rare = state.rare ?? nothingRare;
  const effects: Effects = {
    write,
    messages: takeMessages(state),
    loads: state.loads,
    reads: state.readOutcomes,
    roleChange: state.roleChange,
    compactTo: rare.compactTo,
    snapshotsToSend: rare.snapshotsToSend ?? none,
    snapshotAcks: rare.snapshotAcks ?? none,
    chunks: rare.chunks ?? none,
    forwarded: rare.forwarded ?? none,
    transfer: rare.transfer,
    wiped: rare.wiped ?? none,
    removed: rare.removed,
    diskFull: rare.diskFull,
  };
  state.rare = undefined;
  state.loads = [];
  state.readOutcomes = [];
  state.roleChange = undefined;
  return effects;
}

function flushLeader(state: RaftState): void {
  if (state.storesDue) recordStores(state);
  startReads(state, startRound);
  sendAppends(state);
  continueTransfer(state);
  if (state.mustGo) go(state);
}

function takeWrite(state: RaftState): Effects['write'] {
  const { log, term, votedFor } = state;
  const mayWrite = mayWriteEntries(state);
  const writesLog = mayWrite && log.hasUnwritten;
  if (state.fullRetryAt !== undefined && mayWrite && !writesLog) hasRoomAgain(state);
  if (!state.hardStateDirty && !writesLog) return undefined;
  const sequence = ++state.writeSequence;
  // A commit index must not reach a disk before the entries do: others may be there in their places.
  const known = writesLog || mayWrite ? log.commitIndex : Math.min(log.commitIndex, log.durableIndex);
  const commitIndex = Math.max(state.writtenCommit, known);
  const tellsCommit = commitIndex > state.writtenCommit;
  const hardState = state.hardStateDirty || tellsCommit ? { term, votedFor, commitIndex } : undefined;
  if (writesLog && state.fullRetryAt !== undefined) state.fullTrial = sequence;
  const { resetTo, truncateFrom, entries } = writesLog ? log.takeUnwritten(sequence) : nothingUnwritten;
  if (!writesLog) log.writeNothing(sequence);
  if (state.hardStateDirty) state.hardStateSequence = sequence;
  state.hardStateDirty = false;
  state.writtenCommit = commitIndex;
  diskAsked(state);
  return { sequence, batch: { hardState, resetTo, truncateFrom, entries } };
}

function takeMessages(state: RaftState): readonly Message[] {
  const appends = state.appends;
  state.appends = [];
  if (!state.hardStateDurable || state.outbox.length === 0) return appends;
  const messages = appends.concat(state.outbox);
  state.outbox = [];
  return messages;
}
