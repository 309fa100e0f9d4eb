import type { InstallSnapshot, InstallSnapshotResponse } from '../messages.js';
import type { NodeId, SnapshotMeta } from '../types.js';
import { caughtUp, compact, forgetConfigurations } from './compaction.js';
import { followLeader } from './follower.js';
import { heard } from './identity.js';
import { completeReads } from './read.js';
import { matched } from './replication.js';
import { becomeFollower } from './roles.js';
import type { RaftState } from './state.js';

/** A piece of a snapshot that is about to be sent. */
export type SnapshotPiece = Pick<InstallSnapshot, 'snapshot' | 'streamId' | 'offset' | 'data' | 'checksum' | 'done'>;

/** What became of a piece that was received: `to` and `term` are those of the piece's sender. */
export type WrittenPiece = Pick<InstallSnapshotResponse, 'streamId' | 'index' | 'offset' | 'outcome' | 'to' | 'term'>;

// Leader

export function snapshotPiece(
  state: RaftState,
  to: NodeId,
  term: number,
  piece: SnapshotPiece,
): InstallSnapshot | undefined {
  const progress = state.progress.get(to);
  if (state.role !== 'leader' || state.term !== term || progress?.isStreaming !== true) return undefined;
  progress.streamId = piece.streamId;
  return { type: 'installSnapshot', from: state.id, to, term, round: state.round, ...piece };
}

/** Sixteen times the usual pause, at most, before a follower that refuses is tried again. */
const MAX_DOUBLINGS = 4;

/** Given up: what was kept for this follower is kept no longer, and it is tried again only after a while. */
export function snapshotFailed(state: RaftState, peer: NodeId, why: 'silent' | 'refused'): void {
  const progress = state.progress.get(peer);
  if (progress?.isStreaming !== true) return;
  progress.isStreaming = false;
  progress.keepsAfter = undefined;
  const doublings = why === 'refused' ? Math.min(progress.snapshotsRefused++, MAX_DOUBLINGS) : 0;
  progress.snapshotAgainAt = state.now + state.options.electionTimeoutMs.max * 2 ** doublings;
  compact(state);
}

export function receiveInstallSnapshotResponse(state: RaftState, message: InstallSnapshotResponse): void {
  const progress = state.progress.get(message.from);
  if (state.role !== 'leader' || message.term !== state.term || progress === undefined) return;
  heard(state, message.from, progress, message.storeId);
  progress.ackedRound = Math.max(progress.ackedRound, message.round);
  if (message.outcome === 'installed') {
    progress.snapshotsRefused = 0;
    // What a snapshot holds is committed, and so part of this leader's log.
    matched(state, progress, message.index);
    // It was installed too late. An answer to an earlier stream says nothing of the present one.
    if (progress.state === 'snapshot' && message.streamId === progress.streamId) {
      progress.isStreaming = false;
      // One that needed it although it has the log.
      if (progress.matchIndex >= state.log.firstIndex - 1) caughtUp(state, progress);
    }
  } else if (message.outcome === 'refused' && message.streamId === NO_STREAM && progress.state !== 'snapshot') {
    progress.needSnapshot();
  }
  (state.rareEffects.snapshotAcks ??= []).push(message);
  completeReads(state);
}

// Follower

/** Of a `refused` that answers no stream: the follower asks for a snapshot that covers its `index` at least. */
const NO_STREAM = 0;

/** A leader's snapshot turned out damaged before it was restored: this node has its log and its votes, and needs another one. */
export function snapshotDamaged(state: RaftState): void {
  state.needsSnapshot = true;
  // It cannot lead, as its machine shows nothing; it may have campaigned meanwhile.
  if (state.role !== 'follower') becomeFollower(state, state.term, undefined, 'the snapshot is damaged');
}

/** Its own is damaged, and nothing else tells the leader that it needs one: with each round, since it may be lost. */
export function askForSnapshot(state: RaftState): void {
  const { leaderId: to, term, snapshot } = state;
  if (!state.needsSnapshot || !state.answerDue || state.role !== 'follower' || to === undefined) return;
  answer(state, { to, term, streamId: NO_STREAM, index: snapshot?.index ?? 0, offset: 0, outcome: 'refused' });
}

export function receiveInstallSnapshot(state: RaftState, message: InstallSnapshot): void {
  const { from: to, streamId, offset } = message;
  const { index } = message.snapshot;
  if (message.term < state.term) {
    answer(state, { to, term: state.term, streamId, index, offset, outcome: 'refused' });
    return;
  }
  followLeader(state, message);
  if (index > state.log.commitIndex || state.needsSnapshot) (state.rareEffects.chunks ??= []).push(message);
  else answer(state, { to, term: state.term, streamId, index, offset, outcome: 'installed' });
}

export function chunkReceived(state: RaftState, piece: WrittenPiece): void {
  if (state.role === 'follower' && state.leaderId === piece.to && state.term === piece.term) answer(state, piece);
}

/** That it is installed is said when the log up to there is on the disk, too. */
function answer(state: RaftState, piece: WrittenPiece): void {
  const { id: from, options, seenRound: round } = state;
  const message: InstallSnapshotResponse = {
    type: 'installSnapshotResponse',
    from,
    round,
    storeId: options.storeId,
    ...piece,
  };
  if (piece.outcome === 'installed') state.installedAnswers.push(message);
  else state.outbox.push(message);
}

/** Sends the answers whose time has come. */
export function answerInstalled(state: RaftState): void {
  if (state.installedAnswers.length === 0) return;
  const waiting: InstallSnapshotResponse[] = [];
  for (const message of state.installedAnswers) {
    if (message.term !== state.term || message.to !== state.leaderId) continue;
    if (message.index <= state.log.durableIndex) state.outbox.push(message);
    else waiting.push(message);
  }
  state.installedAnswers = waiting;
}

/**
 * The snapshot is on the disk and the machine has its state. A log that holds its last entry goes on behind it; any other is
 * dropped (paper, figure 13, steps 6 and 7).
 */
export function snapshotInstalled(state: RaftState, meta: SnapshotMeta): void {
  const { log } = state;
  if (meta.index <= (state.snapshot?.index ?? 0) && !state.needsSnapshot) return;
  state.needsSnapshot = false;
  state.snapshot = meta;
  if (log.termAt(meta.index) === meta.term) {
    // A leader finds out by itself what is committed.
    if (meta.index > log.commitIndex && state.role !== 'leader') log.commitTo(meta.index);
    forgetConfigurations(state, meta.index);
    compact(state);
  } else if (meta.index > log.commitIndex) {
    log.reset({ index: meta.index, term: meta.term });
    const { configuration, configurationIndex } = meta;
    state.configurations.splice(0, state.configurations.length, { index: configurationIndex, configuration });
  }
  if (state.role === 'follower') state.verifiedIndex = Math.max(state.verifiedIndex, meta.index);
}
