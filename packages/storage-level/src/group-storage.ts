import { InvalidArgumentError, StorageError } from '@raft/core';
import type {
  Entry,
  GroupId,
  LogBatch,
  LogIndex,
  Restored,
  SnapshotMeta,
  SnapshotReader,
  SnapshotWriter,
} from '@raft/core';
import type { Database } from './database.js';
import { doing, storageError } from './failure.js';
import { Group } from './group.js';
import { GroupKeys, lastSnapshot } from './keys.js';
import { readEntries, scanEntries } from './log-reader.js';
import { LogState } from './log-state.js';
import { hardStateOf } from './records.js';
import type { SnapshotRecord } from './records.js';
import { snapshotReader, snapshotWriter } from './snapshots.js';

const beingMade: unique symbol = Symbol('a snapshot is being made');

/** One group, from its opening to its closing. */
export class GroupStorage {
  readonly #database: Database;
  readonly #group: Group;
  #writing: SnapshotWriter | typeof beingMade | undefined;
  /** Of the newest snapshot that was begun. */
  #snapshotId: number;
  /** How many read each snapshot. */
  readonly #readers = new Map<number, number>();
  #closed = false;

  private constructor(database: Database, group: Group) {
    this.#database = database;
    this.#group = group;
    this.#snapshotId = group.state.snapshot?.id ?? 0;
  }

  get groupId(): GroupId {
    return this.#group.id;
  }

  static async open(
    database: Database,
    groupId: GroupId,
    newStoreId: string,
  ): Promise<{ storage: GroupStorage; restored: Restored }> {
    const keys = new GroupKeys(groupId);
    const { path, failure } = database;
    const record = database.records.get(groupId) ?? new LogState(newStoreId).record;
    const { terms, configurations } = await doing(`read ${path}`, () => scanEntries(database, keys, groupId, record));
    const state = LogState.of(record, hardStateOf(record), terms);
    const cleared = await doing(`read ${path}`, () => clearedThrough(database, keys, record.base.index));
    const group = new Group(
      groupId,
      state,
      cleared,
      (range) => database.clear(range, 'compacted entries'),
      (error) => failure.fail(storageError(error, `delete compacted entries from ${path}`)),
    );
    const storage = new GroupStorage(database, group);
    if (!database.records.has(groupId)) await database.writer.enqueue(group, { entries: [] }, 'control');
    database.records.set(groupId, record);
    await storage.#clearSnapshots();
    group.clear();
    const { storeId, hardState, firstIndex, lastIndex } = state;
    const snapshot = record.snapshot?.meta;
    const { repairs } = database;
    return {
      storage,
      restored: { storeId, hardState, firstIndex, lastIndex, terms, configurations, snapshot, repairs },
    };
  }

  async append(batch: LogBatch): Promise<void> {
    const { hardState, resetTo, truncateFrom, entries } = batch;
    const purpose = entries.length > 0 ? 'data' : 'control';
    return this.#database.writer.enqueue(this.#group, { hardState, resetTo, truncateFrom, entries }, purpose);
  }

  async entries(from: LogIndex, to: LogIndex, maxBytes: number): Promise<Entry[]> {
    const { failure, path } = this.#database;
    failure.check();
    try {
      return await readEntries(this.#database, this.#group, from, to, maxBytes);
    } catch (error) {
      if (this.#closed) throw new StorageError('RAFT_STORAGE_CLOSED', `${path} was closed while it was read`);
      const told = storageError(error, `read ${path}`);
      throw told.code === 'RAFT_STORAGE_COMPACTED' ? told : failure.fail(told);
    }
  }

  async compact(through: LogIndex): Promise<void> {
    const { queued } = this.#group;
    this.#database.failure.check();
    if (through < queued.firstIndex) return;
    const term = through <= queued.lastIndex ? queued.termOf(through) : 0;
    const change = { entries: [], compactTo: { index: through, term } };
    return this.#database.writer.enqueue(this.#group, change, 'control');
  }

  async createSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter> {
    this.#database.failure.check();
    if (this.#writing) throw new InvalidArgumentError('a snapshot is being written: commit or abort it first');
    const present = this.#group.state.snapshot?.meta.index ?? 0;
    if (meta.index < present) {
      throw new InvalidArgumentError(`snapshot ${meta.index} is older than the present one, ${present}`);
    }
    const id = ++this.#snapshotId;
    const replaced = this.#group.state.snapshot;
    const ended = async (snapshot: SnapshotRecord | undefined): Promise<void> => {
      this.#writing = beingMade;
      try {
        await this.#removeSnapshot(snapshot ? replaced?.id : id);
      } finally {
        this.#writing = undefined;
      }
    };
    const { isClosed } = this;
    this.#writing = snapshotWriter({ database: this.#database, group: this.#group, meta, id, isClosed, ended });
    return this.#writing;
  }

  async openSnapshot(): Promise<SnapshotReader | undefined> {
    this.#database.failure.check();
    const { snapshot } = this.#group.state;
    if (snapshot === undefined) return undefined;
    const { id } = snapshot;
    this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    const closed = async (): Promise<void> => {
      const left = this.#readers.get(id)! - 1;
      if (left > 0) this.#readers.set(id, left);
      else this.#readers.delete(id);
      if (this.#group.state.snapshot?.id !== id) await this.#removeSnapshot(id);
    };
    return snapshotReader(this.#database, this.#group, snapshot, this.isClosed, closed);
  }

  /** What is not finished stays where it is; the next opening removes it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#database.writer.settled(this.#group);
    this.#database.records.set(this.#group.id, this.#group.state.record);
    await this.#group.close();
  }

  readonly isClosed = (): boolean => this.#closed;

  /** Unless somebody reads it: then the last reader does it. */
  async #removeSnapshot(id: number | undefined): Promise<void> {
    if (id === undefined || this.#readers.has(id) || this.#closed) return;
    // After a failure nothing is written; the next opening removes it.
    if (this.#database.failure.error) return;
    await this.#database.clear(this.#group.keys.chunks(id, id), 'a snapshot');
  }

  /** What an earlier life has left of snapshots that are not the present one. */
  async #clearSnapshots(): Promise<void> {
    const { keys } = this.#group;
    const id = this.#snapshotId;
    const what = 'what is left of snapshots';
    await this.#database.clear(keys.chunks(0, id === 0 ? 0 : id - 1), what);
    await this.#database.clear(keys.chunks(id + 1, lastSnapshot), what);
  }
}

/** The entry before the first one that is left of what the log has forgotten. */
async function clearedThrough({ level }: Database, keys: GroupKeys, base: LogIndex): Promise<LogIndex> {
  for await (const key of level.keys({ ...keys.entries(0, base), limit: 1 })) return keys.indexOf(key) - 1;
  return base;
}
