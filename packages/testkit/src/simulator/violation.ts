/** The simulated cluster did what Raft never does, or did not do what it must. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Throws {@link Violation} when the condition does not hold. */
export function must(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message());
}
