import { AbortedError, ChannelError, type NotLeaderError, type RaftError, UnknownOutcomeError } from '@raft/core';
import type { LeaderHint } from './servers.js';

/** What to do after an attempt that failed. */
export type Verdict =
  | { readonly type: 'again'; readonly where: 'here' }
  | { readonly type: 'again'; readonly where: 'elsewhere'; readonly hint?: LeaderHint }
  | { readonly type: 'end'; readonly error: RaftError };

/**
 * What may be repeated at any rate (a read, a change in a session) is; a change else only when it is certain that it was not
 * done, which `isDoubtful` says.
 */
export function judge(error: RaftError, isDoubtful: boolean, mayRepeat: boolean): Verdict {
  if (isDoubtful && !mayRepeat) return end(unknownOutcome(error));
  switch (error.code) {
    case 'RAFT_NOT_LEADER':
      return { type: 'again', where: 'elsewhere', hint: error as NotLeaderError };
    case 'RAFT_OVERLOADED':
    case 'RAFT_CHANNEL_BUSY':
    case 'RAFT_PROPOSAL_DROPPED':
      return { type: 'again', where: 'here' };
    case 'RAFT_CHANNEL_LOST':
    case 'RAFT_CHANNEL_REFUSED':
    case 'RAFT_NODE_STOPPED':
    case 'RAFT_TIMEOUT':
    case 'RAFT_UNKNOWN_OUTCOME':
      return { type: 'again', where: 'elsewhere' };
    case 'RAFT_ABORTED':
      return end(new AbortedError(error.message, { cause: error }));
    default:
      return end(error);
  }
}

/** Whether a change whose attempt ended so may be done; `maybeDone` is what the server says of its own error. */
export function mayHaveDone(error: RaftError, maybeDone: boolean): boolean {
  // A server of the map refuses only what it has not done.
  if (maybeDone) return true;
  return error instanceof ChannelError && error.delivered === 'maybe' && error.code !== 'RAFT_CHANNEL_REFUSED';
}

export function unknownOutcome(error: RaftError): UnknownOutcomeError {
  return error instanceof UnknownOutcomeError ? error : new UnknownOutcomeError(error.message);
}

function end(error: RaftError): Verdict {
  return { type: 'end', error };
}
