import {
  InvalidArgumentError,
  MembershipError,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  RaftError,
  type RaftErrorCode,
  SessionExpiredError,
  TransferError,
  UnknownOutcomeError,
} from '@raft/core';
import type { kvV1 } from '@raft/proto';
import { HistoryGoneError } from './errors.js';

/** Whether a command that ended in this error may yet be done. */
export function mayBeDone(error: RaftError): boolean {
  return error instanceof UnknownOutcomeError || (error instanceof NodeStoppedError && error.maybeDone);
}

export function errorToProto(error: RaftError): kvV1.Error.$Properties {
  const { code, message } = error;
  if (error instanceof HistoryGoneError) return { code, message, oldestRevision: error.oldest };
  if (!(error instanceof NotLeaderError)) return { code, message, maybeDone: mayBeDone(error) };
  return { code, message, leaderId: error.leaderId ?? '', leaderAddress: error.leaderAddress ?? '' };
}

/** The error that the server had, in the class that it had where a caller can tell the classes apart. */
export function errorFrom(proto: kvV1.Error.$Properties): { error: RaftError; maybeDone: boolean } {
  const message = proto.message || 'the server gives no reason';
  const maybeDone = proto.maybeDone ?? false;
  return { error: revive(proto, message, maybeDone), maybeDone };
}

function revive(proto: kvV1.Error.$Properties, message: string, maybeDone: boolean): RaftError {
  switch (proto.code) {
    case 'RAFT_NOT_LEADER':
      return new NotLeaderError(proto.leaderId || undefined, proto.leaderAddress || undefined);
    case 'RAFT_INVALID_ARGUMENT':
      return new InvalidArgumentError(message);
    case 'RAFT_OVERLOADED':
      return new OverloadedError(message);
    case 'RAFT_STORAGE_FULL':
      return new OverloadedError(message, proto.code);
    case 'RAFT_NODE_STOPPED':
      return new NodeStoppedError(message, { maybeDone });
    case 'RAFT_SESSION_EXPIRED':
      return new SessionExpiredError(numberIn(message));
    case 'RAFT_TRANSFER_FAILED':
      return new TransferError(message);
    case 'RAFT_CHANGE_IN_PROGRESS':
    case 'RAFT_CONFIGURATION_CONFLICT':
    case 'RAFT_LEARNER_BEHIND':
      return new MembershipError(proto.code, message);
    case 'RAFT_HISTORY_GONE':
      return new HistoryGoneError(numberIn(message), proto.oldestRevision ?? 0);
    case 'RAFT_UNKNOWN_OUTCOME':
      return new UnknownOutcomeError(withoutAdvice(message));
    default:
      return new RaftError((proto.code || 'RAFT_CHANNEL_REFUSED') as RaftErrorCode, message);
  }
}

/** The first one: these errors make their message of it. */
function numberIn(message: string): number {
  return Number(/\d+/.exec(message)?.[0] ?? 0);
}

const advice = new UnknownOutcomeError('').message;

/** The error's constructor adds the advice; what came from the server has it already. */
function withoutAdvice(message: string): string {
  return message.endsWith(advice) ? message.slice(0, -advice.length) : message;
}
