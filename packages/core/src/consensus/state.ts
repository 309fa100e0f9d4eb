import type { Random } from '../clock.js';
import type { AppendEntries, InstallSnapshotResponse, Message } from '../messages.js';
import { EntryType } from '../types.js';
import type { Configuration, Entry, HardState, LogIndex, NodeId, SnapshotMeta, Term, TermRun } from '../types.js';
import { decodeConfiguration, emptyConfiguration, isVoter } from './configuration.js';
import type { ActiveRole, Effects, LoadRequest, ReadOutcome, RoleChange } from './effects.js';
import { RaftLog } from './log.js';
import type { Progress } from './progress.js';
import { quorumValue } from './quorum.js';
import { Rounds } from './rounds.js';

export type { ActiveRole, LoadRequest, ReadOutcome, RoleChange } from './effects.js';

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
  /** Bytes that they may take, roughly: fewer are kept when they take more. */
  readonly retainedBytes: number;
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
   * The snapshot cannot be read, so nothing of the log can be applied until a leader has sent another. This node has its log and its votes,
   * and goes on taking entries and voting; but it does not campaign.
   */
  readonly needsSnapshot?: boolean | undefined;
}

export type ReadLevel = 'linearizable' | 'lease';

export interface ConfigurationAt {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

export interface ReadBatch {
  /** The heartbeat round that must be answered by a quorum. */
  readonly round: number;
  readonly index: LogIndex;
  readonly readers: readonly Reader[];
}

/** A read of this node's own, or the question of a follower. */
export type Reader = number | { readonly from: NodeId; readonly id: number };

/** A follower's reads of one level, on their way to its leader. */
export interface Question {
  /** Those that the next question is for. */
  waiting: number[];
  /** Those that the question under way is for, its number, and when it is asked again. */
  asked: number[];
  id: number;
  againAt: number;
}

const noQuestion = (): Question => ({ waiting: [], asked: [], id: 0, againAt: Number.POSITIVE_INFINITY });

/** A member that is not there. */
export interface Away {
  /** When a resting leader looks for it next; Infinity: it cannot be reached. */
  lookAt: number;
  /** How long it waits after that. */
  pauseMs: number;
}

/** A handover under way (thesis, section 3.10). */
export interface Transfer {
  readonly target: NodeId;
  /** Somebody waits for the outcome. */
  readonly requested: boolean;
  /** The leader steps down when nobody takes over. */
  mustLeave: boolean;
  readonly term: Term;
  deadline: number;
  /** The round in which the target was last told to campaign; 0: not yet. */
  toldRound: number;
}

/** Effects that seldom are there. */
export type RareEffects = {
  -readonly [Name in RareName]?: Effects[Name] extends readonly (infer T)[] ? T[] : Effects[Name];
};

type RareName = Exclude<keyof Effects, 'write' | 'messages' | 'loads' | 'reads' | 'roleChange'>;

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
  rare: RareEffects | undefined;

  /** Milliseconds of the host's clock, as of the event under way. */
  now: number;
  electionTimeoutMs: number = 0;
  electionDeadline: number;
  /** When a leader was last heard of, whatever has become of it since: a lease may rest on it. */
  leaderContactAt: number = Number.NEGATIVE_INFINITY;

  readonly votes: Map<NodeId, boolean> = new Map();

  /** See {@link InitialState}. */
  needsSnapshot: boolean;

  // Follower: what it owes its leader.
  /** Up to here the log is known to equal that of this term's leader. */
  verifiedIndex: LogIndex = 0;
  seenRound = 0;
  rejected: AppendEntries | undefined;
  /** An answer is due even without news of the disk. */
  answerDue = false;
  answeredMatch: LogIndex = 0;
  /** Answers to a snapshot that wait until the log in memory is on the disk as well. */
  installedAnswers: InstallSnapshotResponse[] = [];
  /** The configuration that was looked at, once committed, for this node's own removal. */
  removalCheckedAt: LogIndex = 0;
  /** A leader beats no more, or a follower expects no heartbeats, until something is to be done. */
  isResting = false;
  /** Members that are not there. */
  readonly away: Map<NodeId, Away> = new Map();
  /** The host has other groups to wake first (`Raft.hold`). */
  isHeld = false;
  /** This campaign was asked for by the leader. */
  isCampaignAskedFor = false;

