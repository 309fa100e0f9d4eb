import { InvalidArgumentError, silent, StorageError } from '@raft/core';
import type {
  Entry,
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
import { join } from 'node:path';
import { finishChange } from './directory-change.js';
import type { FileSystem } from './file-system.js';
import { saltOf } from './frame.js';
import { changeName, idsOf, segmentPath, snapshotPath, storeFileName, temporarySuffix } from './layout.js';
import { LogReader } from './log-reader.js';
import { recoverLog } from './log-recovery.js';
import { LogState, restoredHardState } from './log-state.js';
import { LogWriter } from './log-writer.js';
import { nodeFileSystem } from './node-file-system.js';
import { checkStoredSnapshot } from './snapshot-present.js';
import { openSnapshotFile } from './snapshot-reader.js';
import { createSnapshotFile } from './snapshot-writer.js';
import { DamageError, doing, FailStop } from './storage-failure.js';
import type { StoredSnapshot, StoreRecord } from './records.js';
import { createStore, laterPlace, openStore } from './store-file.js';
import type { StoreContent, StoreFile } from './store-file.js';

const MiB = 1024 * 1024;

export interface FileStorageOptions {
  /** Where the files are; made when it is missing. One storage at a time may have it. */
  readonly directory: string;
  /** Bytes of a log segment, made ahead: from 128 KiB to 1 GiB. Default 16 MiB. A batch that needs more gets a larger one. */
  readonly segmentBytes?: number;
  readonly logger?: Logger;
  /** For tests: a file system that fails. Default the process's own. */
  readonly fileSystem?: FileSystem;
}

/**
 * Keeps a log in segments that are written ahead, and snapshots in files of their own. A batch is one write and one sync;
 * what comes meanwhile is one more. Throws {@link InvalidArgumentError} for options that cannot work.
 */
export function fileStorage(options: FileStorageOptions): Storage {
  const { segmentBytes = 16 * MiB, directory } = options;
  if (directory === '') throw new InvalidArgumentError('directory must name a directory, not be empty');
  if (!Number.isSafeInteger(segmentBytes) || segmentBytes < 128 * 1024 || segmentBytes > 1024 * MiB) {
    throw new InvalidArgumentError(`segmentBytes must be a whole number from 128 KiB to 1 GiB, not ${segmentBytes}`);
  }
  return new FileStorage({ ...options, segmentBytes: Math.ceil(segmentBytes / 4096) * 4096 });
}

/** What there is while the storage is open. */
interface Open {
  readonly store: StoreFile;
  readonly writer: LogWriter;
  readonly reader: LogReader;
  readonly failure: FailStop;
  readonly release: () => Promise<void>;
  snapshot: StoredSnapshot | undefined;
  writing: SnapshotWriter | undefined;
  /** Work in the background, one after the other: notes in the store's file, the removal of segments. */
  background: Promise<void>;
}

class FileStorage implements Storage {
  readonly #options: FileStorageOptions & { readonly segmentBytes: number };
  readonly #fileSystem: FileSystem;
  readonly #logger: Logger;
  #open: Open | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(options: FileStorageOptions & { readonly segmentBytes: number }) {
    this.#options = options;
    this.#fileSystem = options.fileSystem ?? nodeFileSystem;
    this.#logger = options.logger ?? silent;
  }

  async open(identity: StorageIdentity): Promise<Restored> {
    const { directory } = this.#options;
    if (this.#open)
      throw new StorageError('RAFT_STORAGE_IN_USE', `${directory} is open in this storage: close it first`);
    await doing(`make ${directory}`, () => this.#fileSystem.makeDirectory(directory));
    const release = await doing(`lock ${directory}`, () => this.#fileSystem.lock(directory));
    let store: StoreFile | undefined;
    try {
      const opened = await this.#openStore(identity);
      ({ store } = opened);
      return await this.#restore(store, opened.content, release, opened.names);
    } catch (error) {
      await this.#unlock(store, release);
      throw error;
    }
  }

  async #openStore(identity: StorageIdentity): Promise<{ store: StoreFile; content: StoreContent; names: string[] }> {
    const { directory } = this.#options;
    const finished = await this.#finishChange();
    const names = await this.#tidy();
    if (names.includes(storeFileName)) {
      const { store, content } = await openStore(this.#fileSystem, directory, identity);
      return { names, store, content: { ...content, repairs: [...finished, ...content.repairs] } };
    }
    if (idsOf(names, 'log').length + idsOf(names, 'snapshot').length > 0) {
      throw new DamageError({ path: join(directory, storeFileName), offset: 0 }, 'it is missing, but the log is not');
    }
    const store = await createStore(this.#fileSystem, directory, identity);
    return { names, store, content: { record: store.record, mark: 'none', repairs: [] } };
  }

  async #finishChange(): Promise<string[]> {
    const { directory } = this.#options;
    const names = await doing(`list ${directory}`, () => this.#fileSystem.list(directory));
    if (!names.includes(changeName)) return [];
    const finished = await finishChange(this.#fileSystem, directory);
    return finished === undefined ? [] : [finished];
  }

  /** Removes what was being made when the process ended. */
  async #tidy(): Promise<string[]> {
    const { directory } = this.#options;
    const names = await doing(`list ${directory}`, () => this.#fileSystem.list(directory));
    for (const name of names.filter((each) => each.endsWith(temporarySuffix))) {
      await doing(`remove ${name}`, () => this.#fileSystem.remove(join(directory, name)));
    }
    return names.filter((each) => !each.endsWith(temporarySuffix));
  }

  async #restore(
    store: StoreFile,
    { record, mark, repairs }: StoreContent,
    release: Open['release'],
    names: string[],
  ): Promise<Restored> {
    const { directory, segmentBytes } = this.#options;
    const { identity, frameKey } = record;
    const fileSystem = this.#fileSystem;
    const salt = saltOf(frameKey);
    const failure = new FailStop((error) => this.#logger('error', error.message));
    const present = await this.#readSnapshot(record, names);
    const recovered = await recoverLog({
      fileSystem,
      directory,
      ids: idsOf(names, 'log'),
      salt,
      durable: typeof mark === 'string' ? record.durable : laterPlace(record.durable, mark),
      isDoubtful: mark === 'damaged',
      segmentBytes,
    });
    const writer = new LogWriter({
      fileSystem,
      directory,
      identity,
      frameKey,
      segmentBytes,
      failure,
      recovered,
      hardState: restoredHardState(recovered?.state ?? new LogState(), record.hardState),
      begun: () => this.#inBackground(() => this.#noteDurable()),
      mark: (place) => store.mark(place),
      saveHardState: (hardState) => store.note({ hardState }),
    });
    const { state, index } = writer;
    const open = {
      store,
      writer,
      reader: new LogReader({ fileSystem, directory, salt, state, index }),
      failure,
      release,
      snapshot: present?.stored,
      writing: undefined,
      background: Promise.resolve(),
    };
    try {
      // Whoever is told of the last entries may count on them from now on.
      await this.#noteDurable(open);
    } catch (error) {
      failure.fail(error as StorageError);
      await writer.close();
      throw error;
    }
    this.#open = open;
    return {
      storeId: identity.storeId,
      hardState: state.hardState,
      firstIndex: state.firstIndex,
      lastIndex: state.lastIndex,
      terms: [...state.terms],
      configurations: recovered?.configurations ?? [],
      snapshot: present?.meta,
      repairs: [...repairs, ...(recovered?.repairs ?? [])],
    };
  }

  /** The newest snapshot counts; older ones were about to be removed. Its data are verified when they are read. */
  async #readSnapshot(
    record: StoreRecord,
    names: readonly string[],
  ): Promise<{ meta: SnapshotMeta; stored: StoredSnapshot } | undefined> {
    const { directory } = this.#options;
    const ids = idsOf(names, 'snapshot');
    const newest = ids.pop() ?? 0;
    const path = snapshotPath(directory, newest);
    checkStoredSnapshot(directory, newest, undefined, record);
    if (newest === 0) return undefined;
    const reader = await openSnapshotFile(this.#fileSystem, path, record.frameKey);
    await reader.close();
    const { meta } = reader;
    const stored = { id: newest, last: { index: meta.index, term: meta.term } };
    checkStoredSnapshot(directory, newest, meta, record);
    for (const id of ids) {
      const older = snapshotPath(directory, id);
      await doing(`remove ${older}`, () => this.#fileSystem.remove(older));
    }
    return { meta, stored };
  }

  async append(batch: LogBatch): Promise<void> {
    return this.#use().writer.append(batch);
  }

  async entries(from: LogIndex, to: LogIndex, maxBytes: number): Promise<Entry[]> {
    const { reader, failure } = this.#use();
    return stopping(failure, () => reader.read(from, to, maxBytes));
  }

  async compact(through: LogIndex): Promise<void> {
    const { writer } = this.#use();
    await writer.compact(through);
    this.#inBackground(() => this.#removeSegments());
  }

  async createSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter> {
    const open = this.#use();
    if (open.writing) throw new InvalidArgumentError('a snapshot is being written: commit or abort it first');
    const present = open.snapshot;
    if (present && meta.index < present.last.index) {
      throw new InvalidArgumentError(`snapshot ${meta.index} is older than the present one, ${present.last.index}`);
    }
    const { directory } = this.#options;
    const id = (present?.id ?? 0) + 1;
    const path = snapshotPath(directory, id);
    const { identity, record } = open.store;
    const ended = async (committed: boolean): Promise<void> => {
      open.writing = undefined;
      if (committed) await this.#replaceSnapshot(open, { id, last: { index: meta.index, term: meta.term } });
    };
    open.writing = notReady;
    try {
      const { frameKey } = record;
      const made = { fileSystem: this.#fileSystem, identity, frameKey, meta, path, failure: open.failure, ended };
      open.writing = await createSnapshotFile(made);
      return open.writing;
    } catch (error) {
      open.writing = undefined;
      throw error;
    }
  }

  /** The previous one is there until the next is durable, and known to be. A reader has its file open, so it can go on. */
  async #replaceSnapshot(open: Open, snapshot: StoredSnapshot): Promise<void> {
    const { directory } = this.#options;
    const previous = open.snapshot;
    await doing(`sync ${directory}`, () => this.#fileSystem.syncDirectory(directory), 'broken');
    await open.store.note({ snapshot });
    open.snapshot = snapshot;
    if (previous === undefined) return;
    const path = snapshotPath(directory, previous.id);
    await doing(`remove ${path}`, () => this.#fileSystem.remove(path));
  }

  async openSnapshot(): Promise<SnapshotReader | undefined> {
    const { snapshot, store } = this.#use();
    if (snapshot === undefined) return undefined;
    const path = snapshotPath(this.#options.directory, snapshot.id);
    return openSnapshotFile(this.#fileSystem, path, store.record.frameKey);
  }

  close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) this.#closing = this.#close(open);
    return this.#closing;
  }

  async #close(open: Open): Promise<void> {
    try {
      await open.writing?.abort();
    } finally {
      try {
        await open.writer.close();
      } finally {
        await open.background;
        await this.#letGo(open);
      }
    }
  }

  async #letGo(open: Open): Promise<void> {
    try {
      if (open.failure.error === undefined) await this.#noteDurable(open);
    } finally {
      await this.#unlock(open.store, open.release);
    }
  }

  /** Whatever happens, the next one may have the directory. */
  async #unlock(store: StoreFile | undefined, release: Open['release']): Promise<void> {
    try {
      await doing(`close ${this.#options.directory}`, async () => store?.close());
    } finally {
      await release();
    }
  }

  #use(): Open {
    const open = this.#open;
    if (open === undefined) throw new StorageError('RAFT_STORAGE_CLOSED', `${this.#options.directory} is not open`);
    open.failure.check();
    return open;
  }

  /** Should what lies before this place be damaged, a later start knows that it is no torn write. */
  async #noteDurable(open: Open | undefined = this.#open): Promise<void> {
    const active = open?.writer.active;
    if (open === undefined || active === undefined) return;
    const durable = { segment: active.id, offset: active.tail };
    const { durable: noted } = open.store.record;
    if (noted.segment === durable.segment && noted.offset === durable.offset) return;
    await open.store.note({ durable });
  }

  /** The oldest first, each for good before the next: the log must have no gap after a crash. */
  async #removeSegments(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    const { directory } = this.#options;
    const { ids, index, active } = open.writer;
    const needed = index.firstSegment ?? active?.id ?? 0;
    while ((ids[0] ?? needed) < needed) {
      const path = segmentPath(directory, ids[0] as number);
      await doing(`remove ${path}`, () => this.#fileSystem.remove(path));
      await doing(`sync ${directory}`, () => this.#fileSystem.syncDirectory(directory));
      ids.shift();
    }
  }

  #inBackground(work: () => Promise<void>): void {
    const open = this.#open;
    if (open === undefined) return;
    open.background = open.background.then(async () => {
      if (open.failure.error !== undefined) return;
      try {
        await work();
      } catch (error) {
        open.failure.fail(error as StorageError);
      }
    });
  }
}

/** Runs what breaks the storage when it fails, unless the error is one that the contract excepts. */
async function stopping<T>(failure: FailStop, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const harmless = error instanceof StorageError && error.code === 'RAFT_STORAGE_COMPACTED';
    if (!(error instanceof StorageError) || harmless) throw error;
    throw failure.fail(error);
  }
}

/** Stands for a writer while its file is being made. */
const notReady: SnapshotWriter = {
  write: () => Promise.resolve(),
  commit: () => Promise.resolve(),
  abort: () => Promise.resolve(),
};
