/** Bytes that are not what they should be. Whoever sent them is broken or hostile: close that connection. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Runs a decoder; whatever it throws is the input's fault and becomes a {@link DecodeError} that names `what`. */
export function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError(`malformed ${what}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
