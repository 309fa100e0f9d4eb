import type { ForwardedCommand, InstallSnapshot, Message } from '../messages.js';
import { EntryType } from '../types.js';
import type { Configuration, Entry, LogIndex, NodeId, SnapshotMeta, Term } from '../types.js';
import { readmission, wipedMembers } from './admission.js';
import { appendEntry, startRound } from './append.js';
import { assert } from './assert.js';
import { find, isQuorumThere, look, lookAt, lookSoon, lose } from './away.js';
import { advanceCommit } from './commit.js';
import { snapshotTaken } from './compaction.js';
import { emptyConfiguration } from './configuration.js';
import type { ChangeRefusal, Effects, ProposalRefusal } from './effects.js';
import { campaign, canCampaign, receiveRequestVote, receiveRequestVoteResponse, voteDurable } from './election.js';
import { flush } from './flush.js';
import { greet, receiveAppendEntries } from './follower.js';
import { forward, receivePropose, refusal } from './forward.js';
import { cameLate, diskAnswered, diskLateAt, leaveForDisk, retryAt, storageFull } from './health.js';
import { changeMembership, previewMembership } from './membership.js';
import type { Change, ChangeOutcome, ChangePreview } from './membership.js';
import type { Progress } from './progress.js';
import { askAgainAt, read, receiveReadIndex, receiveReadIndexResponse } from './read.js';
import { entriesLoaded, receiveAppendEntriesResponse, sendAppends } from './replication.js';
import { disturb, disturbs, isIdle, restIfAllKnow } from './rest.js';
import { becomeFollower } from './roles.js';
import {
  chunkReceived,
  receiveInstallSnapshot,
  receiveInstallSnapshotResponse,
  snapshotDamaged,
  snapshotFailed,
  snapshotInstalled,
  snapshotPiece,
} from './snapshot.js';
import type { SnapshotPiece, WrittenPiece } from './snapshot.js';
import { RaftState } from './state.js';
import type { ActiveRole, ConfigurationAt, InitialState, LoadRequest, RaftOptions, ReadLevel } from './state.js';
import { handOverIfReady, preferPriority, receiveTimeoutNow, transferLeadership } from './transfer.js';

/**
 * One member of a Raft group, as a pure state machine: it does no I/O, knows no clock and draws no random number of its own.
 *
 * The host, at each turn of its event loop:
 * 1. calls `wake`, before anything else;
 * 2. hands over all that has happened: `receive`, `persisted`, `entriesLoaded`, `propose`, `read`, …, and `tick` when `deadline` has passed;
 * 3. calls `flush` once and carries out the effects;
 * 4. applies the entries up to `applicableIndex`;
 * 5. comes back at `deadline` at the latest.
 *
 * `now` is in milliseconds on a monotonic clock. An exception means a broken invariant: the host must stop the node.
 */
export class Raft {
  readonly #state: RaftState;

  constructor(options: RaftOptions, initial: InitialState, now: number) {
    this.#state = new RaftState(options, initial, now);
  }

  get role(): ActiveRole {
    return this.#state.role;
  }

  get term(): Term {
    return this.#state.term;
  }

  get votedFor(): NodeId | undefined {
    return this.#state.votedFor;
  }

  get leaderId(): NodeId | undefined {
    return this.#state.leaderId;
  }

  get commitIndex(): LogIndex {
    return this.#state.log.commitIndex;
  }

