import { readFile } from 'node:fs/promises';
import { UsageError } from './exit-codes.js';
import type { ValueSource } from './request.js';

/** No server takes a larger value. */
const maxBytes = 2 ** 21;

/** Throws {@link UsageError} for a file that cannot be read or holds too much. */
export async function readValue(source: ValueSource): Promise<Uint8Array> {
  if ('bytes' in source) return source.bytes;
  const { file } = source;
  try {
    const bytes = file === '-' ? await readStdin() : await readFile(file);
    if (bytes.length <= maxBytes) return bytes;
  } catch (error) {
    throw new UsageError(
      `--value-file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}): name another`,
    );
  }
  throw new UsageError(`--value-file ${file} has more than ${maxBytes} bytes: use a smaller value`);
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) break;
  }
  return Buffer.concat(chunks);
}
