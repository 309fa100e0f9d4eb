import { Metadata, status as Status } from '@grpc/grpc-js';
import { NodeStoppedError, NotLeaderError, RaftError } from '@raft/core';
import type { RaftErrorCode } from '@raft/core';

/** How a call ends that has no answer. */
export interface CallStatus {
  readonly code: Status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Keys of a status's metadata: the stable code, and who leads. Part of the client API. */
const codeKey = 'raft-code';
const leaderIdKey = 'raft-leader-id';
const leaderAddressKey = 'raft-leader-address';
/** `true` when the command may yet be done. */
const maybeDoneKey = 'raft-maybe-done';

const statusOf: Readonly<Record<RaftErrorCode, Status>> = {
  RAFT_INVALID_ARGUMENT: Status.INVALID_ARGUMENT,
  RAFT_NOT_LEADER: Status.FAILED_PRECONDITION,
  RAFT_OVERLOADED: Status.RESOURCE_EXHAUSTED,
  RAFT_PROPOSAL_DROPPED: Status.ABORTED,
  RAFT_UNKNOWN_OUTCOME: Status.UNKNOWN,
  RAFT_NODE_STOPPED: Status.UNAVAILABLE,
  RAFT_TIMEOUT: Status.DEADLINE_EXCEEDED,
  RAFT_ABORTED: Status.CANCELLED,
  RAFT_SESSION_EXPIRED: Status.NOT_FOUND,
  RAFT_RESULT_FORGOTTEN: Status.ALREADY_EXISTS,
  RAFT_TRANSFER_FAILED: Status.ABORTED,
  RAFT_HISTORY_GONE: Status.OUT_OF_RANGE,
  RAFT_CHANGE_IN_PROGRESS: Status.FAILED_PRECONDITION,
  RAFT_CONFIGURATION_CONFLICT: Status.ABORTED,
  RAFT_LEARNER_BEHIND: Status.FAILED_PRECONDITION,
  RAFT_STORAGE_IN_USE: Status.FAILED_PRECONDITION,
  RAFT_STORAGE_IDENTITY: Status.FAILED_PRECONDITION,
  RAFT_STORAGE_CORRUPT: Status.DATA_LOSS,
  RAFT_STORAGE_COMPACTED: Status.OUT_OF_RANGE,
  RAFT_STORAGE_FULL: Status.RESOURCE_EXHAUSTED,
  RAFT_STORAGE_CLOSED: Status.UNAVAILABLE,
  RAFT_STORAGE_IO: Status.INTERNAL,
  RAFT_ADDRESS_IN_USE: Status.INTERNAL,
  RAFT_TRANSPORT: Status.UNAVAILABLE,
  RAFT_CHANNEL_LOST: Status.UNAVAILABLE,
  RAFT_CHANNEL_REFUSED: Status.FAILED_PRECONDITION,
  RAFT_CHANNEL_BUSY: Status.RESOURCE_EXHAUSTED,
};

/** Characters of a message or a value; a header of HTTP/2 has to fit in one piece. */
const maxTextLength = 1024;

/** How a call ends whose handler threw: a {@link RaftError} keeps its code; anything else is INTERNAL. */
export function statusFrom(error: unknown): CallStatus {
  const metadata = new Metadata();
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof RaftError)) return { code: Status.INTERNAL, details: headerText(message), metadata };
  metadata.set(codeKey, error.code);
  if (error instanceof NotLeaderError) {
    if (error.leaderId !== undefined) metadata.set(leaderIdKey, asciiText(error.leaderId));
    if (error.leaderAddress !== undefined) metadata.set(leaderAddressKey, asciiText(error.leaderAddress));
  }
  const maybeDone = error.code === 'RAFT_UNKNOWN_OUTCOME' || (error instanceof NodeStoppedError && error.maybeDone);
  if (maybeDone) metadata.set(maybeDoneKey, 'true');
  return { code: maybeDone ? Status.UNKNOWN : statusOf[error.code], details: headerText(message), metadata };
}

/** A call that is cut off: what it asked for may be done all the same. */
export function cutOffStatus(reason: string): CallStatus {
  const status = plainStatus(Status.UNAVAILABLE, reason);
  status.metadata.set(maybeDoneKey, 'true');
  return status;
}

export function plainStatus(code: Status, details: string): CallStatus {
  return { code, details: headerText(details), metadata: new Metadata() };
}

/** Without what cannot be encoded in UTF-8, on which grpc-js would throw. */
function headerText(text: string): string {
  return text.slice(0, maxTextLength).replace(/\p{Surrogate}/gu, '\ufffd');
}

/** With what a plain metadata value may not hold percent-encoded. */
function asciiText(text: string): string {
  return headerText(text).replace(/[^ -~]/gu, (character) => encodeURIComponent(character));
}
