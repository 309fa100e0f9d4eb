import { randomUUID } from 'node:crypto';
import { EntryType, InvalidArgumentError, StorageError } from '@raft/core';
import type {
  Entry,
  HardState,
  LogBatch,
  LogIndex,
  Restored,
  SnapshotMeta,
  SnapshotReader,
  SnapshotWriter,
  Storage,
  StorageIdentity,
} from '@raft/core';
import { MemoryLog } from './memory-log.js';
import { memorySnapshotReader, memorySnapshotWriter } from './memory-snapshot.js';
import type { MemorySnapshot } from './memory-snapshot.js';

export interface MemoryStorageOptions {
  /**
   * Bytes of entries that the log may hold, from 1 on. What would make it larger is refused with `RAFT_STORAGE_FULL` until the log
   * is compacted; terms and votes are not. The snapshot does not count: it is as large as the state that it shows. Default 1 GiB.
   */
  readonly maxBytes?: number;
}

/**
 * A storage that keeps everything in memory: for tests, trials and clusters that may forget. Throws
 * {@link InvalidArgumentError} for options that cannot work.
 *
 * It is volatile: nothing outlives the process. Its content outlives `close` and a later `open` of the same object only, so that a
 * test can restart a node that has forgotten nothing; its store id stays as long. Each new storage has another, so that a process
 * that comes back is known for one that has forgotten its log and its votes: in a cluster it is a new member under an old name, which
 * gets the log like a learner and has no vote until it is admitted again.
 */
export function memoryStorage({ maxBytes = 1024 * 1024 * 1024 }: MemoryStorageOptions = {}): Storage {
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
    throw new InvalidArgumentError(`maxBytes must be a whole number from 1 on, not ${maxBytes}`);
  }
  return new MemoryStorage(maxBytes);
}

class MemoryStorage implements Storage {
  readonly #storeId = randomUUID();
  readonly #log: MemoryLog;
  #identity: StorageIdentity | undefined;
  #hardState: HardState = { term: 0, votedFor: undefined, commitIndex: 0 };
  #snapshot: MemorySnapshot | undefined;
  #writing: SnapshotWriter | undefined;
  #open = false;
  /** Counts the opens: a snapshot reader of an earlier one is closed. */
  #session = 0;

  constructor(maxBytes: number) {
    this.#log = new MemoryLog(maxBytes);
  }

  async open(identity: StorageIdentity): Promise<Restored> {
    if (this.#open) throw new StorageError('RAFT_STORAGE_IN_USE', 'the memory storage is open: close it first');
    this.#identity ??= { ...identity };
    for (const key of ['clusterId', 'nodeId', 'groupId'] as const) {
      if (this.#identity[key] === identity[key]) continue;
      const message = `the storage belongs to ${key} ${this.#identity[key]}, not ${identity[key]}: give each its own`;
      throw new StorageError('RAFT_STORAGE_IDENTITY', message);
    }
    this.#open = true;
    this.#session++;
    return {
      storeId: this.#storeId,
      hardState: this.#hardState,
      firstIndex: this.#log.firstIndex,
      lastIndex: this.#log.lastIndex,
      terms: this.#log.terms(),
      configurations: this.#log.entriesOfType(EntryType.configuration),
      snapshot: this.#snapshot?.meta,
      repairs: [],
    };
  }

  async append(batch: LogBatch): Promise<void> {
    this.#use();
    this.#log.apply(batch);
    if (batch.hardState) this.#hardState = { ...batch.hardState };
  }

  async entries(from: LogIndex, to: LogIndex, maxBytes: number): Promise<Entry[]> {
    this.#use();
    return this.#log.read(from, to, maxBytes);
  }

  async compact(through: LogIndex): Promise<void> {
    this.#use();
    this.#log.compact(through);
  }

  async createSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter> {
    this.#use();
    if (this.#writing) throw new InvalidArgumentError('a snapshot is being written: commit or abort it first');
    if (this.#snapshot && meta.index < this.#snapshot.meta.index) {
      throw new InvalidArgumentError(
        `snapshot ${meta.index} is older than the present one, ${this.#snapshot.meta.index}`,
      );
    }
    this.#writing = memorySnapshotWriter(meta, (snapshot) => {
      this.#writing = undefined;
      this.#snapshot = snapshot ?? this.#snapshot;
    });
    return this.#writing;
  }

  async openSnapshot(): Promise<SnapshotReader | undefined> {
    this.#use();
    const session = this.#session;
    return this.#snapshot && memorySnapshotReader(this.#snapshot, () => !this.#open || this.#session !== session);
  }

  async close(): Promise<void> {
    await this.#writing?.abort();
    this.#open = false;
  }

  #use(): void {
    if (!this.#open) throw new StorageError('RAFT_STORAGE_CLOSED', 'the memory storage is not open');
  }
}
