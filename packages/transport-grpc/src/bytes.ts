/** More than this, beside its own bytes, a received message may not keep alive. */
const slackBytes = 64;

/**
 * The bytes in memory of their own: small messages come in slabs that they share with whatever else was allocated then, and a
 * kept entry would keep its slab.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength - bytes.length > slackBytes ? new Uint8Array(bytes) : bytes;
}

/** The same bytes as a Buffer, which is what grpc-js wants. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
