import { randomUUID } from 'node:crypto';
import { InvalidArgumentError, silent, StorageError } from '@raft/core';
import type {
  Entry,
  GroupId,
  LogBatch,
  Logger,
  LogIndex,
  Restored,
  SnapshotMeta,
  SnapshotReader,
  SnapshotWriter,
  Storage,
  StorageIdentity,
} from '@raft/core';
import { Database } from './database.js';
import type { DatabaseOptions } from './database.js';
import { GroupStorage } from './group-storage.js';

const MiB = 1024 * 1024;

export interface LevelStorageOptions {
  /** Where the database is; made when it is missing. One process at a time may have it. */
  readonly directory: string;
  /**
   * Bytes that stay free on the disk, from 0 on: without them entries and snapshots are refused (`RAFT_STORAGE_FULL`), terms and
   * votes without a quarter of them. LevelDB needs them to reorganise its files. 0: nothing is refused, and a full disk is a
   * write that fails. Default 64 MiB.
   */
  readonly reserveBytes?: number;
  readonly logger?: Logger;
  /** For tests: bytes that are free. Default: as the file system says. */
  readonly freeBytes?: () => Promise<number>;
}

/** One database for many groups of a node: what they append at once is one write, synced once. */
export interface LevelDatabase {
  /**
   * The storage of one group; without an id, of the one that it is opened for. The database is open while one of its storages
   * is.
   */
  storage(groupId?: GroupId): Storage;
}

/** Keeps many groups of one node in one database. Throws {@link InvalidArgumentError} for options that cannot work. */
export function levelDatabase(options: LevelStorageOptions): LevelDatabase {
  const shared = new SharedDatabase(options);
  return { storage: (groupId) => new LevelStorage(shared, groupId, false) };
}

/** Keeps one group in a database of its own. Throws {@link InvalidArgumentError} for options that cannot work. */
export function levelStorage(options: LevelStorageOptions): Storage {
  return new LevelStorage(new SharedDatabase(options), undefined, true);
}

/** Opens the database for the first who needs it, and closes it after the last one. */
class SharedDatabase {
  readonly directory: string;
  readonly #options: DatabaseOptions;
  #database: Database | undefined;
  readonly #users = new Set<GroupId>();
  /** Opening and closing take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LevelStorageOptions) {
    const { directory, reserveBytes = 64 * MiB, logger = silent, freeBytes } = options;
    if (directory === '') throw new InvalidArgumentError('directory must name a directory, not be empty');
    if (!Number.isSafeInteger(reserveBytes) || reserveBytes < 0) {
      throw new InvalidArgumentError(`reserveBytes must be a whole number from 0 on, not ${reserveBytes}`);
    }
    this.directory = directory;
    this.#options = { directory, reserveBytes, logger, freeBytes };
  }

  open(identity: StorageIdentity, only: boolean): Promise<Database> {
    return this.#inTurn(async () => {
      const { groupId } = identity;
      if (this.#users.has(groupId)) {
        const message = `group ${groupId} is open in another storage of this database: close that one first`;
        throw new StorageError('RAFT_STORAGE_IN_USE', message);
      }
      const database = this.#database ?? (await Database.open(this.#options, identity));
      try {
        checkUse(database, identity, only);
      } catch (error) {
        if (this.#database === undefined) await database.close();
        throw error;
      }
      this.#database = database;
      this.#users.add(groupId);
      return database;
    });
  }

  close(groupId: GroupId): Promise<void> {
    return this.#inTurn(async () => {
      this.#users.delete(groupId);
      if (this.#users.size > 0) return;
      const database = this.#database;
      this.#database = undefined;
      await database?.close();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

function checkUse({ store, records, path }: Database, identity: StorageIdentity, only: boolean): void {
  const refuse = (what: string, found: string, wanted: string): never => {
    const message = `${path} belongs to ${what} ${found}, not to ${what} ${wanted}: give each its own directory`;
    throw new StorageError('RAFT_STORAGE_IDENTITY', message);
  };
  if (store.clusterId !== identity.clusterId) refuse('cluster', store.clusterId, identity.clusterId);
  if (store.nodeId !== identity.nodeId) refuse('node', store.nodeId, identity.nodeId);
  const other = [...records.keys()].find((id) => id !== identity.groupId);
  if (only && other !== undefined) refuse('group', other, identity.groupId);
}

class LevelStorage implements Storage {
  readonly #shared: SharedDatabase;
  readonly #groupId: GroupId | undefined;
  readonly #only: boolean;
  #open: GroupStorage | undefined;
  #opening: Promise<Restored> | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(shared: SharedDatabase, groupId: GroupId | undefined, only: boolean) {
    this.#shared = shared;
    this.#groupId = groupId;
    this.#only = only;
  }

  async open(identity: StorageIdentity): Promise<Restored> {
    const { directory } = this.#shared;
    if (this.#open || this.#opening) {
      throw new StorageError('RAFT_STORAGE_IN_USE', `${directory} is open in this storage: close it first`);
    }
    this.#opening = this.#openGroup(identity);
    try {
      return await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  async #openGroup(identity: StorageIdentity): Promise<Restored> {
    const { groupId } = identity;
    if (this.#groupId !== undefined && this.#groupId !== groupId) {
      const message = `this storage is for group ${this.#groupId}, not for group ${groupId}: give each its own`;
      throw new StorageError('RAFT_STORAGE_IDENTITY', message);
    }
    if (Buffer.byteLength(groupId) > 1000) throw new InvalidArgumentError('a group id has at most 1000 bytes');
    await this.#closing;
    const database = await this.#shared.open(identity, this.#only);
    try {
      const { storage, restored } = await GroupStorage.open(database, groupId, randomUUID());
      this.#open = storage;
      return restored;
    } catch (error) {
      await this.#shared.close(groupId);
      throw error;
    }
  }

  async append(batch: LogBatch): Promise<void> {
    return this.#use().append(batch);
  }

  async entries(from: LogIndex, to: LogIndex, maxBytes: number): Promise<Entry[]> {
    return this.#use().entries(from, to, maxBytes);
  }

  async compact(through: LogIndex): Promise<void> {
    return this.#use().compact(through);
  }

  async createSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter> {
    return this.#use().createSnapshot(meta);
  }

  async openSnapshot(): Promise<SnapshotReader | undefined> {
    return this.#use().openSnapshot();
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) this.#closing = this.#letGo(open);
    await this.#closing;
  }

  async #letGo(open: GroupStorage): Promise<void> {
    try {
      await open.close();
    } finally {
      await this.#shared.close(open.groupId);
    }
  }

  #use(): GroupStorage {
    if (this.#open) return this.#open;
    throw new StorageError('RAFT_STORAGE_CLOSED', `the storage in ${this.#shared.directory} is not open`);
  }
}
