import { RaftError } from '@raft/core';

/** The person who started the program has to change something: one line on stderr, exit code 2, no stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** One line for stderr: `program: message`, or JSON as raft-client prints it. */
export function describeError(error: Error, exitCode: number, program: string, asJson: boolean): string {
  const message = error.message.replaceAll(/\s*\n\s*/g, ' ');
  if (!asJson) return `${program}: ${message}`;
  const known = [error, error.cause].find((each) => each instanceof RaftError);
  return JSON.stringify({ error: { code: known?.code ?? null, message, exitCode } });
}

export const exitCodes = {
  done: 0,
  /** Something broke while it ran. */
  failed: 1,
  /** It was asked for something that cannot work. */
  usage: 2,
} as const;
