import type { Clock, Random } from '../clock.js';
import type { RaftError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { StateMachine } from '../state-machine.js';
import type { Storage } from '../storage.js';
import type { Transport } from '../transport.js';
import type { Address, GroupId, LogIndex, NodeId, Term } from '../types.js';

/** `preCandidate` asks whether it could win before it becomes `candidate` (thesis, section 9.6). */
export type Role = 'leader' | 'follower' | 'candidate' | 'preCandidate' | 'learner';

export interface RaftNodeOptions<Command, Result, Query, Answer> {
  /** This node's id: 1 to 64 characters. */
  readonly id: NodeId;
  /** Names the cluster; nodes of different clusters refuse each other. 1 to 64 characters. Default `raft`. */
  readonly clusterId?: string;
  /** Names the group within the process. Default `default`. */
  readonly groupId?: GroupId;
  readonly storage: Storage;
  /** Started and closed by whoever made it: several nodes may share it. */
  readonly transport: Transport;
  readonly stateMachine: StateMachine<Command, Result, Query, Answer>;
  /**
   * The voters that a new cluster starts with, and where each is reached: the same on every node, including this one.
   * Used only while the storage is empty; afterwards the log knows. Absent: the node waits to be added to a cluster.
   */
  readonly bootstrap?: Readonly<Record<NodeId, Address>>;
  /** Milliseconds between the leader's messages to an idle follower. Default 100. */
  readonly heartbeatIntervalMs?: number;
  /**
   * Milliseconds without a leader before a campaign, drawn anew from [min, max) for each term; min is at least twice the
   * heartbeat interval. Default 500 to 1000.
   */
  readonly electionTimeoutMs?: { readonly min: number; readonly max: number };
  /** Asks before it campaigns, so a node that was cut off disturbs nobody. Default true. */
  readonly preVote?: boolean;
  /** A leader that reaches no quorum for an election timeout steps down; voters keep a live leader. Default true. */
  readonly checkQuorum?: boolean;
  /** Bytes of one command. Larger ones are refused. Default 4 MiB. */
  readonly maxEntryBytes?: number;
  /** Bytes of entries in one AppendEntries message (one entry at least). Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** AppendEntries messages under way to one follower. Default 256. */
  readonly maxInflightMessages?: number;
  /** Bytes of entries under way to one follower. Default 16 MiB. */
  readonly maxInflightBytes?: number;
  /** Bytes of commands that are proposed and not yet committed; beyond, proposals are refused. Default 64 MiB. */
  readonly maxUncommittedBytes?: number;
  /** Commands and reads that wait for an outcome; beyond, more are refused. Default 100,000. */
  readonly maxPending?: number;
  /** Bytes of recent entries kept in memory; older ones are read from the storage. Default 32 MiB. */
  readonly cacheBytes?: number;
  /** Applied entries after which a snapshot is taken by itself; 0: never for their number. Default 100,000. */
  readonly snapshotThresholdEntries?: number;
  /** Bytes of applied entries after which a snapshot is taken by itself; 0: never for their size. Default 64 MiB. */
  readonly snapshotThresholdBytes?: number;
  /** Entries kept in the log behind a snapshot, for followers that lag a little. Default 10,000. */
  readonly retainedEntries?: number;
  /** Bytes that they may take, roughly; of larger ones fewer are kept. Default 64 MiB. */
  readonly retainedBytes?: number;
  /** Bytes of snapshot in one message. Default 256 KiB. */
  readonly snapshotChunkBytes?: number;
  /** Bytes of snapshots sent in a second, to all followers together. Default: no limit. */
  readonly maxSnapshotBytesPerSecond?: number;
  /** Snapshots sent at the same time. Default 2. */
  readonly maxSnapshotStreams?: number;
  /**
   * How much faster the clocks of two nodes may run than each other, as a fraction below 1: a leader's lease is shorter than the
   * smallest election timeout by that much. Default 0.1.
   */
  readonly maxClockDrift?: number;
  /** A leader hands over to a voter of a higher priority; a node of priority 0 never campaigns by itself. Default 1. */
  readonly priority?: number;
  /**
   * Proposals are handed on to the leader where this node does not lead, and wait, as reads do, while none is known. False: they end with
   * {@link NotLeaderError} at once. Default true.
   */
  readonly forward?: boolean;
  /** A member that comes back with an empty storage is made a learner, and a voter again once it has caught up. Default true. */
  readonly readmitWiped?: boolean;
  /** A group with nothing to do sends no messages; needs a transport that tells `peerDown`. Default false. */
  readonly quiesce?: boolean;
  /** Sessions kept: a session that is opened through this node closes those used least recently beyond, up to 64. Default 10,000. */
  readonly maxSessions?: number;
  /** Milliseconds without use after which the leader lets a session expire. Default 3,600,000 (an hour). */
  readonly sessionTimeoutMs?: number;
  /** Default {@link systemClock}. */
  readonly clock?: Clock;
  /** Default `Math.random`. */
  readonly random?: Random;
  readonly logger?: Logger;
}

export interface CallOptions {
  /** Milliseconds until the call ends with an error. Default 5000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ProposeOptions extends CallOptions {
  /** The command's place in a session: repeated with the same one it is applied once, and gives the first result again. */
  readonly session?: SessionPosition | undefined;
}

export interface SessionPosition {
  readonly id: LogIndex;
  /** Number of the command within the session, from 1. */
  readonly sequence: number;
  /**
   * Results of all commands before this number have been received, or are not wanted any more: they are forgotten. Default: as told before.
   * A session that holds 1024 results refuses more commands ({@link OverloadedError}) until some are acknowledged.
   */
  readonly firstUnacknowledged?: number | undefined;
}

export interface KeepSessionOptions extends CallOptions, Pick<SessionPosition, 'firstUnacknowledged'> {}

/**
 * From which state a read may be answered:
 * - `linearizable` (default): one that holds every write acknowledged before the call (ReadIndex; thesis, section 6.4);
 * - `lease`: the same as long as no clock runs faster than another by more than `maxClockDrift`, without a round of messages;
 * - `{ atLeast }`: one that holds the entry of this index: reads your own writes;
 * - `{ boundedStalenessMs }`: one that holds every write acknowledged that many milliseconds before the call;
 * - `local`: whatever this node has.
 */
export type ReadLevel =
  | 'linearizable'
  | 'lease'
  | 'local'
  | { readonly atLeast: LogIndex }
  | { readonly boundedStalenessMs: number };

export interface ReadOptions extends CallOptions {
  readonly level?: ReadLevel | undefined;
}

/** A change of the membership. Who is named nowhere stays what it is. */
export interface MembershipChange {
  /** Become voters: members or not. */
  readonly add?: readonly NodeId[] | undefined;
  /** Leave altogether. */
  readonly remove?: readonly NodeId[] | undefined;
  /** Become learners: voters step back, others join. */
  readonly learners?: readonly NodeId[] | undefined;
  /** Where members are reached, for new ones and for those that have moved. */
  readonly addresses?: Readonly<Record<NodeId, Address>> | undefined;
}

export interface MembershipOptions extends CallOptions {
  /** `membership.index` as the caller knows it; the change is refused (`RAFT_CONFIGURATION_CONFLICT`) when it is another by now. */
  readonly expected?: LogIndex | undefined;
  /**
   * Refuses (`RAFT_LEARNER_BEHIND`, telling the lag) a new voter that lacks more entries than a moment brings, instead of waiting until
   * it has caught up as a learner. Default false.
   */
  readonly failIfBehind?: boolean | undefined;
}

export interface Membership {
  /** The entry that put it into force; 0 before there is one. */
  readonly index: LogIndex;
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** The voters that are being left behind; empty outside a joint phase. */
  readonly outgoing: readonly NodeId[];
  readonly addresses: Readonly<Record<NodeId, Address>>;
}

/** What a change would do. */
export interface MembershipPreview {
  readonly before: {
    readonly voters: readonly NodeId[];
    readonly learners: readonly NodeId[];
    readonly quorum: number;
  };
  readonly after: { readonly voters: readonly NodeId[]; readonly learners: readonly NodeId[]; readonly quorum: number };
  /** Whether it takes a joint phase. */
  readonly joint: boolean;
  /** Voters to be that lack entries which the leader has; `lag` is undefined for those that it has never heard of. */
  readonly behind: readonly { readonly id: NodeId; readonly lag: number | undefined }[];
}

/**
 * One client's series of commands, each applied once whatever fails meanwhile. Made by {@link RaftNode.openSession}; it keeps itself
 * alive until it is closed or the node stops.
 */
export interface Session<Command, Result> {
  readonly id: LogIndex;
  /**
   * Like {@link RaftNode.propose}, but what may or may not be done is proposed again until the deadline. Throws
   * {@link SessionExpiredError} besides, and {@link OverloadedError} with 1024 commands under way.
   */
  propose(command: Command, options?: CallOptions): Promise<Result>;
  /** Counts as use of the session; only needed by those who want to know that it still exists. */
  keepAlive(options?: CallOptions): Promise<void>;
  /** Takes no more commands, and frees what the cluster keeps of it. */
  close(options?: CallOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SnapshotInfo {
  readonly index: LogIndex;
  readonly term: Term;
}

/** One member of a Raft group. Made by {@link createNode}. */
export interface RaftNode<Command, Result, Query, Answer> {
  readonly id: NodeId;
  /**
   * Opens the storage and joins the group. Throws {@link StorageError}, {@link InvalidArgumentError}, and
   * {@link NodeStoppedError} when it was stopped meanwhile; then nothing runs.
   */
  start(): Promise<void>;
  /**
   * Replicates a command; resolves with the state machine's result once it is committed and applied on this node. Where this node does
   * not lead, the command is handed to the leader (option `forward`), and held until one is known.
   * Without a codec the command's bytes are kept as they are, so nobody may write to them after the call.
   * Ends in the result or in exactly one of {@link NotLeaderError} (only without `forward`), {@link OverloadedError},
   * {@link InvalidArgumentError} (command too large), {@link ProposalDroppedError}, {@link UnknownOutcomeError} (also at the deadline and at
   * an abort, once the command is in the log or with the leader), {@link TimeoutError} and {@link AbortedError} (before),
   * {@link NodeStoppedError}; with a session, also {@link SessionExpiredError} and {@link ResultForgottenError}.
   */
  propose(command: Command, options?: ProposeOptions): Promise<Result>;
  /** Opens a session with the cluster. Throws like {@link RaftNode.propose}. */
  openSession(options?: CallOptions): Promise<Session<Command, Result>>;
  /** For those who carry sessions themselves, over a network: registers one and gives its id. */
  registerSession(options?: CallOptions): Promise<LogIndex>;
  /** Counts as use. Throws {@link SessionExpiredError}, and like {@link RaftNode.propose}. */
  keepSession(id: LogIndex, options?: KeepSessionOptions): Promise<void>;
  /** Ends it; done as well when it has ended before. */
  closeSession(id: LogIndex, options?: CallOptions): Promise<void>;
  /**
   * Answers on any node, by default from a state that holds every write that had been acknowledged when the call was made
   * (see {@link ReadLevel}). Throws {@link NotLeaderError} (only without `forward`, when no leader is found), {@link OverloadedError},
   * {@link InvalidArgumentError}, {@link TimeoutError}, {@link AbortedError}, {@link NodeStoppedError}.
   */
  read(query: Query, options?: ReadOptions): Promise<Answer>;
  /**
   * Changes who takes part, by joint consensus (thesis, section 4.3); on the leader. New voters first catch up as learners. Resolves with the new membership
   * once it is committed. Throws {@link MembershipError}, {@link InvalidArgumentError}, and like {@link RaftNode.propose}.
   */
  changeMembership(change: MembershipChange, options?: MembershipOptions): Promise<Membership>;
  /** Says what a change would do, and throws what it would throw, without doing it; on the leader. */
  previewMembership(change: MembershipChange, options?: Pick<MembershipOptions, 'expected'>): MembershipPreview;
  /**
   * Hands the leadership to `target`, or to the voter that knows most; resolves once another leads. Throws {@link TransferError},
   * {@link NotLeaderError}, {@link NodeStoppedError}.
   */
  transferLeadership(target?: NodeId, options?: CallOptions): Promise<void>;
  /** Takes a snapshot of what is applied here and compacts the log behind it; shares one that is under way. */
  snapshot(options?: CallOptions): Promise<SnapshotInfo>;
  status(): NodeStatus;
  /** Calls `listener` for each such event; returns the function that ends it. What a listener throws is logged. */
  on<Name extends keyof NodeEvents>(event: Name, listener: (event: NodeEvents[Name]) => void): () => void;
  /** Lets go of the group, fails what waits with {@link NodeStoppedError}, and closes the storage. Safe to call twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface NodeStatus {
  readonly id: NodeId;
  readonly clusterId: string;
  readonly groupId: GroupId;
  readonly storeId: string;
  /** `stopped` before the start, after the stop and after a fatal error. */
  readonly state: 'running' | 'stopped';
  readonly role: Role;
  readonly term: Term;
  readonly leaderId: NodeId | undefined;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** 0 without a snapshot. */
  readonly snapshotIndex: LogIndex;
  readonly membership: Membership;
  /** False while the disk does not answer or is full, or the event loop comes too late: such a node does not lead for long. */
  readonly healthy: boolean;
  readonly diskFull: boolean;
  /** A committed configuration does not name this node any more: it may be stopped. */
  readonly removed: boolean;
  /** What a leader knows of the others; empty elsewhere. */
  readonly peers: readonly PeerStatus[];
}

export interface PeerStatus {
  readonly id: NodeId;
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;
  /** `probe` looks for where the logs agree, `replicate` streams, `snapshot` needs what is compacted. */
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly inflightMessages: number;
  readonly inflightBytes: number;
  /** Bytes of the snapshot on its way to it that it has written; undefined when none is. */
  readonly snapshotBytes?: number | undefined;
}

export interface NodeEvents {
  /** A snapshot was taken here, or came from the leader. */
  readonly snapshot: SnapshotInfo & { readonly source: 'taken' | 'installed' };
  /** The configuration without this node is committed: it may be stopped. */
  readonly removed: { readonly index: LogIndex };
  /** The storage has no room for entries; `false`: it has again. */
  readonly diskFull: { readonly full: boolean };
  /** The storage of a member is another than the one it was admitted with: it has forgotten what it knew. */
  readonly wiped: { readonly id: NodeId };
  /** The role, the term or the known leader changed. `reason` says why in a few words. */
  readonly role: {
    readonly role: Role;
    readonly term: Term;
    readonly leaderId: NodeId | undefined;
    readonly reason: string;
  };
  readonly commit: { readonly index: LogIndex };
  readonly applied: { readonly index: LogIndex };
  readonly membership: Membership;
  /** The node stopped itself; `error.cause` tells why. */
  readonly fatal: { readonly error: RaftError };
}
