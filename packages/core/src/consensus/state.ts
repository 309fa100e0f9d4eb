import type { Random } from '../clock.js';
import type { AppendEntries, Message } from '../messages.js';
import type { Configuration, Entry, HardState, LogIndex, NodeId, SnapshotMeta, Term, TermRun } from '../types.js';
import { emptyConfiguration, isVoter } from './configuration.js';
import { RaftLog } from './log.js';
import type { Progress } from './progress.js';
import { quorumValue } from './quorum.js';

export interface RaftOptions {
  readonly id: NodeId;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: { readonly min: number; readonly max: number };
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  /** How long followers wait for news of the commit index when no entries bring it: milliseconds. */
  readonly commitNoticeDelayMs: number;
  readonly maxMessageBytes: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly maxUncommittedBytes: number;
  readonly cacheBytes: number;
  /** Entries kept in the log behind a snapshot. */
  readonly retainedEntries: number;
  /** How much faster one clock may run than another, as a fraction below 1. */
  readonly maxClockDrift: number;
  /** A leader hands over to a voter of a higher one; 0: never campaigns by itself. */
  readonly priority: number;
  /** Sends nothing when there is nothing to do. */
  readonly quiesce: boolean;
  /** How often entries are tried again while the disk is full: milliseconds. */
  readonly diskRetryMs: number;
  /** Of this node's storage (`Restored.storeId`); empty: nobody can tell a wiped storage from the one before. */
  readonly storeId: string;
  readonly random: Random;
}

/** What the storage holds at the start. */
export interface InitialState {
  readonly hardState: HardState;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly terms: readonly TermRun[];
  /** Configurations by the index that put them into force, in order. */
  readonly configurations: readonly ConfigurationAt[];
  /** The present snapshot. */
  readonly snapshot?: SnapshotMeta | undefined;
  /**
   * The snapshot cannot be read, so nothing of the log can be applied: this node votes and takes no entries, does not campaign, and asks its
   * leader for a snapshot as if its log were empty.
   */
  readonly needsSnapshot?: boolean | undefined;
}

export type ReadLevel = 'linearizable' | 'lease';

export interface ConfigurationAt {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

export type ActiveRole = 'leader' | 'follower' | 'candidate' | 'preCandidate';

/** Entries that a lagging follower needs and that are no longer in memory; answered with `entriesLoaded`. */
export interface LoadRequest {
  readonly peer: NodeId;
  readonly term: Term;
  readonly from: LogIndex;
  readonly to: LogIndex;
  readonly maxBytes: number;
}

export interface ReadBatch {
  /** The heartbeat round that must be answered by a quorum. */
  readonly round: number;
  readonly index: LogIndex;
  readonly ids: readonly number[];
}

export interface ReadOutcome {
  readonly id: number;
  /** The read may be answered once this index is applied; undefined when this node does not lead. */
  readonly index: LogIndex | undefined;
}

/** Why the role, term or leader is what it is; for events and logs. */
export interface RoleChange {
  readonly role: ActiveRole;
  readonly term: Term;
  readonly leaderId: NodeId | undefined;
  readonly reason: string;
}

/** Everything a member of a group knows (paper, figure 2). Changed only by the events of `raft.ts`. */
export class RaftState {
  readonly options: RaftOptions;
  readonly id: NodeId;
  readonly log: RaftLog;

  term: Term;
  votedFor: NodeId | undefined;
  role: ActiveRole = 'follower';
  leaderId: NodeId | undefined;
  /** All that are in the log, oldest first: a truncation undoes the newest (thesis, section 4.1). */
  readonly configurations: ConfigurationAt[];
  roleChange: RoleChange | undefined;

  /** Milliseconds of the host's clock, as of the event under way. */
  now: number;
  electionTimeoutMs: number = 0;
  electionDeadline: number;
  /** When this follower last heard of its leader. */
  leaderContactAt: number = Number.NEGATIVE_INFINITY;

  readonly votes: Map<NodeId, boolean> = new Map();

