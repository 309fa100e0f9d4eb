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
import { checkDirectory, look, snapshotRecords, storeRecords, tornPlace } from './inspect-files.js';
import type { Found } from './inspect-files.js';
import { logRecords } from './inspect-log.js';
import { verify } from './inspect-verify.js';
import { LogReader } from './log-reader.js';
import { nodeFileSystem } from './node-file-system.js';
import { recover } from './recover.js';
import { repair } from './repair.js';
import { doing } from './storage-failure.js';

const readBytes = 1024 * 1024;

/**
 * Opens the directory of a file storage that is not in use, for the operator's tools. Throws {@link StorageError}
 * `RAFT_STORAGE_IN_USE`, and `RAFT_STORAGE_IO` when there is none.
 */
export async function inspectFileStorage(options: { readonly directory: string }): Promise<StorageInspector> {
  const { directory } = options;
  await checkDirectory(nodeFileSystem, directory);
  const release = await doing(`lock ${directory}`, () => nodeFileSystem.lock(directory));
  try {
    const { store } = await look(nodeFileSystem, directory);
    return new FileInspector(directory, release, store?.record.identity);
  } catch (error) {
    await release();
    throw error;
  }
}

class FileInspector implements StorageInspector {
  readonly #directory: string;
  #release: (() => Promise<void>) | undefined;
  identity: StoreIdentity | undefined;

  constructor(directory: string, release: () => Promise<void>, identity: StoreIdentity | undefined) {
    this.#directory = directory;
    this.#release = release;
    this.identity = identity;
  }

  async *records(): AsyncIterable<StorageRecord> {
    yield* this.#records(await this.#look());
  }

  async *#records(found: Found): AsyncIterable<StorageRecord> {
    yield* storeRecords(found);
    if (found.store === undefined) return;
    const { segments: ids, salt } = found;
    const torn = tornPlace(found);
    yield* logRecords({ fileSystem: nodeFileSystem, directory: this.#directory, ids, salt, torn });
    yield* snapshotRecords(nodeFileSystem, this.#directory, found);
  }

  async *entries(from?: LogIndex): AsyncIterable<Entry> {
    const found = await this.#look();
    const { log, salt, logDamage, storeDamage } = found;
    const { state, index } = log.builder;
    const reader = new LogReader({ fileSystem: nodeFileSystem, directory: this.#directory, salt, state, index });
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
    return verify(found, this.#records(found));
  }

  async repair(options: ChangeOptions): Promise<RepairPlan> {
    const found = await this.#look();
    const plan = await repair(nodeFileSystem, this.#directory, found, this.#records(found), options);
    if (plan.applied) this.identity = (await this.#look()).store?.record.identity;
    return plan;
  }

  async recover(options: RecoverOptions): Promise<RecoverPlan> {
    const plan = await recover(nodeFileSystem, this.#directory, await this.#look(), options);
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
    return look(nodeFileSystem, this.#directory);
  }
}
