import { isDeepStrictEqual } from 'node:util';
import { StorageError } from '@raft/core';
import type { Entry, LogBatch, LogIndex, NodeId, Restored, SnapshotMeta, Storage, StorageIdentity } from '@raft/core';
import type { StorageSuiteOptions } from '../storage-suite/index.js';
import { readAll } from '../storage-suite/world.js';
import type { StorageWorld } from '../storage-suite/world.js';
import { messageOf, must, Violation } from './violation.js';

/** A storage of somebody's own: the options of its suite. */
export type OwnStorage = Pick<StorageSuiteOptions, 'open' | 'supports'>;

/** What a storage tells of itself when it is opened, as far as it can be known. */
type Told = Omit<Restored, 'storeId' | 'repairs'>;

/**
 * Somebody's storage beside a simulated disk. It is given all that becomes durable there, one after the other, is asked what is asked
 * there, and has to know the same, after every crash too. The disk decides how long things take, and what fails.
 */
export class Mirror {
  readonly #id: NodeId;
  readonly #own: OwnStorage;
  readonly #violated: (error: unknown) => void;
  #world: StorageWorld | undefined;
  /** Undefined while it is not open. */
  #storage: Storage | undefined;
  /** Of the present data, once it is known. */
  #storeId: string | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(id: NodeId, own: OwnStorage, violated: (error: unknown) => void) {
    this.#id = id;
    this.#own = own;
    this.#violated = violated;
  }

  /** Resolves when all that it was given to do is done. */
  idle(): Promise<void> {
    return this.#work;
  }

  open(identity: StorageIdentity, expected: Told): void {
    this.#then('open', async () => {
      this.#world ??= await this.#own.open();
      const storage = this.#world.storage();
      const { storeId, hardState, firstIndex, lastIndex, terms, configurations, snapshot } =
        await storage.open(identity);
      this.#storage = storage;
      this.#compare('the store id', storeId, (this.#storeId ??= storeId));
      this.#compare(
        'what it restores',
        { hardState, firstIndex, lastIndex, terms, configurations, snapshot },
        expected,
      );
    });
  }

  append(batch: LogBatch): void {
    this.#use('append', (storage) => storage.append(batch));
  }

  compact(through: LogIndex): void {
    this.#use('compact', (storage) => storage.compact(through));
  }

  snapshot(meta: SnapshotMeta, chunks: readonly Uint8Array[]): void {
    this.#use('write a snapshot', async (storage) => {
      const writer = await storage.createSnapshot(meta);
      for (const chunk of chunks) await writer.write(chunk.slice());
      await writer.commit();
    });
  }

  /** `expected`: undefined when the first of them is compacted. */
  entries(from: LogIndex, to: LogIndex, maxBytes: number, expected: readonly Entry[] | undefined): void {
    this.#use('read entries', async (storage) => {
      const what = `entries ${from} to ${to} within ${maxBytes} bytes`;
      if (expected !== undefined) this.#compare(what, await storage.entries(from, to, maxBytes), expected);
      else
        await storage.entries(from, to, maxBytes).then(
          () => this.#compare(what, 'an answer', 'RAFT_STORAGE_COMPACTED'),
          (error: unknown) => this.#compare(what, codeOf(error), 'RAFT_STORAGE_COMPACTED'),
        );
    });
  }

  /** Looks at the present snapshot, whole. */
  look(meta: SnapshotMeta, chunks: readonly Uint8Array[]): void {
    this.#use('read the snapshot', async (storage) => {
      const reader = await storage.openSnapshot();
      must(reader !== undefined, () => `the storage of ${this.#id} has no snapshot`);
      this.#compare(
        'the snapshot',
        { meta: reader.meta, data: await readAll(reader.chunks()) },
        { meta, data: Buffer.concat(chunks) },
      );
      await reader.close();
    });
  }

  close(): void {
    this.#then('close', async () => {
      const storage = this.#storage;
      this.#storage = undefined;
      await storage?.close();
    });
  }

  /** As the world can: loses what is not durable, or is just closed. */
  crash(): void {
    if (this.#own.supports?.crash !== true) return this.close();
    this.#then('crash', async () => {
      if (this.#storage !== undefined) await this.#world?.crash?.();
      this.#storage = undefined;
    });
  }

  /** Everything is gone. */
  wipe(): void {
    this.close();
    this.#then('dispose', async () => {
      const world = this.#world;
      this.#world = undefined;
      this.#storeId = undefined;
      await world?.dispose();
    });
  }

  #use(what: string, task: (storage: Storage) => Promise<void>): void {
    this.#then(what, async () => {
      const storage = this.#storage;
      must(storage !== undefined, () => 'it is not open');
      await task(storage);
    });
  }

  #then(what: string, task: () => Promise<void>): void {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      const message = error instanceof Violation ? '' : `the storage of ${this.#id} cannot ${what}: `;
      this.#violated(new Violation(`${message}${messageOf(error)}`, { cause: error }));
    });
  }

  #compare(what: string, found: unknown, expected: unknown): void {
    must(
      isDeepStrictEqual(plain(found), plain(expected)),
      () => `the storage of ${this.#id}: ${what} should be ${show(expected)}, not ${show(found)}`,
    );
  }
}

const codeOf = (error: unknown): string => (error instanceof StorageError ? error.code : messageOf(error));

/** Whatever views bytes come in, and without what is undefined. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `base64 ${Buffer.from(value).toString('base64')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(parts.map(([name, part]) => [name, plain(part)]));
}

const show = (value: unknown): string => JSON.stringify(plain(value)) ?? 'nothing';
