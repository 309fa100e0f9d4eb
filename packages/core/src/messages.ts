import type { Entry, LogIndex, NodeId, Term } from './types.js';

/** What members of one group tell each other (paper, figure 2). A transport carries them; the consensus reads them. */
export type Message = RequestVote | RequestVoteResponse | AppendEntries | AppendEntriesResponse;

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
}

export interface RequestVoteResponse extends Header {
  readonly type: 'requestVoteResponse';
  readonly preVote: boolean;
  readonly granted: boolean;
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
}

export interface AppendEntriesResponse extends Header {
  readonly type: 'appendEntriesResponse';
  /** The highest round that the follower has seen of this leader in this term. */
  readonly round: number;
  /** Up to here the follower's log is on its disk and known to equal the leader's; never goes back within a term. */
  readonly matchIndex: LogIndex;
  /** Set when the follower lacks the entry before the ones sent. */
  readonly rejection: Rejection | undefined;
}

export interface Rejection {
  /** The `prevLogIndex` that was refused; tells late answers from current ones. */
  readonly prevLogIndex: LogIndex;
  /** The follower's last entry that may match: at most `prevLogIndex`, with a term of at most `prevLogTerm`. */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
}
