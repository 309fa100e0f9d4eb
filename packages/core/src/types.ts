/** The vocabulary of the paper (figure 2), shared by the consensus, the node and the three contracts. */

/** Names a member of a cluster; unique in it for ever, also after the member was removed. */
export type NodeId = string;

/** Names one Raft group; many groups may share a transport and a storage. */
export type GroupId = string;

/** Where a node is reached: `host:port` for the network transports. */
export type Address = string;

/** Position in the log. The first entry has index 1; 0 means "before the log". At most 2^53 − 1. */
export type LogIndex = number;

/** Election term, from 1; 0 means "before the first election". At most 2^53 − 1. */
export type Term = number;

/** What an entry's data mean. The numbers are on disks and wires: never reuse one. */
export const EntryType = {
  /** Appended by a new leader so that earlier terms' entries can commit (paper, section 8). No data. */
  empty: 0,
  /** A command of the state machine. */
  command: 1,
  /** A {@link Configuration}, in force as soon as it is in the log (thesis, section 4.1). */
  configuration: 2,
  /** Opens, keeps or ends a client's session (thesis, section 6.3). */
  session: 3,
  /** A command of the state machine that is part of a session: applied once however often it is in the log. */
  sessionCommand: 4,
} as const;
export type EntryType = (typeof EntryType)[keyof typeof EntryType];

/** One entry of the replicated log. Never changed once made; `data` may be shared, so nobody writes to it. */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** What must survive a crash beside the log (paper, figure 2). */
export interface HardState {
  readonly term: Term;
  /** The candidate that got this node's vote in `term`. */
  readonly votedFor: NodeId | undefined;
  /**
   * A commit index known when the record was written. It is never written by itself, so it may lag behind;
   * it lets a restarted node apply what it knows to be committed before it hears of a leader.
   */
  readonly commitIndex: LogIndex;
}

/** Who takes part (thesis, sections 4.2.1 and 4.3). Lists are sorted and hold no duplicates. */
export interface Configuration {
  /** The voting members; in a joint phase the incoming ones. */
  readonly voters: readonly NodeId[];
  /** The voting members that are being left behind; empty outside a joint phase. */
  readonly outgoing: readonly NodeId[];
  /** Members that get the log and do not vote. */
  readonly learners: readonly NodeId[];
  /** Where each of them is reached; a member without an address is reached by other means (in one process). */
  readonly addresses: Readonly<Record<NodeId, Address>>;
  /** The storage with which each of them takes part, as far as known: one that comes back with another has forgotten its votes. */
  readonly stores: Readonly<Record<NodeId, string>>;
  /** The learners that were wiped when they voted, and are to vote again. */
  readonly returning: readonly NodeId[];
}

/** From `index` on, until the next run, entries have this `term`. */
export interface TermRun {
  readonly index: LogIndex;
  readonly term: Term;
}

/** What a snapshot says of itself (paper, figure 13). */
export interface SnapshotMeta {
  /** The last entry that the snapshot covers. */
  readonly index: LogIndex;
  readonly term: Term;
  /** The configuration in force at `index`. */
  readonly configuration: Configuration;
  /** The entry that put it into force; 0 when it was there from the beginning. */
  readonly configurationIndex: LogIndex;
}
