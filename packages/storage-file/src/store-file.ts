import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { InvalidArgumentError, StorageError } from '@raft/core';
import type { StorageIdentity, StoreIdentity } from '@raft/core';
import { writeWhole } from './file-system.js';
import type { File, FileSystem } from './file-system.js';
import { FRAME_HEADER_BYTES, FrameType, frameBytes, payloadIsIntact, readHeader, saltOf, sealFrame } from './frame.js';
import { storeFileName, temporarySuffix } from './layout.js';
import { FORMAT_VERSION, PREAMBLE_BYTES, readPreamble, writePreamble } from './preamble.js';
import { decodeStore, encodeStore } from './records.js';
import type { LogPlace, StoreRecord } from './records.js';
import { checkVersion } from './segment-beginning.js';
import { DamageError, doing } from './storage-failure.js';

/*
 * The store's file tells whose data a directory holds, and what is durable in it. It has two slots of 4096 bytes, written in
 * turn and synced: when a write is torn, the other slot is whole. Behind them lies the mark, 16 bytes that are written after
 * each write to the log and not synced: the place up to which the log was durable then, with a checksum. It survives the end
 * of the process, not that of the machine, and lies within one sector, so that it is never torn.
 */

const SLOT_BYTES = 4096;
const MARK_BYTES = 16;
export const STORE_FILE_BYTES: number = 2 * SLOT_BYTES + 512;
const storeMagic: Buffer = Buffer.from('RAFTSTO\0', 'latin1');
/** The store id is not known before the file is read. */
const storeSalt: number = saltOf('store');

/** What changes in a store's record. */
export type StoreNote = Partial<Pick<StoreRecord, 'identity' | 'durable' | 'snapshot' | 'hardState'>>;

export class StoreFile {
  readonly #file: File;
  readonly #path: string;
  readonly #markBuffer: Buffer = Buffer.alloc(MARK_BYTES);
  #record: StoreRecord;
  #last: Promise<void> = Promise.resolve();

  constructor(file: File, path: string, record: StoreRecord) {
    this.#file = file;
    this.#path = path;
    this.#record = record;
  }

  get record(): StoreRecord {
    return this.#record;
  }

  get identity(): StoreIdentity {
    return this.#record.identity;
  }

  /** Changes the record; durable once it has resolved. Calls may overlap and take effect in their order. */
  note(change: StoreNote): Promise<void> {
    const done = this.#last.then(() => this.#write({ ...this.#record, ...change }));
    this.#last = done.catch(() => undefined); // told to whoever called
    return done;
  }

