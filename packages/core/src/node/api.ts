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

/** One member of a Raft group. Made by {@link createNode}. */
export interface RaftNode<Command, Result, Query, Answer> {
  readonly id: NodeId;
  /**
   * Opens the storage and joins the group. Throws {@link StorageError}, {@link InvalidArgumentError}, and
   * {@link NodeStoppedError} when it was stopped meanwhile; then nothing runs.
   */
  start(): Promise<void>;
  /**
   * Replicates a command; resolves with the state machine's result once it is committed and applied on this node.
   * Without a codec the command's bytes are kept as they are, so nobody may write to them after the call.
   * Ends in the result or in exactly one of {@link NotLeaderError}, {@link OverloadedError}, {@link InvalidArgumentError}
   * (command too large), {@link ProposalDroppedError}, {@link UnknownOutcomeError} (also at the deadline and at an abort, once
   * the command is in the log), {@link TimeoutError} and {@link AbortedError} (before), {@link NodeStoppedError}.
   */
  propose(command: Command, options?: CallOptions): Promise<Result>;
  /**
   * Answers from a state that holds every write that had been acknowledged when the call was made (ReadIndex, thesis,
   * section 6.4). Throws {@link NotLeaderError}, {@link OverloadedError}, {@link TimeoutError}, {@link AbortedError},
   * {@link NodeStoppedError}.
   */
  read(query: Query, options?: CallOptions): Promise<Answer>;
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
  readonly membership: {
    readonly voters: readonly NodeId[];
    readonly learners: readonly NodeId[];
    readonly outgoing: readonly NodeId[];
    readonly addresses: Readonly<Record<NodeId, Address>>;
  };
  /** What a leader knows of the others; empty elsewhere. */
  readonly peers: readonly PeerStatus[];
}

export interface PeerStatus {
  readonly id: NodeId;
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;
  /** `probe` looks for where the logs agree, `replicate` streams. */
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly inflightMessages: number;
  readonly inflightBytes: number;
}

export interface NodeEvents {
  /** The role, the term or the known leader changed. `reason` says why in a few words. */
  readonly role: {
    readonly role: Role;
    readonly term: Term;
    readonly leaderId: NodeId | undefined;
    readonly reason: string;
  };
  readonly commit: { readonly index: LogIndex };
  readonly applied: { readonly index: LogIndex };
  readonly membership: NodeStatus['membership'];
  /** The node stopped itself; `error.cause` tells why. */
  readonly fatal: { readonly error: RaftError };
}
