import { NodeStoppedError, RaftError } from '@raft/core';

export const exitCodes = {
  done: 0,
  /** Certainly not done. */
  failed: 1,
  /** The command line asks for something that cannot be. */
  usage: 2,
  /** It may or may not be done. */
  unknown: 3,
  keyNotFound: 4,
  /** A watch cannot go on without a gap. */
  historyGone: 5,
} as const;

/** The command line has to be changed: one line on stderr, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Nothing broke, but there is nothing to show: a compare-and-set that found something else, an absent key. */
export class NotDoneError extends Error {
  override readonly name = 'NotDoneError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Undefined for an error that nobody expects. */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof NotDoneError) return error.exitCode;
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof RaftError)) return undefined;
  if (error.code === 'RAFT_UNKNOWN_OUTCOME') return exitCodes.unknown;
  if (error.code === 'RAFT_HISTORY_GONE') return exitCodes.historyGone;
  if (error instanceof NodeStoppedError && error.maybeDone) return exitCodes.unknown;
  return error.code === 'RAFT_INVALID_ARGUMENT' ? exitCodes.usage : exitCodes.failed;
}

/** One line for stderr. */
export function describeError(error: Error, exitCode: number, asJson: boolean): string {
  const message = error.message.replaceAll(/\s*\n\s*/g, ' ');
  if (!asJson) return `raft-client: ${message}`;
  const code = error instanceof RaftError ? error.code : null;
  return JSON.stringify({ error: { code, message, exitCode } });
}
