import { UsageError } from './exit-codes.js';

export type Encoding = 'utf8' | 'base64';

/** Bytes of a key or a value that was given on the command line. Throws {@link UsageError}, with `what` in it. */
export function toBytes(text: string, encoding: Encoding, what: string): Uint8Array {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8');
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is no base64; what comes out the same went in whole.
  if (bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')) return bytes;
  throw new UsageError(`the ${what} ${JSON.stringify(text)} is not base64: mend it, or use --encoding utf8`);
}

/** Undefined for bytes that are no UTF-8. */
export function asUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
