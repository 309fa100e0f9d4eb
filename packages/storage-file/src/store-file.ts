import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { InvalidArgumentError, StorageError } from '@raft/core';
import type { StorageIdentity } from '@raft/core';
import type { File, FileSystem } from './file-system.js';
import { FRAME_HEADER_BYTES, FrameType, frameBytes, payloadIsIntact, readHeader, saltOf, sealFrame } from './frame.js';
import { storeFileName, temporarySuffix } from './layout.js';
import { FORMAT_VERSION, PREAMBLE_BYTES, readPreamble, writePreamble } from './preamble.js';
import { decodeStore, encodeStore } from './records.js';
import type { LogPlace, StoreIdentity, StoreRecord } from './records.js';
import { checkVersion } from './segment-beginning.js';
import { doing } from './storage-failure.js';

/*
 * The store's file tells whose data a directory holds, and up to where the log is durable. It has two slots of 4096 bytes,
 * written in turn: when a write is torn, the other slot is whole.
 */

const SLOT_BYTES = 4096;
const storeMagic: Buffer = Buffer.from('RAFTSTO\0', 'latin1');
/** The store id is not known before the file is read. */
const storeSalt: number = saltOf('store');

export class StoreFile {
  readonly #file: File;
  readonly #path: string;
  #record: StoreRecord;

  constructor(file: File, path: string, record: StoreRecord) {
    this.#file = file;
    this.#path = path;
    this.#record = record;
  }

  get identity(): StoreIdentity {
    return this.#record.identity;
  }

  get durable(): LogPlace {
    return this.#record.durable;
  }

  /** Notes that the log is durable up to a place. Calls must not overlap. */
  async note(durable: LogPlace): Promise<void> {
    const { identity, generation } = this.#record;
    if (durable.segment === this.durable.segment && durable.offset === this.durable.offset) return;
    const record = { identity, generation: generation + 1, durable };
    await doing(`write ${this.#path}`, () => writeSlot(this.#file, record));
    this.#record = record;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Makes the directory's store file, under its name only once it is durable. */
export async function createStore(
  fileSystem: FileSystem,
  directory: string,
  identity: StorageIdentity,
): Promise<StoreFile> {
  const path = join(directory, storeFileName);
  const { clusterId, nodeId, groupId } = identity;
  const record: StoreRecord = {
    identity: { clusterId, nodeId, groupId, storeId: randomUUID() },
    generation: 0,
    durable: { segment: 0, offset: 0 },
  };
  return doing(`create ${path}`, async () => {
    const made = await fileSystem.open(path + temporarySuffix, 'create');
    try {
      await writeWhole(made, Buffer.alloc(2 * SLOT_BYTES), 0);
      await writeSlot(made, record);
      await made.sync();
    } finally {
      await made.close();
    }
    await fileSystem.rename(path + temporarySuffix, path);
    await fileSystem.syncDirectory(directory);
    await fileSystem.syncDirectory(dirname(directory));
    return new StoreFile(await fileSystem.open(path, 'durable'), path, record);
  });
}

/** Opens the store file and compares whose it is. Throws `RAFT_STORAGE_IDENTITY`, `RAFT_STORAGE_CORRUPT`. */
export async function openStore(
  fileSystem: FileSystem,
  directory: string,
  identity: StorageIdentity,
): Promise<{ store: StoreFile; repairs: string[] }> {
  const path = join(directory, storeFileName);
  return doing(`open ${path}`, async () => {
    const file = await fileSystem.open(path, 'durable');
    try {
      const buffer = Buffer.alloc(2 * SLOT_BYTES);
      await file.read(buffer, 0);
      const slots = [readSlot(buffer, 0, path), readSlot(buffer, 1, path)];
      const record = newest(slots, path);
      checkIdentity(record.identity, identity, directory);
      // Generation 0 leaves the other slot empty.
      const repairs =
        slots.includes(undefined) && record.generation > 0 ? [`one of the two slots of ${path} was torn`] : [];
      return { store: new StoreFile(file, path, record), repairs };
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

function newest(slots: readonly (StoreRecord | undefined)[], path: string): StoreRecord {
  const record = slots.reduce((a, b) => (!a || (b && b.generation > a.generation) ? b : a));
  if (record) return record;
  throw new StorageError(
    'RAFT_STORAGE_CORRUPT',
    `${path} is damaged at offset 0: neither slot is intact. Restore the directory from a copy, or remove it and add the node to the cluster anew`,
  );
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

async function writeWhole(file: File, bytes: Buffer, offset: number): Promise<void> {
  const written = await file.write(bytes, offset);
  // The disk is full, whatever else may be the matter.
  if (written < bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
}

function readSlot(buffer: Buffer, slot: number, path: string): StoreRecord | undefined {
  const bytes = buffer.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
  const preamble = readPreamble(bytes, storeMagic);
  if (!preamble) return undefined;
  checkVersion(preamble.version, path);
  const header = readHeader(bytes, PREAMBLE_BYTES, slot, PREAMBLE_BYTES, storeSalt);
  if (header?.type !== FrameType.store || PREAMBLE_BYTES + header.length > SLOT_BYTES) return undefined;
  if (!payloadIsIntact(bytes, PREAMBLE_BYTES, header, storeSalt)) return undefined;
  const payload = PREAMBLE_BYTES + FRAME_HEADER_BYTES;
  return decodeStore(bytes.subarray(payload, payload + header.controlBytes));
}
