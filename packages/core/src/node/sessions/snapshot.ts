import { assert } from '../../consensus/assert.js';
import type { LogIndex } from '../../types.js';
import { ByteReader, ByteWriter } from './bytes.js';
import type { SessionState, SessionTable } from './table.js';

const VERSION = 1;

/**
 * The table as a snapshot holds it, all numbers varints: version 1; the number of sessions, and of each (least recently used first)
 * id, `lastUsedIndex`, `firstUnacknowledged`, the number of its applied commands and of each sequence and index; the number of
 * kept results, and of each (in the order of the log) index, length and bytes. An empty table is no bytes.
 */
export function encodeSessions(table: SessionTable): Uint8Array {
  assert(table.isSettled, 'a session table is written between two batches, not within one');
  if (table.size === 0) return new Uint8Array();
  const { results } = table;
  const writer = new ByteWriter(64 + 32 * table.size + results.bytes).number(VERSION).number(table.size);
  for (const { id, lastUsedIndex, firstUnacknowledged, done } of table.sessions()) {
    writer.number(id).number(lastUsedIndex).number(firstUnacknowledged).number(done.size);
    for (const [sequence, index] of done) writer.number(sequence).number(index);
  }
  writer.number(results.size);
  for (const [index, result] of results.entries()) writer.number(index).number(result.length).bytes(result);
  return writer.finish();
}

/** Replaces what the table holds. Throws, and changes nothing, when the bytes are none. They may be reused afterwards. */
export function restoreSessions(table: SessionTable, bytes: Uint8Array): void {
  if (bytes.length === 0) return table.reset([], []);
  const reader = new ByteReader(bytes);
  const version = reader.number();
  if (version !== VERSION) {
    throw new Error(`a session table of version ${version} is not known here: run the version that wrote the snapshot`);
  }
  const sessions = list(reader, readSession);
  const results = list(reader, (): readonly [LogIndex, Uint8Array] => {
    const index = reader.number();
    return [index, reader.bytes(reader.number()).slice()];
  });
  if (!reader.isAtEnd) throw new Error('the session table has bytes beyond its end');
  table.reset(sessions, results);
}

function readSession(reader: ByteReader): SessionState {
  return {
    id: reader.number(),
    lastUsedIndex: reader.number(),
    firstUnacknowledged: reader.number(),
    done: new Map(list(reader, () => [reader.number(), reader.number()])),
  };
}

function list<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const items: T[] = [];
  for (let left = reader.number(); left > 0; left--) items.push(read(reader));
  return items;
}
