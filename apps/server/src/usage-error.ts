/** The person who started the program has to change something: one line on stderr, exit code 2, no stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const exitCodes = {
  done: 0,
  /** Something broke while it ran. */
  failed: 1,
  /** It was asked for something that cannot work. */
  usage: 2,
} as const;
