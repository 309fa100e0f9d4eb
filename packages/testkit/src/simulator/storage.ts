import { StorageError } from '@raft/core';
import type {
  Entry,
  LogBatch,
  LogIndex,
  Restored,
  SnapshotMeta,
  SnapshotReader,
  SnapshotWriter,
  Storage,
  StorageIdentity,
} from '@raft/core';
import type { Agenda } from './agenda.js';
import type { StoredSnapshot } from './content.js';
import type { Disk, DiskOperation } from './disk.js';
import type { Mirror } from './mirror.js';
import type { Process } from './process.js';

export interface StorageWatcher {
  /** Before the batch is taken. */
  appending(batch: LogBatch): void;
  appended(batch: LogBatch): void;
  /** A disk that is full refused a batch. */
  refused(batch: LogBatch): void;
  /** It refused a chunk of a snapshot. */
  snapshotRefused(): void;
  /** An operation failed as it was told to. */
  failed(operation: DiskOperation): void;
  compacting(): void;
  /** A snapshot is read at the place where it is damaged. */
  readRot(): void;
}

/** What a process sees of its disk, through one life. */
export class SimulatedStorage implements Storage {
  readonly #disk: Disk;
  readonly #process: Process;
  readonly #agenda: Agenda;
  readonly #watcher: StorageWatcher;
  #state: 'new' | 'open' | 'broken' | 'closed' = 'new';
  /** Batches refused for want of room whose callers do not know it yet: those behind them must be refused too. */
  #refusals = 0;
  #writer: object | undefined;

  constructor(disk: Disk, process: Process, agenda: Agenda, watcher: StorageWatcher) {
    this.#disk = disk;
    this.#process = process;
    this.#agenda = agenda;
    this.#watcher = watcher;
  }

  async open(identity: StorageIdentity): Promise<Restored> {
    await this.#wait('open');
    if (this.#disk.owner !== undefined) throw new StorageError('RAFT_STORAGE_IN_USE', 'another process has the disk');
    this.#disk.owner = this;
    this.#state = 'open';
    const { written, storeId } = this.#disk;
    const repairs = this.#disk.repairs;
    this.#disk.repairs = [];
    const told = {
      hardState: written.hardState,
      firstIndex: written.base.index + 1,
      lastIndex: written.lastIndex,
      terms: written.terms(),
      configurations: written.configurations(),
      snapshot: written.snapshot?.meta,
    };
    this.#disk.mirror?.open(identity, told);
    return { ...told, storeId, repairs };
  }

  append(batch: LogBatch): Promise<void> {
    if (this.isOpen) this.#watcher.appending(batch);
    const why = this.#whyNot('append');
    if (why !== undefined) return this.#later(() => Promise.reject(why));
    if (this.#lacksRoomFor(batch)) return this.#refuse(batch);
    this.#watcher.appended(batch);
    return new Promise((resolve) => {
      this.#disk.write({
        canTear: true,
        apply: (content) => content.append(batch),
        mirror: (mirror) => mirror.append(batch),
        done: () => this.#process.run('arrival', resolve),
      });
    });
  }

