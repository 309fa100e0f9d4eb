import { randomUUID } from 'node:crypto';
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { RaftError, StorageError } from '@raft/core';
import type { GroupId, Logger, StorageIdentity } from '@raft/core';
import { checkFiles, databaseName } from './database-files.js';
import { finishInterrupted } from './directory-change.js';
import { useDirectory } from './directory-use.js';
import { corrupt, doing, FailStop, storageError } from './failure.js';
import { groupOf, groupRecords, rootKey, storeKey } from './keys.js';
import type { KeyRange } from './keys.js';
import { keepLogs, rescueLogs } from './log-rescue.js';
import { createNote, noteName, openNote } from './note-file.js';
import type { NoteFile } from './note-file.js';
import { checksumOf, decodeRecord, encodeRecord, FORMAT_VERSION, saltOf } from './records.js';
import type { GroupRecord, RootRecord, StoreRecord } from './records.js';
import { removeScratches, scratchPrefix } from './scratch.js';
import { Space } from './space.js';
import { Turns } from './turns.js';
import { Writer } from './writer.js';

export interface DatabaseOptions {
  readonly directory: string;
  readonly reserveBytes: number;
  readonly freeBytes?: (() => Promise<number>) | undefined;
  readonly logger: Logger;
}

/** Larger than LevelDB's own: a log is written once and read seldom, so fewer and larger files do. */
const levelOptions = { writeBufferSize: 8 * 1024 * 1024, maxFileSize: 8 * 1024 * 1024, cacheSize: 8 * 1024 * 1024 };
/** How far the note may lag behind, whichever comes first. */
const noteEveryMs = 1000;
const noteEveryWrites = 1000;
const noteEveryBytes = 4 * 1024 * 1024;
/** Keys that one step of a range deletion takes. */
const keysAtOnce = 1000;

/** An open database: one directory, the groups of one node. */
export class Database {
  readonly path: string;
  readonly level: ClassicLevel<Buffer, Buffer>;
  readonly salt: number;
  readonly failure: FailStop;
  readonly writer: Writer;
  /** The groups that there are, as they were when the database was opened, or made. */
  readonly records: Map<GroupId, GroupRecord>;
  /** What opening mended. */
  readonly repairs: readonly string[];
  readonly store: StoreRecord;
  readonly #release: () => void;
  readonly #note: NoteFile;
  readonly #space: Space;
  readonly #turns: Turns;
  #bytesSinceNote = 0;
  #noteTimer: NodeJS.Timeout | undefined;
  #noting: Promise<void> | undefined;

  private constructor(
    path: string,
    release: () => void,
    options: DatabaseOptions,
    content: Content,
    repairs: readonly string[],
  ) {
    this.#release = release;
    const { level, note, root, records, checksums, store } = content;
    this.path = path;
    this.level = level;
    this.store = store;
    this.salt = saltOf(store.databaseId);
    this.records = records;
    this.repairs = repairs;
    this.#note = note;
    this.failure = new FailStop((error) => options.logger('error', error.message));
    this.#space = new Space({ ...options, directory: path });
    this.#turns = new Turns(this.failure);
    this.writer = new Writer({
      path,
      level,
      salt: this.salt,
      failure: this.failure,
      space: this.#space,
      turns: this.#turns,
      root,
      checksums,
      written: (bytes) => this.#written(bytes),
    });
  }

  /** Opens or makes it. Whose it is, the caller compares. See `Storage.open` for the errors. */
  static async open(options: DatabaseOptions, identity: StorageIdentity): Promise<Database> {
    const { directory } = options;
    await doing(`make ${directory}`, () => mkdir(directory, { recursive: true }));
    // LevelDB tells directories of one process apart by their names.
    const path = await doing(`find ${directory}`, () => realpath(directory));
    const release = useDirectory(path);
    try {
      return await Database.#open(path, release, options, identity);
    } catch (error) {
      release();
      throw error;
    }
  }

