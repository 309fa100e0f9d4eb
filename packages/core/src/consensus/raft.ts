import type { Message } from '../messages.js';
import type { LogBatch } from '../storage.js';
import { EntryType } from '../types.js';
import type { Configuration, Entry, LogIndex, NodeId, Term } from '../types.js';
import { assert } from './assert.js';
import { campaign, receiveRequestVote, receiveRequestVoteResponse, voteDurable } from './election.js';
import type { Progress } from './progress.js';
import { startReads } from './read.js';
import {
  advanceCommit,
  answerLeader,
  answerStaleLeader,
  appendEntry,
  entriesLoaded,
  receiveAppendEntries,
  receiveAppendEntriesResponse,
  sendAppends,
  startRound,
} from './replication.js';
import { becomeFollower } from './roles.js';
import { RaftState } from './state.js';
import type { ActiveRole, InitialState, LoadRequest, RaftOptions, ReadOutcome, RoleChange } from './state.js';

/** What the host must do after a batch of events, in any order; nothing here has to be waited for before the next event. */
export interface Effects {
  /** To be handed to `Storage.append`; once that has resolved, the host calls `persisted(sequence)`. */
  readonly write: { readonly sequence: number; readonly batch: LogBatch } | undefined;
  /** To be sent now. What promises durability is among them only when the disk has answered. */
  readonly messages: readonly Message[];
  /** Entries to be read from the storage and handed to `entriesLoaded`. */
  readonly loads: readonly LoadRequest[];
  readonly reads: readonly ReadOutcome[];
  readonly roleChange: RoleChange | undefined;
}

export type ProposalRefusal = 'notLeader' | 'overloaded';

