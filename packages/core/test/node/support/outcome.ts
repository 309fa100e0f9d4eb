/** How a promise ended: its value, or the error's code (a foreign error's message); `hanging` before that. */
export interface Outcome<T> {
  value?: T;
  error?: unknown;
  end: string;
}

/** Watches a promise, so that a test can ask for its end without waiting for it. */
export function watch<T>(promise: Promise<T>): Outcome<T> {
  const outcome: Outcome<T> = { end: 'hanging' };
  promise.then(
    (value) => Object.assign(outcome, { value, end: 'done' }),
    (error: unknown) => Object.assign(outcome, { error, end: nameOf(error) }),
  );
  return outcome;
}

function nameOf(error: unknown): string {
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message;
  return String(error);
}