  /** Committed, and on this node's own disk: a restart finds at least these again. */
  get applicableIndex(): LogIndex {
    return Math.min(this.#state.log.commitIndex, this.#state.log.durableIndex);
  }

  get firstIndex(): LogIndex {
    return this.#state.log.firstIndex;
  }

  get lastIndex(): LogIndex {
    return this.#state.log.lastIndex;
  }

  get durableIndex(): LogIndex {
    return this.#state.log.durableIndex;
  }

  get configuration(): Configuration {
    return this.#state.configuration;
  }

  /** The entry that put the configuration into force; 0 before there is one. */
  get configurationIndex(): LogIndex {
    return this.#state.configurationIndex;
  }

  /** What a leader knows of its followers. */
  get progress(): ReadonlyMap<NodeId, Readonly<Progress>> {
    return this.#state.progress;
  }

  termAt(index: LogIndex): Term | undefined {
    return this.#state.log.termAt(index);
  }

  /** What was in force at `index`, which is at least that of the latest snapshot: for the metadata of the next one. */
  configurationAt(index: LogIndex): ConfigurationAt {
    const { configurations } = this.#state;
    return configurations.findLast((one) => one.index <= index) ?? { index: 0, configuration: emptyConfiguration };
  }

  /** False while a write takes longer than an election timeout, the disk is full, or turns come too late: it neither leads nor campaigns for long. */
  get isHealthy(): boolean {
    return this.#state.isHealthy;
  }

  /** Members that are known to have another storage than the one they were admitted with; on the leader. */
  get wipedMembers(): readonly NodeId[] {
    return wipedMembers(this.#state);
  }

  /** What an automatic re-admission of wiped members would have to change now, if anything: to be handed to `changeMembership`. */
  get readmission(): Change | undefined {
    return readmission(this.#state);
  }

  /** Recent entries from memory; undefined when `from` must be read from the storage. */
  cachedEntries(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] | undefined {
    return this.#state.log.cached(from, to, maxBytes);
  }

  /** When `tick` wants to be called next, in milliseconds; Infinity: never. */
  get deadline(): number {
    const state = this.#state;
    const others = Math.min(
      retryAt(state),
      state.transfer === undefined ? Number.POSITIVE_INFINITY : state.transfer.deadline,
    );
    const wakesAt = state.isHeld ? Number.POSITIVE_INFINITY : this.wakesAt;
    if (state.role !== 'leader') return Math.min(others, wakesAt, askAgainAt(state));
    if (state.isResting) return Math.min(others, wakesAt);
    return Math.min(others, state.heartbeatAt, state.tellCommitAt, quorumLostAt(state), diskLateAt(state));
  }

  /**
   * When `tick` would give the whole group something to do by itself: a follower that hears of no leader campaigns, a resting leader looks
   * for a member that was away. Infinity: never.
   */
  get wakesAt(): number {
    const state = this.#state;
    if (state.role === 'leader') return state.isResting ? lookAt(state) : Number.POSITIVE_INFINITY;
    return mayCampaign(state) ? state.electionDeadline : Number.POSITIVE_INFINITY;
  }

  /** True: what `wakesAt` tells of is put off until this is false again. For hosts with many groups. */
  hold(isHeld: boolean): void {
    this.#state.isHeld = isHeld;
  }

  /** Neither sends heartbeats nor expects any. */
  get isResting(): boolean {
    return this.#state.isResting;
  }

  tick(now: number): void {
    const state = this.#enter(now);
    const wakes = !state.isHeld && now >= this.wakesAt;
    if (state.role !== 'leader') {
      if (wakes) campaign(state);
    } else if (!state.isResting) tickLeader(state);
    else if (wakes && isQuorumThere(state)) look(state);
    // It finds out that it cannot lead.
    else if (wakes) disturb(state);
  }

  receive(message: Message, now: number): void {
    const state = this.#enter(now);
    if (message.to !== state.id || message.from === state.id) return;
    // A leader may have gone to rest without it.
    if (state.away.delete(message.from) && state.role === 'leader') disturb(state);
    switch (message.type) {
      case 'requestVote':
        receiveRequestVote(state, message);
        if (!disturbs(state, message)) return;
        // A leader at rest is to be heard of before the candidate tries again, or it would be deposed for its silence.
        if (state.isResting && state.role === 'follower' && state.leaderId !== undefined) greet(state, state.leaderId);
        return disturb(state);
      case 'requestVoteResponse':
        // A granted pre-vote carries the term that the candidate would enter, not the sender's.
        if (message.preVote && message.granted) return receiveRequestVoteResponse(state, message);
        if (this.#followLaterTerm(message)) return;
        return receiveRequestVoteResponse(state, message);
      case 'appendEntries':
        if (message.term < state.term) return greet(state, message.from);
        return receiveAppendEntries(state, message);
      case 'appendEntriesResponse':
        if (this.#followLaterTerm(message)) return;
        receiveAppendEntriesResponse(state, message);
        return message.rejection === undefined && message.round > 0 ? restIfAllKnow(state) : disturb(state);
      case 'installSnapshot':
        return receiveInstallSnapshot(state, message);
      case 'installSnapshotResponse':
        if (this.#followLaterTerm(message)) return;
        return receiveInstallSnapshotResponse(state, message);
      case 'timeoutNow':
        return receiveTimeoutNow(state, message);
      case 'readIndex':
        disturb(state);
        return receiveReadIndex(state, message);
      case 'readIndexResponse':
        return receiveReadIndexResponse(state, message);
      case 'propose':
        disturb(state);
        return receivePropose(state, message);
      case 'proposeResponse':
        (state.rareEffects.forwarded ??= []).push(message);
        return;
    }
  }

  #followLaterTerm(message: Message): boolean {
    if (message.term <= this.#state.term) return false;
    becomeFollower(this.#state, message.term, undefined, `${message.from} is in a later term`);
    return true;
  }

  /** Whether a command of that many bytes may be proposed now. */
  refusal(bytes: number): ProposalRefusal | undefined {
    return refusal(this.#state, bytes);
  }

  /** Appends an entry when `refusal` has nothing against it; gives its index. It is the caller's, at this index and in this `term`, or nobody's. */
  propose(data: Uint8Array, now: number, type: EntryType = EntryType.command): LogIndex {
    const state = this.#enter(now);
    assert(state.role === 'leader', 'only a leader takes proposals');
    if (state.restRound !== undefined) disturb(state);
    return appendEntry(state, type, data);
  }

  /**
   * A follower hands commands on to its leader. Gives the number of the question, which the answer among `Effects.forwarded` carries
   * in its `id`: it may never come. Undefined: no leader is known, and nothing was sent.
   */
  forward(commands: readonly ForwardedCommand[], now: number): number | undefined {
    return forward(this.#enterBusy(now), commands);
  }

  /**
   * Asks for an index from which a read may be answered, on any node; the outcome comes among the effects, also when the leadership
   * ends before: with an undefined index. `lease`: without a round of messages while the leader's lease lasts, as `linearizable` otherwise.
   */
  read(id: number, level: ReadLevel, now: number): void {
    read(this.#enterBusy(now), id, level);
  }

  // Membership and leadership

  /** Begins a change of the membership. It ends by itself; what is in force is `configuration`, as of `configurationIndex`. */
  changeMembership(change: Change, now: number): ChangeOutcome {
    return changeMembership(this.#enterBusy(now), change);
  }

  /** What `changeMembership` would do, or why it would be refused. */
  previewMembership(change: Change): ChangePreview | { readonly refusal: ChangeRefusal } {
    return previewMembership(this.#state, change);
  }

  /**
   * Hands the leadership to `target`, or to the voter that knows most (thesis, section 3.10). Gives why it was not begun; otherwise the
   * outcome comes as `Effects.transfer`, within an election timeout or two, and proposals are refused meanwhile.
   */
  transferLeadership(target: NodeId | undefined, now: number): ChangeRefusal | undefined {
    return transferLeadership(this.#enterBusy(now), target);
  }

  // Snapshots

  /** A snapshot of this node's machine is in the storage. */
  snapshotTaken(meta: SnapshotMeta, now: number): void {
    snapshotTaken(this.#enter(now), meta);
  }

  /**
   * The leader's snapshot is in the storage and the machine restored from it. Drops a log that conflicts with it (paper, figure 13): the
   * next `Effects.write` says so to the storage. Call it before `chunkReceived` with `installed`.
   */
  snapshotInstalled(meta: SnapshotMeta, now: number): void {
    snapshotInstalled(this.#enter(now), meta);
  }

  /** Answers a piece among `Effects.chunks`: what has been written of its stream by now, or that nothing comes of it. */
  chunkReceived(piece: WrittenPiece, now: number): void {
    chunkReceived(this.#enter(now), piece);
  }

  /**
   * The message that carries a piece of the present snapshot to `peer`; undefined when the stream that `Effects.snapshotsToSend` asked for
   * in `term` is to end: the leadership has, or the follower needs it no more.
   */
  snapshotPiece(peer: NodeId, term: Term, piece: SnapshotPiece): InstallSnapshot | undefined {
    return snapshotPiece(this.#state, peer, term, piece);
  }

  /**
   * The stream to `peer` is given up; when it still needs a snapshot, it is told again after an election timeout, or after longer ones when
   * it is `refused` time and again.
   */
  snapshotFailed(peer: NodeId, now: number, why: 'silent' | 'refused' = 'silent'): void {
    snapshotFailed(this.#enter(now), peer, why);
  }

  /** The leader's snapshot is in the storage and cannot be read back: another one is asked for, and this node does not lead until it is installed. */
  snapshotDamaged(now: number): void {
    snapshotDamaged(this.#enter(now));
  }

  /** This node cannot make a snapshot that a follower needs: another voter is to lead, if one can at once. */
  snapshotUnavailable(now: number): void {
    handOverIfReady(this.#enterBusy(now));
  }

  // The host's disk and time

  /** Begins a turn. When it comes an election timeout later than it was due, this node has not been there: it leads no longer. */
  wake(now: number): void {
    const state = this.#state;
    const { max } = state.options.electionTimeoutMs;
    // Without a pause of that length there cannot be a turn that is so late.
    const isLate = !state.isResting && now - state.now > max && now - this.deadline > max;
    this.#enter(now);
    if (isLate) cameLate(state);
  }

  /**
   * The write `sequence` was refused because the disk is full, and so are all after it: they count as never handed over. What they held is
   * written again, votes and terms at once, entries every `diskRetryMs`.
   */
  storageFull(sequence: number, now: number): void {
    storageFull(this.#enter(now), sequence);
  }

  /** The transport has lost `peer`: a group that rests must no longer trust in it. */
  peerDown(peer: NodeId, now: number): void {
    const state = this.#enter(now);
    if (lose(state, peer) && state.role !== 'leader') disturb(state);
  }

  /** The transport has found `peer` again. */
  peerUp(peer: NodeId, now: number): void {
    lookSoon(this.#enter(now), peer);
  }

  /** What a leader at rest says at its end, so that the others expect to hear of it again, in vain. Nothing may be called afterwards. */
  farewell(now: number): readonly Message[] {
    const state = this.#enter(now);
    if (state.role !== 'leader' || !state.isResting) return [];
    disturb(state);
    startRound(state);
    sendAppends(state);
    return state.appends;
  }

  /** Remembers, also outside of a turn, that the transport has lost `peer`. True: `peerDown` has to be called too, in a turn. */
  noteDown(peer: NodeId): boolean {
    return lose(this.#state, peer);
  }

  /** Remembers, also outside of a turn, that the transport has found `peer`. True: `peerUp` has to be called too, in a turn. */
  noteUp(peer: NodeId): boolean {
    return find(this.#state, peer);
  }

  /** All writes up to `sequence` are durable. */
  persisted(sequence: number, now: number): void {
    const state = this.#enter(now);
    state.persistedSequence = Math.max(state.persistedSequence, sequence);
    state.log.persisted(sequence);
    diskAnswered(state, sequence);
    if (state.hardStateDurable) voteDurable(state);
    if (state.role === 'leader') advanceCommit(state);
  }

  /** Answers a {@link LoadRequest}. */
  entriesLoaded(request: LoadRequest, entries: readonly Entry[], now: number): void {
    entriesLoaded(this.#enter(now), request.peer, request.term, entries);
  }

  /** Gathers what all events since the last flush have brought about: one write, one message per follower. */
  flush(now: number): Effects {
    return flush(this.#enter(now));
  }

  #enter(now: number): RaftState {
    this.#state.now = Math.max(this.#state.now, now);
    return this.#state;
  }

  /** For what ends a rest. */
  #enterBusy(now: number): RaftState {
    const state = this.#enter(now);
    disturb(state);
    return state;
  }
}

/** By itself, when nobody else leads. */
function mayCampaign(state: RaftState): boolean {
  return state.options.priority > 0 && !state.isResting && canCampaign(state);
}

/** When a leader that hears no more must step down (check quorum; thesis, section 6.2). */
function quorumLostAt(state: RaftState): number {
  if (!state.options.checkQuorum) return Number.POSITIVE_INFINITY;
  return state.quorumOf(state.now, (progress) => progress.contactAt) + state.options.electionTimeoutMs.max;
}

function tickLeader(state: RaftState): void {
  const { now } = state;
  if (now >= quorumLostAt(state)) {
    becomeFollower(state, state.term, undefined, 'no quorum answered within the election timeout');
  } else if (now >= diskLateAt(state)) leaveForDisk(state);
  else if (now >= state.heartbeatAt) {
    preferPriority(state);
    const mayRest = isIdle(state);
    const round = startRound(state);
    state.restRound = mayRest ? (state.restRound ?? round) : undefined;
  }
}