  static async #open(
    path: string,
    release: () => void,
    options: DatabaseOptions,
    identity: StorageIdentity,
  ): Promise<Database> {
    const finished = await finishInterrupted(path);
    const noted = await doing(`open ${join(path, noteName)}`, () => openNote(path, 'write'));
    try {
      const repairs = noted
        ? [...finished, ...noted.repairs, ...(await doing(`open ${path}`, () => checkFiles(path)))]
        : await refuseForeign(path);
      const level = await openLevel(path, noted === undefined);
      try {
        const rescued = await rescueLogs(path, level);
        // What an inspector that was killed has left.
        await removeScratches(path);
        const content = noted ? await readContent(path, level, noted.file) : await createContent(path, level, identity);
        return new Database(path, release, options, content, [...repairs, ...rescued]);
      } catch (error) {
        await level.close();
        throw error instanceof RaftError ? error : storageError(error, `open ${path}`);
      }
    } catch (error) {
      await noted?.file.close();
      throw error;
    }
  }

  /** Writes parts of a snapshot, durably. Throws `RAFT_STORAGE_FULL` when there is no room for them. */
  async putChunks(puts: readonly (readonly [Buffer, Buffer])[]): Promise<void> {
    this.failure.check();
    const bytes = puts.reduce((sum, [, value]) => sum + value.length, 0);
    if (!(await this.#space.admits(bytes, 'data'))) throw this.#space.full(`write a snapshot to ${this.path}`);
    const batch = this.level.batch();
    for (const [key, value] of puts) batch.put(key, value);
    await this.#turns.take(`write a snapshot to ${this.path}`, () => batch.write({ sync: true }));
  }

  /** Deletes, step by step; not durably. `what` is told when it fails. */
  async clear({ gte, lte }: KeyRange, what: string): Promise<void> {
    let from = gte;
    for (;;) {
      const keys = await doing(`delete ${what} from ${this.path}`, () =>
        this.level.keys({ gte: from, lte, limit: keysAtOnce }).all(),
      );
      const last = keys.at(-1);
      if (last === undefined) return;
      await this.#turns.take(`delete ${what} from ${this.path}`, () =>
        this.level.batch(keys.map((key) => ({ type: 'del', key }))),
      );
      if (keys.length < keysAtOnce) return;
      from = last;
    }
  }

  #written(bytes: number): void {
    this.#bytesSinceNote += bytes;
    const writes = this.writer.writes - this.#note.note.writes;
    if (writes >= noteEveryWrites || this.#bytesSinceNote > noteEveryBytes) this.#noteSoon();
    else this.#noteTimer ??= setTimeout(() => this.#noteSoon(), noteEveryMs).unref();
  }

  #noteSoon(): void {
    clearTimeout(this.#noteTimer);
    this.#noteTimer = undefined;
    if (this.#noting) return;
    this.#bytesSinceNote = 0;
    this.#noting = this.#update().finally(() => {
      this.#noting = undefined;
    });
  }

  async #update(): Promise<void> {
    try {
      await this.#note.update(this.writer.writes);
    } catch (error) {
      // Without space it lags behind, and the next note is written to the other slot.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOSPC' && code !== 'EDQUOT')
        this.failure.fail(storageError(error, `write ${this.path}/${noteName}`));
    }
  }

  /** Nothing may be under way but the writer's work. */
  async close(): Promise<void> {
    await this.writer.idle();
    clearTimeout(this.#noteTimer);
    await this.#noting;
    if (!this.failure.error) await this.#update();
    try {
      await doing(`close ${this.path}`, () => this.level.close());
    } finally {
      await this.#note.close();
      this.#release();
    }
  }
}

interface Content {
  readonly level: ClassicLevel<Buffer, Buffer>;
  readonly note: NoteFile;
  readonly store: StoreRecord;
  readonly root: RootRecord;
  readonly records: Map<GroupId, GroupRecord>;
  readonly checksums: Map<GroupId, number>;
}

