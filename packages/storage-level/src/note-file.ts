import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { InvalidArgumentError, StorageError } from '@raft/core';
import { corrupt } from './failure.js';
import { FORMAT_VERSION } from './records.js';
import type { StoreRecord } from './records.js';

/*
 * A file beside the database tells whose it is, and how many writes are known to be durable in it. LevelDB drops what it
 * cannot read at the end of its own log, and makes a new database where it does not find one: what it has forgotten is
 * noticed here. Two slots of 4096 bytes are written in turn; when a write is torn, the other slot is whole.
 */

const slotBytes = 4096;
/** Checksum, length of what follows. */
const headerBytes = 8;

export const noteName = 'raft-level';

export interface Note extends StoreRecord {
  readonly generation: number;
  /** Writes of the database that are durable; it may have more. */
  readonly writes: number;
}

export class NoteFile {
  readonly #handle: FileHandle;
  #note: Note;

  constructor(handle: FileHandle, note: Note) {
    this.#handle = handle;
    this.#note = note;
  }

  get note(): Note {
    return this.#note;
  }

  /** Notes that so many writes are durable. Calls must not overlap. */
  async update(writes: number): Promise<void> {
    if (writes === this.#note.writes) return;
    await this.replace({ ...this.#note, writes });
  }

  async replace(note: Note): Promise<void> {
    const next = { ...note, generation: this.#note.generation + 1 };
    await writeSlot(this.#handle, next);
    await this.#handle.datasync();
    this.#note = next;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Makes the file, under its name only once it is durable. */
export async function createNote(directory: string, store: StoreRecord): Promise<NoteFile> {
  const path = join(directory, noteName);
  const note = { ...store, generation: 0, writes: 0 };
  const made = await open(`${path}.tmp`, 'w');
  try {
    await writeWhole(made, Buffer.alloc(2 * slotBytes), 0);
    await writeSlot(made, note);
    await made.sync();
  } finally {
    await made.close();
  }
  await rename(`${path}.tmp`, path);
  await syncDirectory(directory);
  await syncDirectory(dirname(directory));
  return new NoteFile(await open(path, constants.O_RDWR), note);
}

/** Nothing when there is none. Throws `RAFT_STORAGE_CORRUPT` when neither slot is intact. */
export async function openNote(
  directory: string,
  mode: 'read' | 'write',
): Promise<{ file: NoteFile; repairs: string[] } | undefined> {
  const path = join(directory, noteName);
  let handle: FileHandle;
  try {
    handle = await open(path, mode === 'read' ? constants.O_RDONLY : constants.O_RDWR);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(2 * slotBytes);
    await handle.read(bytes, 0, bytes.length, 0);
    const slots = [readSlot(bytes.subarray(0, slotBytes)), readSlot(bytes.subarray(slotBytes))];
    const note = slots.reduce((a, b) => (!a || (b && b.generation > a.generation) ? b : a));
    if (note === undefined) throw corrupt(`${path} is damaged at offset 0: neither slot is intact`);
    if (note.format > FORMAT_VERSION) {
      const message = `${path} was written by a later version (format ${note.format}): use that version`;
      throw new StorageError('RAFT_STORAGE_IO', message);
    }
    // Generation 0 leaves the other slot empty.
    const torn = slots.includes(undefined) && note.generation > 0;
    return { file: new NoteFile(handle, note), repairs: torn ? [`one of the two slots of ${path} was torn`] : [] };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function writeSlot(handle: FileHandle, note: Note): Promise<void> {
  const json = Buffer.from(JSON.stringify(note));
  if (headerBytes + json.length > slotBytes) {
    throw new InvalidArgumentError('the cluster id and node id are too long: use fewer than 3000 bytes in all');
  }
  const slot = Buffer.alloc(slotBytes);
  slot.writeUInt32LE(json.length, 4);
  json.copy(slot, headerBytes);
  slot.writeUInt32LE(crc32(slot.subarray(4)), 0);
  await writeWhole(handle, slot, (note.generation % 2) * slotBytes);
}

function readSlot(slot: Buffer): Note | undefined {
  if (slot.readUInt32LE(0) !== crc32(slot.subarray(4))) return undefined;
  return JSON.parse(slot.toString('utf8', headerBytes, headerBytes + slot.readUInt32LE(4))) as Note;
}

async function writeWhole(handle: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  const { bytesWritten } = await handle.write(bytes, 0, bytes.length, offset);
  // The disk is full, whatever else may be the matter.
  if (bytesWritten < bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
}

export async function syncDirectory(path: string): Promise<void> {
  // Windows knows no such thing.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
