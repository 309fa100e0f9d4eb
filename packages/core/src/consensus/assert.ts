/** Stays on in production: a consensus that finds itself in an impossible state must stop, not go on. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`consensus invariant broken: ${message}`);
}
