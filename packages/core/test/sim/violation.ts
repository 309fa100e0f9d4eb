/** The simulated cluster did what Raft never does. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function must(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message());
}
