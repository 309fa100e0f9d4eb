/** Something that was started did not come to work; the message says what, and where to read more. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}