  /** Answers what is durable as of the call. */
  entries(from: LogIndex, to: LogIndex, maxBytes: number): Promise<Entry[]> {
    const why = this.#whyNot('entries');
    const { durable } = this.#disk;
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = from; index <= to; index++) {
      const entry = durable.entry(index);
      if (entry === undefined) break;
      bytes += entry.data.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    const { index } = durable.base;
    if (why === undefined) this.#disk.mirror?.entries(from, to, maxBytes, from <= index ? undefined : found);
    return this.#later(() => {
      if (why !== undefined) throw why;
      if (from <= index) throw new StorageError('RAFT_STORAGE_COMPACTED', `entry ${from} is gone`);
      return found;
    });
  }

  compact(through: LogIndex): Promise<void> {
    this.#watcher.compacting();
    const why = this.#whyNot('compact');
    if (why !== undefined) return this.#later(() => Promise.reject(why));
    return new Promise((resolve) => {
      this.#disk.write({
        canTear: false,
        apply: (content) => content.compact(through),
        mirror: (mirror) => mirror.compact(through),
        done: () => this.#process.run('arrival', resolve),
      });
    });
  }

  async createSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter> {
    if (this.#writer !== undefined) throw new StorageError('RAFT_STORAGE_IO', 'a snapshot is being written already');
    const chunks: Uint8Array[] = [];
    const writer: SnapshotWriter = {
      write: async (chunk) => {
        this.#checkWriter(writer);
        // The caller may use its buffer again.
        chunks.push(chunk.slice());
        await this.#wait('write');
        if (!this.#disk.isFull) return;
        this.#watcher.snapshotRefused();
        throw new StorageError('RAFT_STORAGE_FULL', 'no room for a chunk of a snapshot');
      },
      commit: async () => {
        this.#checkWriter(writer);
        this.#writer = undefined;
        await this.#commit({ meta, chunks, rot: this.#disk.rotNext });
      },
      abort: async () => {
        if (this.#writer === writer) this.#writer = undefined;
      },
    };
    this.#writer = writer;
    await this.#wait('createSnapshot');
    return writer;
  }

  async openSnapshot(): Promise<SnapshotReader | undefined> {
    await this.#wait('openSnapshot');
    const { snapshot } = this.#disk.durable;
    if (snapshot === undefined) return undefined;
    this.#disk.mirror?.look(snapshot.meta, snapshot.chunks);
    let isOpen = true;
    const wait = (): Promise<void> => {
      if (!isOpen) throw new StorageError('RAFT_STORAGE_CLOSED', 'the reader of the snapshot is closed');
      return this.#wait('read');
    };
    const size = snapshot.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const asRead = (chunk: Uint8Array, at: number): Uint8Array => this.#asRead(snapshot, size, chunk, at);
    return {
      meta: snapshot.meta,
      size,
      async *chunks(offset = 0) {
        let at = 0;
        for (const chunk of snapshot.chunks) {
          if (offset < at + chunk.length) {
            await wait();
            yield asRead(chunk, at).slice(Math.max(0, offset - at));
          }
          at += chunk.length;
        }
      },
      async close() {
        isOpen = false;
      },
    };
  }

  #asRead({ rot }: StoredSnapshot, size: number, chunk: Uint8Array, at: number): Uint8Array {
    const place = rot === undefined ? -1 : Math.floor(rot.at * size) - at;
    if (rot === undefined || place < 0 || place >= chunk.length) return chunk;
    this.#watcher.readRot();
    if (rot.isSeen) throw new StorageError('RAFT_STORAGE_CORRUPT', `the snapshot is damaged at offset ${at + place}`);
    return chunk.map((byte, i) => (i === place ? byte ^ 1 : byte));
  }

  /** Ends when what was appended before is on the disk. */
  async close(): Promise<void> {
    const { isOpen } = this;
    const why = isOpen ? this.#whyNot('close') : undefined;
    this.#state = 'closed';
    this.#writer = undefined;
    if (isOpen && why === undefined)
      await new Promise<void>((resolve) => {
        const mirror = (own: Mirror): void => own.close();
        this.#disk.write({
          canTear: false,
          apply: () => {},
          mirror,
          done: () => this.#process.run('arrival', resolve),
        });
      });
    if (this.#disk.owner === this) this.#disk.owner = undefined;
    if (why !== undefined) await this.#later(() => Promise.reject(why));
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  #lacksRoomFor({ entries, truncateFrom, resetTo }: LogBatch): boolean {
    if (this.#refusals > 0) return true;
    if (!this.#disk.isFull) return false;
    const isSmall = entries.length === 0 && truncateFrom === undefined && resetTo === undefined;
    return !isSmall || !this.#disk.hasReserve;
  }

  /** In its turn: appends settle in the order of their calls. */
  #refuse(batch: LogBatch): Promise<void> {
    this.#refusals++;
    this.#watcher.refused(batch);
    return new Promise((_, reject) => {
      const settle = (): void => {
        this.#refusals--;
        reject(new StorageError('RAFT_STORAGE_FULL', 'the disk is full: free some space'));
      };
      this.#disk.write({ canTear: false, apply: () => {}, done: () => this.#process.run('arrival', settle) });
    });
  }

  #commit(snapshot: StoredSnapshot): Promise<void> {
    const why = this.#whyNot('commit');
    if (why !== undefined) return this.#later(() => Promise.reject(why));
    return new Promise((resolve) => {
      this.#disk.write({
        canTear: true,
        apply: (content) => {
          content.snapshot = snapshot;
          this.#disk.rotNext = undefined;
        },
        mirror: (mirror) => mirror.snapshot(snapshot.meta, snapshot.chunks),
        done: () => this.#process.run('arrival', resolve),
      });
    });
  }

  #checkWriter(writer: object): void {
    if (this.#writer !== writer) throw new StorageError('RAFT_STORAGE_CLOSED', 'the snapshot was committed or aborted');
  }

  /** The error of an operation that cannot be done now; one that fails breaks the storage. */
  #whyNot(operation: DiskOperation): StorageError | undefined {
    if (this.#state === 'closed' || (this.#state === 'new' && operation !== 'open'))
      return new StorageError('RAFT_STORAGE_CLOSED', 'the storage is not open');
    if (this.#state === 'broken') return new StorageError('RAFT_STORAGE_IO', 'the storage is broken');
    if (this.#disk.failing !== operation) return undefined;
    this.#disk.failing = undefined;
    this.#state = 'broken';
    this.#watcher.failed(operation);
    return new StorageError('RAFT_STORAGE_IO', `the disk failed at ${operation}`);
  }

  #wait(operation: DiskOperation): Promise<void> {
    const why = this.#whyNot(operation);
    return this.#later(() => {
      if (why !== undefined) throw why;
    });
  }

  /** Settles as `answer` says when the disk has had the time that a read takes. */
  #later<T>(answer: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#agenda.after(this.#disk.delay(this.#disk.profile.readMs), () =>
        this.#process.run('arrival', () => {
          try {
            resolve(answer());
          } catch (error) {
            reject(error);
          }
        }),
      );
    });
  }
}
