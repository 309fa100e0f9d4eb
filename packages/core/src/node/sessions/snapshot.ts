import type { LogIndex } from '../../types.js';
import { ByteReader, ByteWriter } from './bytes.js';
import { doneOf } from './table.js';
import type { SessionState, SessionTable, TableView } from './table.js';

// The table as a snapshot holds it: blocks of some size, all numbers varints.
//
//   The first block begins with version 2. Then come, one after the other, first the sessions, least recently used first:
//     1, id, `lastUsedIndex`, `firstUnacknowledged`, the number of its applied commands, and of each sequence and index,
//   then the kept results, in the order of the log:
//     2, index, length, and so many bytes, which may go on in the blocks that follow.
//   An empty table has no blocks.

const VERSION = 2;
const Kind = { session: 1, result: 2 } as const;

/** Bytes of a block, roughly: some hundred microseconds of work. */
export const BLOCK_BYTES: number = 64 * 1024;

/** The table as of the call; it may change while the blocks are read. */
export function encodeSessions(table: SessionTable): Iterator<Uint8Array, undefined> {
  return table.size === 0 ? [].values() : blocksOf(table.view());
}

function* blocksOf({ sessions, results }: TableView): Generator<Uint8Array, undefined> {
  const newBlock = (): ByteWriter => new ByteWriter(BLOCK_BYTES + 1024);
  let block = newBlock().number(VERSION);
  for (const [, session] of sessions) {
    writeSession(block, session);
    if (block.length < BLOCK_BYTES) continue;
    yield block.finish();
    block = newBlock();
  }
  for (const [index, result] of results) {
    block.number(Kind.result).number(index).number(result.length);
    for (let at = 0; at < result.length || block.length >= BLOCK_BYTES;) {
      const part = result.subarray(at, at + Math.max(0, BLOCK_BYTES - block.length));
      at += part.length;
      block.bytes(part);
      if (block.length < BLOCK_BYTES) continue;
      yield block.finish();
      block = newBlock();
    }
  }
  if (block.length > 0) yield block.finish();
}

function writeSession(block: ByteWriter, session: SessionState): void {
  const done = doneOf(session);
  const { id, lastUsedIndex, firstUnacknowledged } = session;
  block.number(Kind.session).number(id).number(lastUsedIndex).number(firstUnacknowledged).number(done.length);
  for (const [sequence, index] of done) block.number(sequence).number(index);
}

/** Reads the blocks, in order, beside the table, which is replaced only once all have come. */
export class SessionsReader {
  readonly #table: SessionTable;
  readonly #fresh: SessionTable;
  #begun = false;
  /** A result of which bytes are to come. */
  #partial: { readonly index: LogIndex; readonly bytes: Uint8Array; filled: number } | undefined;

  constructor(table: SessionTable) {
    this.#table = table;
    this.#fresh = table.emptied();
  }

  /** Throws what is wrong with a block that is none. Its bytes may be used again afterwards. */
  take(block: Uint8Array): void {
    const reader = new ByteReader(block);
    if (!this.#begun) checkVersion(reader.number());
    this.#begun = true;
    this.#readBytes(reader);
    while (!reader.isAtEnd) this.#readItem(reader);
  }

  /** All blocks have come. */
  finish(): void {
    if (this.#partial !== undefined) throw new Error('the session table ends within a result');
    this.#table.replace(this.#fresh);
  }

  #readItem(reader: ByteReader): void {
    const kind = reader.number();
    if (kind === Kind.session) return this.#fresh.add(readSession(reader));
    if (kind !== Kind.result) throw new Error(`a session table holds nothing of kind ${kind}`);
    const index = reader.number();
    const length = reader.number();
    const { maxBytes } = this.#fresh.results;
    if (length > maxBytes) throw new Error(`a result of ${length} bytes is larger than ${maxBytes}`);
    this.#partial = { index, bytes: new Uint8Array(length), filled: 0 };
    this.#readBytes(reader);
  }

  #readBytes(reader: ByteReader): void {
    const partial = this.#partial;
    if (partial === undefined) return;
    const { index, bytes, filled } = partial;
    const part = reader.bytes(Math.min(bytes.length - filled, reader.left));
    bytes.set(part, filled);
    partial.filled += part.length;
    if (partial.filled < bytes.length) return;
    this.#fresh.results.keep(index, bytes);
    this.#partial = undefined;
  }
}

function checkVersion(version: number): void {
  if (version === VERSION) return;
  throw new Error(`a session table of version ${version} is not known here: run the version that wrote the snapshot`);
}

function readSession(reader: ByteReader): SessionState {
  const [id, lastUsedIndex, firstUnacknowledged] = [reader.number(), reader.number(), reader.number()];
  const done = new Map<number, LogIndex>();
  for (let left = reader.number(); left > 0; left--) done.set(reader.number(), reader.number());
  return { id, lastUsedIndex, firstUnacknowledged, done, acknowledged: 0 };
}
