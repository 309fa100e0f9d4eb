import type { Address, LogIndex, NodeId } from './types.js';

/** Every error of this project carries one of these. Codes are stable; messages are for people. */
export type RaftErrorCode =
  | 'RAFT_INVALID_ARGUMENT'
  | 'RAFT_NOT_LEADER'
  | 'RAFT_OVERLOADED'
  | 'RAFT_PROPOSAL_DROPPED'
  | 'RAFT_UNKNOWN_OUTCOME'
  | 'RAFT_NODE_STOPPED'
  | 'RAFT_TIMEOUT'
  | 'RAFT_ABORTED'
  | 'RAFT_SESSION_EXPIRED'
  | 'RAFT_RESULT_FORGOTTEN'
  | 'RAFT_TRANSFER_FAILED'
  | 'RAFT_HISTORY_GONE'
  | MembershipErrorCode
  | StorageErrorCode
  | TransportErrorCode
  | ChannelErrorCode;

export type MembershipErrorCode = 'RAFT_CHANGE_IN_PROGRESS' | 'RAFT_CONFIGURATION_CONFLICT' | 'RAFT_LEARNER_BEHIND';

export type StorageErrorCode =
  | 'RAFT_STORAGE_IN_USE'
  | 'RAFT_STORAGE_IDENTITY'
  | 'RAFT_STORAGE_CORRUPT'
  | 'RAFT_STORAGE_COMPACTED'
  | 'RAFT_STORAGE_FULL'
  | 'RAFT_STORAGE_CLOSED'
  | 'RAFT_STORAGE_IO';

export type TransportErrorCode = 'RAFT_ADDRESS_IN_USE' | 'RAFT_TRANSPORT';

export type ChannelErrorCode =
  | 'RAFT_CHANNEL_LOST'
  | 'RAFT_CHANNEL_REFUSED'
  | 'RAFT_CHANNEL_BUSY'
  | 'RAFT_TIMEOUT'
  | 'RAFT_ABORTED';

/** The base of all errors. `cause` is what lies beneath, where something does. */
export class RaftError extends Error {
  readonly code: RaftErrorCode;

  constructor(code: RaftErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An option or argument that cannot work; the message says which and what to do. */
export class InvalidArgumentError extends RaftError {
  constructor(message: string) {
    super('RAFT_INVALID_ARGUMENT', message);
  }
}

/** This node does not lead; nothing was appended. Try the leader, when it is known. */
export class NotLeaderError extends RaftError {
  readonly leaderId: NodeId | undefined;
  readonly leaderAddress: Address | undefined;

  constructor(leaderId: NodeId | undefined, leaderAddress: Address | undefined) {
    super(
      'RAFT_NOT_LEADER',
      leaderId === undefined
        ? 'no leader is known: try again in an election timeout'
        : `node ${leaderId}${leaderAddress === undefined ? '' : ` at ${leaderAddress}`} leads: send it there`,
    );
    this.leaderId = leaderId;
    this.leaderAddress = leaderAddress;
  }
}

/** A limit was reached, or (`RAFT_STORAGE_FULL`) the leader has no room on its disk: certainly not done. Try again later. */
export class OverloadedError extends RaftError {
  declare readonly code: 'RAFT_OVERLOADED' | 'RAFT_STORAGE_FULL';

  constructor(message: string, code: 'RAFT_OVERLOADED' | 'RAFT_STORAGE_FULL' = 'RAFT_OVERLOADED') {
    super(code, message);
  }
}

/** Another leader's entry took the command's place in the log: certainly not done. Propose it again. */
export class ProposalDroppedError extends RaftError {
  constructor(index: LogIndex) {
    super(
      'RAFT_PROPOSAL_DROPPED',
      `another leader's entry took index ${index}: the command was not done, propose it again`,
    );
  }
}

/** The command is in a log and may yet be committed, or not. */
export class UnknownOutcomeError extends RaftError {
  constructor(why: string) {
    super('RAFT_UNKNOWN_OUTCOME', `${why}: the command may or may not be done, read before you repeat it`);
  }
}

/** The node is stopped, or stopped itself after the fatal error in `cause`. The command was not accepted, or never answered. */
export class NodeStoppedError extends RaftError {
  /** False when the command certainly never entered the log. */
  readonly maybeDone: boolean;

  constructor(message: string, options: { cause?: unknown; maybeDone?: boolean } = {}) {
    super('RAFT_NODE_STOPPED', message, 'cause' in options ? { cause: options.cause } : undefined);
    this.maybeDone = options.maybeDone ?? false;
  }
}

/** A read, or another call that changes nothing, did not finish in time. */
export class TimeoutError extends RaftError {
  constructor(message: string) {
    super('RAFT_TIMEOUT', message);
  }
}

/** The caller's AbortSignal fired before anything was done. */
export class AbortedError extends RaftError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RAFT_ABORTED', message, options);
  }
}

/** The session is unknown here: closed, expired, or evicted by newer ones. Nothing was done now; an earlier try may have been. */
export class SessionExpiredError extends RaftError {
  constructor(sessionId: LogIndex) {
    super(
      'RAFT_SESSION_EXPIRED',
      `session ${sessionId} is closed or expired: open a new one, and read before you repeat`,
    );
  }
}

/** The command of the session was done before, or given up by its client, and its result is not kept any more. Nothing was done now. */
export class ResultForgottenError extends RaftError {
  constructor(sessionId: LogIndex, sequence: number, why: 'acknowledged' | 'not kept') {
    super(
      'RAFT_RESULT_FORGOTTEN',
      why === 'acknowledged'
        ? `the client of session ${sessionId} has acknowledged command ${sequence}: its result is forgotten, do not repeat it`
        : `command ${sequence} of session ${sessionId} was done, but its result is not kept: read what it did`,
    );
  }
}

/** The leadership stayed where it was; try again, or name another target. */
export class TransferError extends RaftError {
  constructor(message: string) {
    super('RAFT_TRANSFER_FAILED', message);
  }
}

/** The membership was not changed: another change is under way, it is not as expected, or a learner has too much to catch up with. */
export class MembershipError extends RaftError {
  declare readonly code: MembershipErrorCode;

  constructor(code: MembershipErrorCode, message: string) {
    super(code, message);
  }
}

/** A storage could not do what it was asked; the message names the file (and offset) and the cause. */
export class StorageError extends RaftError {
  declare readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

/** A transport could not be started. */
export class TransportError extends RaftError {
  declare readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

/** A client's request ended without an answer. */
export class ChannelError extends RaftError {
  declare readonly code: ChannelErrorCode;
  /** Whether the server may have seen the request. */
  readonly delivered: 'no' | 'maybe';

  constructor(code: ChannelErrorCode, message: string, delivered: 'no' | 'maybe', options?: { cause?: unknown }) {
    super(code, message, options);
    this.delivered = delivered;
  }
}