/**
 * One member of a Raft group, as a pure state machine: it does no I/O, knows no clock and draws no random number of its own.
 *
 * The host, at each turn of its event loop:
 * 1. hands over all that has happened: `receive`, `persisted`, `entriesLoaded`, `propose`, `read`, and `tick` when `deadline` has passed;
 * 2. calls `flush` once and carries out the effects;
 * 3. applies the entries up to `applicableIndex`;
 * 4. comes back at `deadline` at the latest.
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
    return this.#state.configurations.at(-1)?.index ?? 0;
  }

  /** What a leader knows of its followers. */
  get progress(): ReadonlyMap<NodeId, Readonly<Progress>> {
    return this.#state.progress;
  }

  termAt(index: LogIndex): Term | undefined {
    return this.#state.log.termAt(index);
  }

  /** Recent entries from memory; undefined when `from` must be read from the storage. */
  cachedEntries(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] | undefined {
    return this.#state.log.cached(from, to, maxBytes);
  }

  /** When `tick` wants to be called next, in milliseconds; Infinity: never. */
  get deadline(): number {
    const state = this.#state;
    if (state.role !== 'leader') return mayCampaign(state) ? state.electionDeadline : Number.POSITIVE_INFINITY;
    return Math.min(state.heartbeatAt, state.tellCommitAt, quorumLostAt(state));
  }

  tick(now: number): void {
    const state = this.#enter(now);
    if (state.role === 'leader') {
      if (now >= quorumLostAt(state))
        becomeFollower(state, state.term, undefined, 'no quorum answered within the election timeout');
      else if (now >= state.heartbeatAt) startRound(state);
    } else if (mayCampaign(state) && now >= state.electionDeadline) {
      campaign(state);
    }
  }

  receive(message: Message, now: number): void {
    const state = this.#enter(now);
    if (message.to !== state.id || message.from === state.id) return;
    switch (message.type) {
      case 'requestVote':
        return receiveRequestVote(state, message);
      case 'requestVoteResponse':
        // A granted pre-vote carries the term that the candidate would enter, not the sender's.
        if (message.preVote && message.granted) return receiveRequestVoteResponse(state, message);
        if (this.#followLaterTerm(message)) return;
        return receiveRequestVoteResponse(state, message);
      case 'appendEntries':
        if (message.term < state.term) return answerStaleLeader(state, message);
        return receiveAppendEntries(state, message);
      case 'appendEntriesResponse':
        if (this.#followLaterTerm(message)) return;
        return receiveAppendEntriesResponse(state, message);
      case 'installSnapshot':
      case 'installSnapshotResponse':
      case 'timeoutNow':
      case 'readIndex':
      case 'readIndexResponse':
      case 'propose':
      case 'proposeResponse':
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
    const state = this.#state;
    if (state.role !== 'leader') return 'notLeader';
    const fits = state.uncommittedBytes === 0 || state.uncommittedBytes + bytes <= state.options.maxUncommittedBytes;
    return fits ? undefined : 'overloaded';
  }

  /** Appends a command; gives its index. It is the caller's, at this index and in this `term`, or nobody's. */
  propose(data: Uint8Array, now: number): LogIndex {
    const state = this.#enter(now);
    assert(state.role === 'leader', 'only a leader takes proposals');
    return appendEntry(state, EntryType.command, data);
  }

  /** Asks for an index from which a linearizable read may be answered; the outcome comes among the effects. */
  read(id: number, now: number): void {
    const state = this.#enter(now);
    if (state.role === 'leader') state.waitingReads.push(id);
    else state.readOutcomes.push({ id, index: undefined });
  }

  /** All writes up to `sequence` are durable. */
  persisted(sequence: number, now: number): void {
    const state = this.#enter(now);
    state.persistedSequence = Math.max(state.persistedSequence, sequence);
    state.log.persisted(sequence);
    if (state.hardStateDurable) voteDurable(state);
    if (state.role === 'leader') advanceCommit(state);
  }

  /** Answers a {@link LoadRequest}. */
  entriesLoaded(request: LoadRequest, entries: readonly Entry[], now: number): void {
    entriesLoaded(this.#enter(now), request.peer, request.term, entries);
  }

  /** Gathers what all events since the last flush have brought about: one write, one message per follower. */
  flush(now: number): Effects {
    const state = this.#enter(now);
    if (state.role === 'leader') {
      startReads(state, startRound);
      sendAppends(state);
    }
    const write = takeWrite(state);
    answerLeader(state);
    const effects: Effects = {
      write,
      messages: takeMessages(state),
      loads: state.loads,
      reads: state.readOutcomes,
      roleChange: state.roleChange,
    };
    state.loads = [];
    state.readOutcomes = [];
    state.roleChange = undefined;
    return effects;
  }

  #enter(now: number): RaftState {
    this.#state.now = Math.max(this.#state.now, now);
    return this.#state;
  }
}

/** While term and vote are on their way to the disk nobody hears of them, so another campaign would only start all over. */
function mayCampaign(state: RaftState): boolean {
  return state.isVoter && state.hardStateDurable;
}

/** When a leader that hears no more must step down (check quorum; thesis, section 6.2). */
function quorumLostAt(state: RaftState): number {
  if (!state.options.checkQuorum) return Number.POSITIVE_INFINITY;
  return state.quorumOf(state.now, (progress) => progress.contactAt) + state.options.electionTimeoutMs.max;
}

function takeWrite(state: RaftState): Effects['write'] {
  if (!state.hardStateDirty && !state.log.hasUnwritten) return undefined;
  const sequence = ++state.writeSequence;
  const { truncateFrom, entries } = state.log.takeUnwritten(sequence);
  const { term, votedFor, log } = state;
  const tellsCommit = log.commitIndex > state.writtenCommit;
  const hardState = state.hardStateDirty || tellsCommit ? { term, votedFor, commitIndex: log.commitIndex } : undefined;
  if (state.hardStateDirty) state.hardStateSequence = sequence;
  state.hardStateDirty = false;
  state.writtenCommit = log.commitIndex;
  return { sequence, batch: { hardState, truncateFrom, entries } };
}

function takeMessages(state: RaftState): readonly Message[] {
  const appends = state.appends;
  state.appends = [];
  if (!state.hardStateDurable || state.outbox.length === 0) return appends;
  const messages = appends.concat(state.outbox);
  state.outbox = [];
  return messages;
}