  async #write(changed: StoreRecord): Promise<void> {
    const before = this.#record;
    // A vote is in both slots before it counts, so that it outlives the loss of one; so is whose data these are.
    const times = changed.hardState === before.hardState && changed.identity === before.identity ? 1 : 2;
    for (let i = 0; i < times; i++) {
      const record = { ...changed, generation: this.#record.generation + 1 };
      const write = async (): Promise<void> => {
        await writeSlot(this.#file, record);
        await this.#file.sync();
      };
      await doing(`write ${this.#path}`, write, 'broken');
      this.#record = record;
    }
  }

  /** Notes that the log is durable up to a place, as far as this process's end may make one doubt it. Calls must not overlap. */
  mark(place: LogPlace): Promise<void> {
    writeMark(this.#markBuffer, place);
    return doing(`write ${this.#path}`, () => writeWhole(this.#file, this.#markBuffer, 2 * SLOT_BYTES), 'broken');
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }
}

/** Makes the store file of a new store. */
export async function createStore(
  fileSystem: FileSystem,
  directory: string,
  identity: StorageIdentity,
): Promise<StoreFile> {
  const { clusterId, nodeId, groupId } = identity;
  const storeId = randomUUID();
  return makeStore(fileSystem, directory, newRecord({ clusterId, nodeId, groupId, storeId }, storeId));
}

/** Of a store of which nothing else is known. */
export function newRecord(identity: StoreIdentity, frameKey: string): StoreRecord {
  const durable = { segment: 0, offset: 0 };
  return { identity, generation: 0, durable, snapshot: undefined, hardState: undefined, frameKey };
}

/** Makes the file anew, under its name only once it is durable. */
export async function makeStore(fileSystem: FileSystem, directory: string, record: StoreRecord): Promise<StoreFile> {
  const path = join(directory, storeFileName);
  return doing(`create ${path}`, async () => {
    const made = await fileSystem.open(path + temporarySuffix, 'create');
    try {
      await writeWhole(made, Buffer.alloc(STORE_FILE_BYTES), 0);
      await writeSlot(made, record);
      await made.sync();
    } finally {
      await made.close();
    }
    await fileSystem.rename(path + temporarySuffix, path);
    await fileSystem.syncDirectory(directory);
    await fileSystem.syncDirectory(dirname(directory));
    return new StoreFile(await fileSystem.open(path, 'write'), path, record);
  });
}

/** Opens the file for changes of what was read from it. */
export async function openStoreToWrite(
  fileSystem: FileSystem,
  directory: string,
  record: StoreRecord,
): Promise<StoreFile> {
  const path = join(directory, storeFileName);
  return new StoreFile(await doing(`open ${path}`, () => fileSystem.open(path, 'write')), path, record);
}

/** What a store's file holds. */
export interface StoreContent {
  readonly record: StoreRecord;
  /** What a damaged one is read as: nothing, since what it said is not known. */
  readonly mark: LogPlace | 'none' | 'damaged';
  readonly repairs: readonly string[];
}

/** Opens the store file and compares whose it is. Throws `RAFT_STORAGE_IDENTITY`, `RAFT_STORAGE_CORRUPT`. */
export async function openStore(
  fileSystem: FileSystem,
  directory: string,
  identity: StorageIdentity,
): Promise<{ store: StoreFile; content: StoreContent }> {
  const path = join(directory, storeFileName);
  return doing(`open ${path}`, async () => {
    const file = await fileSystem.open(path, 'write');
    try {
      const content = await readStore(file, path);
      checkIdentity(content.record.identity, identity, directory);
      return { store: new StoreFile(file, path, content.record), content };
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

/** Throws `RAFT_STORAGE_CORRUPT` when neither slot is intact. */
export async function readStore(file: File, path: string): Promise<StoreContent> {
  const buffer = Buffer.alloc(STORE_FILE_BYTES);
  await file.read(buffer, 0);
  const slots = [readSlot(buffer, 0, path), readSlot(buffer, 1, path)];
  const record = newest(slots, path);
  const mark = readMark(buffer.subarray(2 * SLOT_BYTES));
  const repairs: string[] = [];
  // Generation 0 leaves the other slot empty.
  if (slots.includes(undefined) && record.generation > 0) repairs.push(`one of the two slots of ${path} was torn`);
  if (mark === 'damaged') repairs.push(`the mark of ${path} at offset ${2 * SLOT_BYTES} was damaged`);
  return { record, mark, repairs };
}

function newest(slots: readonly (StoreRecord | undefined)[], path: string): StoreRecord {
  const record = slots.reduce((a, b) => (!a || (b && b.generation > a.generation) ? b : a));
  if (record) return record;
  throw new DamageError({ path, offset: 0 }, 'neither slot is intact');
}

function checkIdentity(found: StoreIdentity, wanted: StorageIdentity, directory: string): void {
  for (const [key, name] of [
    ['clusterId', 'cluster'],
    ['nodeId', 'node'],
    ['groupId', 'group'],
  ] as const) {
    if (found[key] === wanted[key]) continue;
    const message = `${directory} belongs to ${name} ${found[key]}, not to ${name} ${wanted[key]}: give each its own directory`;
    throw new StorageError('RAFT_STORAGE_IDENTITY', message);
  }
}

async function writeSlot(file: File, record: StoreRecord): Promise<void> {
  const slot = record.generation % 2;
  const payload = encodeStore(record);
  if (PREAMBLE_BYTES + frameBytes(payload.length) > SLOT_BYTES) {
    throw new InvalidArgumentError(
      'the cluster id, node id and group id are too long: use fewer than 3000 bytes in all',
    );
  }
  const buffer = Buffer.alloc(SLOT_BYTES);
  writePreamble(buffer, storeMagic, FORMAT_VERSION);
  buffer.set(payload, PREAMBLE_BYTES + FRAME_HEADER_BYTES);
  const rest = { writeOffset: 0, previous: 0, firstIndex: 0, count: 0, flags: 0, type: FrameType.store };
  const fields = { segment: slot, offset: PREAMBLE_BYTES, controlBytes: payload.length, ...rest };
  sealFrame(buffer, PREAMBLE_BYTES, payload.length, fields, storeSalt);
  await writeWhole(file, buffer, slot * SLOT_BYTES);
}

function readSlot(buffer: Buffer, slot: number, path: string): StoreRecord | undefined {
  const bytes = buffer.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
  const preamble = readPreamble(bytes, storeMagic);
  if (!preamble) return undefined;
  const header = readHeader(bytes, PREAMBLE_BYTES, slot, PREAMBLE_BYTES, storeSalt);
  if (header?.type !== FrameType.store || PREAMBLE_BYTES + header.length > SLOT_BYTES) return undefined;
  if (!payloadIsIntact(bytes, PREAMBLE_BYTES, header, storeSalt)) return undefined;
  // Not under the checksum: another version with an intact record is another release's, not damage.
  checkVersion(preamble.version, path);
  const payload = PREAMBLE_BYTES + FRAME_HEADER_BYTES;
  return decodeStore(bytes.subarray(payload, payload + header.controlBytes));
}

/** u32 checksum of the other twelve bytes, u32 segment, u32 offset, u32 0. */
function writeMark(buffer: Buffer, { segment, offset }: LogPlace): void {
  buffer.writeUInt32LE(segment, 4);
  buffer.writeUInt32LE(offset, 8);
  buffer.writeUInt32LE(0, 12);
  buffer.writeUInt32LE(crc32(buffer.subarray(4, MARK_BYTES), storeSalt), 0);
}

function readMark(buffer: Buffer): LogPlace | 'none' | 'damaged' {
  const bytes = buffer.subarray(0, MARK_BYTES);
  if (bytes.every((byte) => byte === 0)) return 'none';
  if (crc32(bytes.subarray(4), storeSalt) !== bytes.readUInt32LE(0)) return 'damaged';
  return { segment: bytes.readUInt32LE(4), offset: bytes.readUInt32LE(8) };
}

/** The later one of two places. */
export function laterPlace(a: LogPlace, b: LogPlace): LogPlace {
  return a.segment > b.segment || (a.segment === b.segment && a.offset >= b.offset) ? a : b;
}
