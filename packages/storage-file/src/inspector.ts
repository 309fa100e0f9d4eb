import { InvalidArgumentError } from '@raft/core';
import type {
  ChangeOptions,
  Entry,
  LogIndex,
  RecoverOptions,
  RecoverPlan,
  RepairPlan,
  StorageInspector,
  StorageRecord,
  StoreIdentity,
  Verification,
} from '@raft/core';
import { finishChange } from './directory-change.js';
import type { FileSystem } from './file-system.js';
import { checkDirectory, look, snapshotRecords, storeRecords, tornPlace } from './inspect-files.js';
import type { Found } from './inspect-files.js';
import { logRecords } from './inspect-log.js';
import { verify } from './inspect-verify.js';
import { changeName } from './layout.js';
import { LogReader } from './log-reader.js';
import { nodeFileSystem } from './node-file-system.js';
import { recover } from './recover.js';
import { repair } from './repair.js';
import { doing, storageError } from './storage-failure.js';

const readBytes = 1024 * 1024;

export interface InspectOptions {
  readonly directory: string;
  /** For tests: a file system that fails. Default the process's own. */
  readonly fileSystem?: FileSystem;
}

/**
 * Opens the directory of a file storage that is not in use, for the operator's tools, and finishes a repair or a recovery that was
 * interrupted in it. Throws {@link StorageError}
 * `RAFT_STORAGE_IN_USE`, and `RAFT_STORAGE_IO` when there is none.
 */
export async function inspectFileStorage(options: InspectOptions): Promise<StorageInspector> {
  const { directory, fileSystem = nodeFileSystem } = options;
  await checkDirectory(fileSystem, directory);
  const release = await doing(`lock ${directory}`, () => fileSystem.lock(directory));
  try {
    const names = await doing(`list ${directory}`, () => fileSystem.list(directory));
    if (names.includes(changeName)) await finishChange(fileSystem, directory);
    const { store } = await look(fileSystem, directory);
    return new FileInspector(fileSystem, directory, release, store?.record.identity);
  } catch (error) {
    await release();
    throw error;
  }
}

class FileInspector implements StorageInspector {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  #release: (() => Promise<void>) | undefined;
  identity: StoreIdentity | undefined;

  constructor(
    fileSystem: FileSystem,
    directory: string,
    release: () => Promise<void>,
    identity: StoreIdentity | undefined,
  ) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#release = release;
    this.identity = identity;
  }

  async *records(): AsyncIterable<StorageRecord> {
    try {
      yield* this.#records(await this.#look());
    } catch (error) {
      throw storageError(error, `read ${this.#directory}`);
    }
  }

  async *#records(found: Found): AsyncIterable<StorageRecord> {
    yield* storeRecords(found);
    if (found.store === undefined) return;
    const { segments: ids, salt } = found;
    const torn = tornPlace(found);
    yield* logRecords({ fileSystem: this.#fileSystem, directory: this.#directory, ids, salt, torn });
    yield* snapshotRecords(this.#fileSystem, this.#directory, found);
  }

  async *entries(from?: LogIndex): AsyncIterable<Entry> {
    const found = await this.#look();
    const { log, salt, logDamage, storeDamage } = found;
    const { state, index } = log.builder;
    const reader = new LogReader({ fileSystem: this.#fileSystem, directory: this.#directory, salt, state, index });
    for (let next = from ?? state.firstIndex; next <= state.lastIndex;) {
      const entries = await reader.read(next, state.lastIndex, readBytes);
      yield* entries;
      next += entries.length;
    }
    const damage = storeDamage ?? logDamage;
    if (damage) throw damage;
  }

  async verify(): Promise<Verification> {
    const found = await this.#look();
    return doing(`verify ${this.#directory}`, () => verify(found, this.#records(found)));
  }

  async repair(options: ChangeOptions): Promise<RepairPlan> {
    const found = await this.#look();
    const plan = await doing(`repair ${this.#directory}`, () =>
      repair(this.#fileSystem, this.#directory, found, this.#records(found), options),
    );
    if (plan.applied) this.identity = (await this.#look()).store?.record.identity;
    return plan;
  }

  async recover(options: RecoverOptions): Promise<RecoverPlan> {
    const found = await this.#look();
    const plan = await doing(`recover ${this.#directory}`, () =>
      recover(this.#fileSystem, this.#directory, found, options),
    );
    if (plan.applied) this.identity = plan.after;
    return plan;
  }

  async close(): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    await release?.();
  }

  #look(): Promise<Found> {
    if (this.#release === undefined) throw new InvalidArgumentError(`the inspector of ${this.#directory} is closed`);
    return look(this.#fileSystem, this.#directory);
  }
}
