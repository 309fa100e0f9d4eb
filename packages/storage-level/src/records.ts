import { crc32 } from 'node:zlib';
import type { Entry, EntryType, HardState, LogIndex, NodeId, SnapshotMeta, Term, TermRun } from '@raft/core';

/*
 * Values of the database. Each begins with a CRC-32 of the database's id, the key and the rest of the value, so that what has
 * rotted, and what lies under another key or comes from another database, is not taken for data. LevelDB has checksums of its
 * own, but does not look at all of them.
 */

/** Whose database it is. */
export interface StoreRecord {
  readonly format: number;
  readonly databaseId: string;
  readonly clusterId: string;
  readonly nodeId: NodeId;
}

/** Written with every batch, so that a lost write is noticed: it takes the new root, or a group's new record, with it. */
export interface RootRecord {
  /** Writes since the database was made. */
  readonly writes: number;
  /** The sum of the checksums of all groups' records, modulo 2^32. */
  readonly sum: number;
}

/** All that is small of a group. Written with every batch of it. */
export interface GroupRecord {
  readonly storeId: string;
  readonly hardState: HardState;
  /** The entry before the first one. */
  readonly base: TermRun;
  /** The last entry, or `base`. */
  readonly last: TermRun;
  readonly snapshot?: SnapshotRecord | undefined;
}

export interface SnapshotRecord {
  readonly id: number;
  readonly meta: SnapshotMeta;
  readonly bytes: number;
  readonly chunkBytes: number;
}

export const FORMAT_VERSION = 1;

/** At the beginning of each value. */
export const checksumBytes = 4;
/** Checksum, type, term, term of the entry before. */
const entryHeaderBytes = checksumBytes + 1 + 8 + 8;
const twoTo32 = 2 ** 32;

/** Starts the checksums of a database. */
export function saltOf(databaseId: string): number {
  return crc32(databaseId);
}

/** `value` has room for the checksum. */
function seal(salt: number, key: Buffer, value: Buffer): Buffer {
  value.writeUInt32LE(crc32(value.subarray(checksumBytes), crc32(key, salt)), 0);
  return value;
}

export function isIntact(salt: number, key: Buffer, value: Buffer): boolean {
  return (
    value.length >= checksumBytes && value.readUInt32LE(0) === crc32(value.subarray(checksumBytes), crc32(key, salt))
  );
}

export function checksumOf(value: Buffer): number {
  return value.readUInt32LE(0);
}

export function encodeRecord(salt: number, key: Buffer, record: StoreRecord | RootRecord | GroupRecord): Buffer {
  return seal(salt, key, Buffer.concat([Buffer.alloc(checksumBytes), Buffer.from(JSON.stringify(record))]));
}

/** What was encoded; nothing when the value is damaged. */
export function decodeRecord(salt: number, key: Buffer, value: Buffer | undefined): unknown {
  if (value === undefined || !isIntact(salt, key, value)) return undefined;
  return JSON.parse(value.toString('utf8', checksumBytes));
}

/** JSON leaves out what is undefined. */
export function hardStateOf({ hardState: { term, votedFor, commitIndex } }: GroupRecord): HardState {
  return { term, votedFor, commitIndex };
}

/** An entry, with the term of the one before it: so that the log is a chain, whose end the group's record knows. */
export function encodeEntry(salt: number, key: Buffer, { type, term, data }: Entry, previousTerm: Term): Buffer {
  const value = Buffer.allocUnsafe(entryHeaderBytes + data.length);
  value[checksumBytes] = type;
  writeNumber(value, term, checksumBytes + 1);
  writeNumber(value, previousTerm, checksumBytes + 9);
  value.set(data, entryHeaderBytes);
  return seal(salt, key, value);
}

export interface StoredEntry {
  readonly entry: Entry;
  readonly previousTerm: Term;
}

/** Nothing when the value is damaged. The data are a view on `value`. */
export function decodeEntry(salt: number, key: Buffer, index: LogIndex, value: Buffer): StoredEntry | undefined {
  if (value.length < entryHeaderBytes || !isIntact(salt, key, value)) return undefined;
  const data = new Uint8Array(value.buffer, value.byteOffset + entryHeaderBytes, value.length - entryHeaderBytes);
  const term = readNumber(value, checksumBytes + 1);
  const entry = { index, term, type: value[checksumBytes] as EntryType, data };
  return { entry, previousTerm: readNumber(value, checksumBytes + 9) };
}

export function encodeChunk(salt: number, key: Buffer, data: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(checksumBytes + data.length);
  value.set(data, checksumBytes);
  return seal(salt, key, value);
}

/** Nothing when the value is damaged. */
export function decodeChunk(salt: number, key: Buffer, value: Buffer): Uint8Array | undefined {
  if (!isIntact(salt, key, value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset + checksumBytes, value.length - checksumBytes);
}

function writeNumber(buffer: Buffer, value: number, offset: number): void {
  buffer.writeUInt32LE(value % twoTo32, offset);
  buffer.writeUInt32LE(Math.floor(value / twoTo32), offset + 4);
}

function readNumber(buffer: Buffer, offset: number): number {
  return buffer.readUInt32LE(offset) + buffer.readUInt32LE(offset + 4) * twoTo32;
}