  // Leader.
  readonly progress: Map<NodeId, Progress> = new Map();
  heartbeatAt = 0;
  /** When followers that have all entries are told of the commit index, unless entries tell them before; Infinity: they know. */
  tellCommitAt: number = Number.POSITIVE_INFINITY;
  round = 0;
  /** The leader's first entry of its term; reads wait until it is committed. */
  termStartIndex: LogIndex = 0;
  uncommittedBytes = 0;
  leaderSince = 0;
  readonly rounds: Rounds = new Rounds();
  /** Somebody was told to campaign in this term, so nobody may rely on this leader's lease any more. */
  leaseLost = false;
  transfer: Transfer | undefined;
  /** When a voter of a higher priority is looked for next. */
  preferAt = 0;
  /** This leader's removal is committed: it goes with the next flush. */
  mustGo = false;
  /** Followers that were removed and are still told so. */
  leavers = 0;
  /** Members' storages have been heard of that the configuration does not know. */
  storesDue = false;
  /** The round in which followers were told that no heartbeat follows; undefined: they were not. */
  restRound: number | undefined;
  /** Since when nothing is under way; Infinity: something is. */
  idleSince: number = Number.POSITIVE_INFINITY;

  // Reads, on any node.
  /** Those that wait for the next round, and those whose round is under way. */
  waitingReads: Reader[] = [];
  readBatch: ReadBatch | undefined;
  /**
   * The last number of a command that each member handed on and this node took, for each of the member's latest processes; the same again
   * is a repetition. Outlives the leadership.
   */
  readonly lastProposed: Map<NodeId, readonly number[]> = new Map();
  readonly questions: Readonly<Record<ReadLevel, Question>> = { linearizable: noQuestion(), lease: noQuestion() };
  #nextQuestion: number | undefined;

  // Snapshots and the disk.
  /** The present one. */
  snapshot: SnapshotMeta | undefined;
  /** Since when the disk owes an answer; Infinity: it owes none. */
  diskWaitsSince: number = Number.POSITIVE_INFINITY;
  /** While the disk is full: when entries are tried next; and the write that tries it. */
  fullRetryAt: number | undefined;
  fullSince = 0;
  fullTrial: number | undefined;
  /** Up to here refusals are known. */
  refusedSequence = 0;

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
    this.log = new RaftLog(
      { ...initial, commitIndex: initial.hardState.commitIndex },
      options.cacheBytes,
      options.retainedBytes,
    );
    this.term = initial.hardState.term;
    this.votedFor = initial.hardState.votedFor;
    this.configurations = [];
    for (const one of initial.configurations) this.#pushConfiguration(one);
    this.writtenCommit = this.log.commitIndex;
    this.verifiedIndex = this.log.commitIndex;
    this.snapshot = initial.snapshot;
    this.needsSnapshot = initial.needsSnapshot === true;
    this.now = now;
    this.electionDeadline = now;
    // What it promised to a leader before it was restarted it does not remember. One that was just made has promised nothing.
    if (this.term > 1 || initial.lastIndex > 1) this.leaderContactAt = now;
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

  /** A leader was heard of within the smallest election timeout, or is this node itself (thesis, sections 4.2.3 and 6.4.1). */
  get leaderAlive(): boolean {
    // One that rests has said that it will not be heard of.
    return (
      this.role === 'leader' || this.isResting || this.now - this.leaderContactAt < this.options.electionTimeoutMs.min
    );
  }

  get configurationIndex(): LogIndex {
    return this.configurations.at(-1)?.index ?? 0;
  }

  /** The disk answers in time, and has room. */
  get isHealthy(): boolean {
    return this.fullRetryAt === undefined && this.now - this.diskWaitsSince < this.options.electionTimeoutMs.max;
  }

  /** Effects that seldom are there; makes room for them. */
  get rareEffects(): RareEffects {
    return (this.rare ??= {});
  }

  /** Drawn anew for each term and campaign (paper, section 5.2). */
  drawElectionTimeout(): void {
    const { min, max } = this.options.electionTimeoutMs;
    this.electionTimeoutMs = min + this.options.random() * (max - min);
    this.electionDeadline = this.now + this.electionTimeoutMs;
  }

  /**
   * Numbers of questions to the leader, the first of so many. They begin at random, so that answers to a process that died mean nothing
   * to the next.
   */
  takeQuestions(count: number): number {
    const first = this.#nextQuestion ?? Math.floor(this.options.random() * 2 ** 40);
    this.#nextQuestion = first + count;
    return first;
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
      return progress === undefined || progress.isWiped ? Number.NEGATIVE_INFINITY : valueOf(progress);
    });
  }

  /** Entries enter the log here and nowhere else, so that a configuration is in force from then on. Returns whether it was one. */
  appendToLog(entry: Entry): boolean {
    this.log.append(entry);
    if (entry.type !== EntryType.configuration) return false;
    this.#pushConfiguration({ index: entry.index, configuration: decodeConfiguration(entry.data) });
    return true;
  }

  #pushConfiguration(next: ConfigurationAt): void {
    this.configurations.push(next);
  }
}
