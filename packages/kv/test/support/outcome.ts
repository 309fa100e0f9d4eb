import { RaftError } from '@raft/core';

/** How a promise stands: looked at without waiting. */
export interface Outcome<T> {
  settled: boolean;
  value: T | undefined;
  error: unknown;
  /** The error's code; `done` for a value, `pending` before the end. */
  readonly code: string;
  readonly message: string;
}

export function watch<T>(promise: Promise<T>): Outcome<T> {
  const outcome: Outcome<T> = {
    settled: false,
    value: undefined,
    error: undefined,
    get code() {
      if (!outcome.settled) return 'pending';
      if (outcome.error === undefined) return 'done';
      return outcome.error instanceof RaftError ? outcome.error.code : 'another error';
    },
    get message() {
      return outcome.error instanceof Error ? outcome.error.message : '';
    },
  };
  promise.then(
    (value) => Object.assign(outcome, { settled: true, value }),
    (error: unknown) => Object.assign(outcome, { settled: true, error }),
  );
  return outcome;
}