  // Follower: what it owes its leader.
  /** Up to here the log is known to equal that of this term's leader. */
  verifiedIndex: LogIndex = 0;
  seenRound = 0;
  rejected: AppendEntries | undefined;
  /** An answer is due even without news of the disk. */
  answerDue = false;
  answeredMatch: LogIndex = 0;

  // Leader.
  readonly progress: Map<NodeId, Progress> = new Map();
  heartbeatAt = 0;
  /** When followers that have all entries are told of the commit index, unless entries tell them before; Infinity: they know. */
  tellCommitAt: number = Number.POSITIVE_INFINITY;
  round = 0;
  /** The leader's first entry of its term; reads wait until it is committed. */
  termStartIndex: LogIndex = 0;
  uncommittedBytes = 0;
  /** Reads that wait for the next round, and those whose round is under way. */
  waitingReads: number[] = [];
  readBatch: ReadBatch | undefined;

  // What leaves with the next flush.
  readOutcomes: ReadOutcome[] = [];
  loads: LoadRequest[] = [];
  appends: Message[] = [];
  /** Messages that tell of a term or a vote: they wait until the hard state is on the disk. */
  outbox: Message[] = [];
  hardStateDirty = false;
  writtenCommit: LogIndex;
  writeSequence = 0;
  persistedSequence = 0;
  hardStateSequence = 0;

  constructor(options: RaftOptions, initial: InitialState, now: number) {
    this.options = options;
    this.id = options.id;
    this.log = new RaftLog({ ...initial, commitIndex: initial.hardState.commitIndex }, options.cacheBytes);
    this.term = initial.hardState.term;
    this.votedFor = initial.hardState.votedFor;
    this.configurations = [...initial.configurations];
    this.writtenCommit = this.log.commitIndex;
    this.verifiedIndex = this.log.commitIndex;
    this.now = now;
    this.electionDeadline = now;
    this.drawElectionTimeout();
  }

  get configuration(): Configuration {
    return this.configurations.at(-1)?.configuration ?? emptyConfiguration;
  }

  get isVoter(): boolean {
    return isVoter(this.configuration, this.id);
  }

  /** Term and vote are on the disk, so messages may tell of them. */
  get hardStateDurable(): boolean {
    return !this.hardStateDirty && this.persistedSequence >= this.hardStateSequence;
  }

  /** A leader of this term was heard of within the smallest election timeout, or is this node itself (thesis, section 4.2.3). */
  get leaderAlive(): boolean {
    if (this.role === 'leader') return true;
    return this.leaderId !== undefined && this.now - this.leaderContactAt < this.options.electionTimeoutMs.min;
  }

  /** Drawn anew for each term and campaign (paper, section 5.2). */
  drawElectionTimeout(): void {
    const { min, max } = this.options.electionTimeoutMs;
    this.electionTimeoutMs = min + this.options.random() * (max - min);
    this.electionDeadline = this.now + this.electionTimeoutMs;
  }

  enterTerm(term: Term, votedFor: NodeId | undefined): void {
    this.term = term;
    this.votedFor = votedFor;
    this.hardStateDirty = true;
  }

  changeRole(role: ActiveRole, leaderId: NodeId | undefined, reason: string): void {
    this.role = role;
    this.leaderId = leaderId;
    this.roleChange = { role, term: this.term, leaderId, reason };
  }

  /** The largest value that a quorum has reached, this node's own among them. */
  quorumOf(own: number, valueOf: (progress: Progress) => number): number {
    return quorumValue(this.configuration, (id) => {
      if (id === this.id) return own;
      const progress = this.progress.get(id);
      return progress === undefined ? Number.NEGATIVE_INFINITY : valueOf(progress);
    });
  }

  /** Entries enter the log here and nowhere else, so that a configuration is in force from then on. */
  appendToLog(entry: Entry, configuration: Configuration | undefined): void {
    this.log.append(entry);
    if (configuration !== undefined) this.configurations.push({ index: entry.index, configuration });
  }
}
