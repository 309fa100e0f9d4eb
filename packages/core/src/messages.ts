import type { Entry, EntryType, LogIndex, NodeId, SnapshotMeta, Term } from './types.js';

/** What members of one group tell each other (paper, figure 2). A transport carries them; the consensus reads them. */
export type Message =
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | InstallSnapshot
  | InstallSnapshotResponse
  | TimeoutNow
  | ReadIndex
  | ReadIndexResponse
  | Propose
  | ProposeResponse;

interface Header {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's term; in a pre-vote request, and in the answer that grants it, the term that the candidate would enter. */
  readonly term: Term;
}

export interface RequestVote extends Header {
  readonly type: 'requestVote';
  /** Only asks whether a campaign could succeed; nothing is recorded by either side (thesis, section 9.6). */
  readonly preVote: boolean;
  /** The leader itself asked for this campaign, so a live leader is no reason to refuse (thesis, section 3.10). */
  readonly transfer: boolean;
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
  /** Of the sender's storage; empty when it has none. A storage that was wiped and made anew has another one. */
  readonly storeId: string;
}

export interface RequestVoteResponse extends Header {
  readonly type: 'requestVoteResponse';
  readonly preVote: boolean;
  readonly granted: boolean;
  readonly storeId: string;
}

export interface AppendEntries extends Header {
  readonly type: 'appendEntries';
  /** The entry just before `entries`, which the follower must have. */
  readonly prevLogIndex: LogIndex;
  readonly prevLogTerm: Term;
  /** The leader's commit index. */
  readonly leaderCommit: LogIndex;
  /** Number of the leader's latest heartbeat round; answered with the same number, at once (thesis, section 6.4). */
  readonly round: number;
  /** Consecutive from `prevLogIndex + 1`; empty in a heartbeat. */
  readonly entries: readonly Entry[];
  /** All is told and nothing goes on: no heartbeat follows this one, and its receiver expects none. */
  readonly quiesce: boolean;
}

export interface AppendEntriesResponse extends Header {
  readonly type: 'appendEntriesResponse';
  /** The highest round that the follower has seen of this leader in this term. */
  readonly round: number;
  /** Up to here the follower's log is on its disk and known to equal the leader's; never goes back within a term. */
  readonly matchIndex: LogIndex;
  /** Set when the follower lacks the entry before the ones sent. */
  readonly rejection: Rejection | undefined;
  readonly storeId: string;
  /** A leader hands over to a voter of a higher one; 0: never campaigns by itself. */
  readonly priority: number;
}

export interface Rejection {
  /** The `prevLogIndex` that was refused; tells late answers from current ones. */
  readonly prevLogIndex: LogIndex;
  /** The follower's last entry that may match: at most `prevLogIndex`, with a term of at most `prevLogTerm`. */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
}

/** A piece of the leader's snapshot (paper, figure 13), for a follower that needs entries that are compacted. */
export interface InstallSnapshot extends Header {
  readonly type: 'installSnapshot';
  readonly round: number;
  readonly snapshot: SnapshotMeta;
  /** Tells one attempt of this leader from another; pieces of different streams never mix. */
  readonly streamId: number;
  /** Bytes before this piece. */
  readonly offset: number;
  readonly data: Uint8Array;
  /** CRC-32 of `data`. */
  readonly checksum: number;
  /** Whether this is the last piece. */
  readonly done: boolean;
}

export interface InstallSnapshotResponse extends Header {
  readonly type: 'installSnapshotResponse';
  readonly round: number;
  readonly streamId: number;
  /** Of the snapshot, as in `SnapshotMeta`. */
  readonly index: LogIndex;
  /** The byte that is wanted next: all before it has been written. */
  readonly offset: number;
  /**
   * `installed`: durable and restored, or not needed any more; `refused`: cannot be taken now, start over later; `damaged`: every piece was
   * as it was sent, and the whole is not what was once written: the leader must send another.
   */
  readonly outcome: 'continue' | 'installed' | 'refused' | 'damaged';
  readonly storeId: string;
}

/** The leader asks its receiver to campaign at once, to take over (thesis, section 3.10). */
export interface TimeoutNow extends Header {
  readonly type: 'timeoutNow';
}

/** A follower asks for an index from which it may answer reads (thesis, section 6.4). */
export interface ReadIndex extends Header {
  readonly type: 'readIndex';
  /** The follower's own number of this question. */
  readonly id: number;
  /** The leader may answer by its lease. */
  readonly lease: boolean;
}

export interface ReadIndexResponse extends Header {
  readonly type: 'readIndexResponse';
  readonly id: number;
  /** Undefined: this node does not lead. */
  readonly index: LogIndex | undefined;
}

/** Commands that a follower hands on to the leader. */
export interface Propose extends Header {
  readonly type: 'propose';
  /** The follower's own number of the first command; the others follow it. */
  readonly id: number;
  readonly commands: readonly ForwardedCommand[];
}

export interface ForwardedCommand {
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** The first `accepted` commands are in the leader's log, from `index` on, in this message's term; the others certainly are not. */
export interface ProposeResponse extends Header {
  readonly type: 'proposeResponse';
  readonly id: number;
  readonly index: LogIndex;
  readonly accepted: number;
  /** Of the message answered. */
  readonly count: number;
  /** Why the others were refused; undefined when none was. */
  readonly refusal: ProposeRefusal | undefined;
}

export type ProposeRefusal = 'notLeader' | 'overloaded' | 'transferring' | 'diskFull';