async function openLevel(path: string, createIfMissing: boolean): Promise<ClassicLevel<Buffer, Buffer>> {
  // Before it is made: it begins to open by itself.
  const kept = createIfMissing ? undefined : await doing(`keep the logs of ${path}`, () => keepLogs(path));
  const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
  const level = new ClassicLevel<Buffer, Buffer>(join(path, databaseName), {
    ...encodings,
    ...levelOptions,
    createIfMissing,
  });
  try {
    await level.open();
  } catch (error) {
    const told = storageError(error, `open ${path}`);
    // Whoever has the database needs no other's help; after other errors the next opening may.
    if (kept !== undefined && told.code === 'RAFT_STORAGE_IN_USE') await rm(kept, { recursive: true, force: true });
    throw told;
  }
  return level;
}

/** A new storage is made in a directory of its own only. */
async function refuseForeign(path: string): Promise<[]> {
  const names = await doing(`list ${path}`, () => readdir(path));
  const own = new Set([databaseName, `${noteName}.tmp`, 'lost+found']);
  const foreign = names.find((name) => !own.has(name) && !name.startsWith(scratchPrefix));
  if (foreign === undefined) return [];
  const message = `${path} holds something else (${foreign}), and no level storage: give it a directory of its own`;
  throw new StorageError('RAFT_STORAGE_IDENTITY', message);
}

/** The database is durable before the note that says that there is one. */
async function createContent(
  path: string,
  level: ClassicLevel<Buffer, Buffer>,
  { clusterId, nodeId }: StorageIdentity,
): Promise<Content> {
  for await (const key of level.keys({ gt: rootKey, limit: 1 })) {
    throw corrupt(
      `${join(path, noteName)} is missing, but ${databaseName} is not empty: it has key ${key.toString('hex')}`,
    );
  }
  const store = { format: FORMAT_VERSION, databaseId: randomUUID(), clusterId, nodeId };
  const root = { writes: 0, sum: 0 };
  const salt = saltOf(store.databaseId);
  const batch = level.batch();
  batch.put(storeKey, encodeRecord(0, storeKey, store)).put(rootKey, encodeRecord(salt, rootKey, root));
  await batch.write({ sync: true });
  await rm(join(path, `${noteName}.tmp`), { force: true });
  const note = await createNote(path, store);
  return { level, note, store, root, records: new Map(), checksums: new Map() };
}

/** Reads what vouches for the rest, and sees that nothing of it is missing or older than it should be. */
async function readContent(path: string, level: ClassicLevel<Buffer, Buffer>, note: NoteFile): Promise<Content> {
  const small = new Map<string, Buffer>();
  for await (const [key, value] of level.iterator({ gte: storeKey, lte: rootKey }))
    small.set(key.toString('hex'), value);
  const store = decodeRecord(0, storeKey, small.get(storeKey.toString('hex'))) as StoreRecord | undefined;
  if (store?.databaseId !== note.note.databaseId)
    throw corrupt(`${path} is damaged: it is not the database of ${noteName}`);
  const salt = saltOf(store.databaseId);
  const root = decodeRecord(salt, rootKey, small.get(rootKey.toString('hex'))) as RootRecord | undefined;
  if (root === undefined) throw corrupt(`${path} is damaged: its root record is not what was written`);
  if (root.writes < note.note.writes) {
    const lost = note.note.writes - root.writes;
    throw corrupt(`${path} is damaged: the last ${lost} writes are missing, of ${note.note.writes} that were durable`);
  }
  const records = new Map<GroupId, GroupRecord>();
  const checksums = new Map<GroupId, number>();
  let sum = 0;
  for await (const [key, value] of level.iterator(groupRecords)) {
    const record = decodeRecord(salt, key, value) as GroupRecord | undefined;
    if (record === undefined)
      throw corrupt(`${path} is damaged: the record of group ${groupOf(key)} is not what was written`);
    records.set(groupOf(key), record);
    checksums.set(groupOf(key), checksumOf(value));
    sum += checksumOf(value);
  }
  if (sum >>> 0 !== root.sum || sum > Number.MAX_SAFE_INTEGER) {
    throw corrupt(`${path} is damaged: the record of a group is missing, or not the last one that was written`);
  }
  return { level, note, store, root, records, checksums };
}
