import { StorageError } from '../../errors.js';
import { crc32 } from './crc32.js';

// What a snapshot holds:
//
//   [uint32 LE version = 2] [the session table's blocks] [what the state machine yielded] [checksum]
//   block: [uint32 LE length] [so many bytes] [checksum]; the last one has length 0
//   checksum: uint32 LE CRC-32 of everything before but for checksums

export const VERSION = 2;
export const CHECKSUM_BYTES = 4;
/** Far more than a block has: a length beyond it is damage. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

/**
 * The session table and the state machine's snapshot as one stream. The machine is asked for its first chunk within this call: a
 * generator begins only then, and what it shows is to be the state of now.
 */
export function frameSnapshot(
  table: Iterator<Uint8Array, undefined>,
  machine: AsyncIterable<Uint8Array>,
): AsyncIterableIterator<Uint8Array, undefined> {
  const iterator = machine[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<Uint8Array>> | undefined = iterator.next();
  first.catch(() => 'told when it is read');
  let state: 'head' | 'table' | 'machine' | 'end' = 'head';
  let checksum = 0;

  function counted(value: Uint8Array): IteratorResult<Uint8Array, undefined> {
    checksum = crc32(value, checksum);
    return { done: false, value };
  }

  function nextBlock(): IteratorResult<Uint8Array, undefined> {
    const { done, value = new Uint8Array() } = table.next();
    if (done === true) state = 'machine';
    const length = uint32(value.length);
    checksum = crc32(value, crc32(length, checksum));
    return { done: false, value: joined([length, value, uint32(checksum)]) };
  }

  const framed: AsyncIterableIterator<Uint8Array, undefined> = {
    async next() {
      if (state === 'end') return { done: true, value: undefined };
      if (state === 'table') return nextBlock();
      if (state === 'head') {
        state = 'table';
        return counted(uint32(VERSION));
      }
      const next = await (first ?? iterator.next());
      first = undefined;
      if (next.done !== true) return counted(next.value);
      state = 'end';
      return { done: false, value: uint32(checksum) };
    },
    /** Lets go of what is held for the snapshot, here and in the machine. */
    async return() {
      state = 'end';
      table.return?.();
      await iterator.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => framed,
  };
  return framed;
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
}

/**
 * Hands the session table to `take`, block by block, then gives the state machine's part: to be read to its end, where it throws when
 * the whole is not what was written. Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` for a stream that is not as
 * {@link frameSnapshot} makes it, before `take` sees anything of that, and what `take` throws.
 */
export async function unframeSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  take: (block: Uint8Array) => void | Promise<void>,
): Promise<AsyncIterable<Uint8Array>> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    const beginning = new Beginning(iterator);
    const checksum = await readTable(beginning, take);
    return remaining(beginning.rest, iterator, checksum);
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
}

/** Gives the checksum of what it has read. */
async function readTable(beginning: Beginning, take: (block: Uint8Array) => void | Promise<void>): Promise<number> {
  const head = await beginning.take(4);
  const version = readUint32(head, 0);
  if (version !== VERSION) {
    throw damaged(`has format ${version}, and this version reads ${VERSION}: use the version that wrote it`);
  }
  for (let checksum = crc32(head); ;) {
    const length = await beginning.take(4);
    const bytes = readUint32(length, 0);
    if (bytes > MAX_BLOCK_BYTES) throw damaged(`has a block of ${bytes} bytes`);
    const block = await beginning.take(bytes);
    checksum = crc32(block, crc32(length, checksum));
    if (readUint32(await beginning.take(CHECKSUM_BYTES), 0) !== checksum) {
      throw damaged('is not what was written: a checksum of its session table differs');
    }
    if (bytes === 0) return checksum;
    await take(block);
  }
}

async function* remaining(
  rest: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
  checksumOfHead: number,
): AsyncGenerator<Uint8Array> {
  let checksum = checksumOfHead;
  // The last bytes are no part of it, and which they are is known only at the end.
  let held = rest;
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      if (next.value.length < CHECKSUM_BYTES || held.length === 0) {
        held = joined([held, next.value]);
        continue;
      }
      checksum = crc32(held, checksum);
      yield held;
      held = next.value;
    }
    if (held.length < CHECKSUM_BYTES) throw damaged('ends before its checksum');
    const last = held.subarray(0, held.length - CHECKSUM_BYTES);
    if (crc32(last, checksum) !== readUint32(held, last.length))
      throw damaged('is not what was written: its checksum differs');
    if (last.length > 0) yield last;
  } finally {
    await iterator.return?.();
  }
}

/** Takes so many bytes from the beginning of a stream of chunks of any size. */
class Beginning {
  readonly #iterator: AsyncIterator<Uint8Array>;
  rest: Uint8Array = new Uint8Array(0);

  constructor(iterator: AsyncIterator<Uint8Array>) {
    this.#iterator = iterator;
  }

  async take(bytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let missing = bytes; missing > 0;) {
      if (this.rest.length === 0) this.rest = await this.#next();
      const part = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(part.length);
      parts.push(part);
      missing -= part.length;
    }
    return joined(parts);
  }

  async #next(): Promise<Uint8Array> {
    const next = await this.#iterator.next();
    if (next.done === true) throw damaged('ends before its state begins');
    return next.value;
  }
}

function damaged(how: string): StorageError {
  return new StorageError('RAFT_STORAGE_CORRUPT', `the snapshot ${how}`);
}

/** A copy only where there is more than one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const all = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Chunks of any size as pieces of `bytes` each, the last one smaller; copies only where chunks are smaller than a piece. */
export async function* inPieces(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let gathered = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + bytes - gathered);
      at += part.length;
      gathered += part.length;
      parts.push(part);
      if (gathered < bytes) continue;
      yield joined(parts);
      parts = [];
      gathered = 0;
    }
  }
  if (gathered > 0) yield joined(parts);
}
