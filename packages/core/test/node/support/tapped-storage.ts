import { memoryStorage } from '@raft/storage-memory';
import type { LogBatch, LogIndex, Storage } from '../../../src/index.js';

/** A memory storage that can be slow, fail or fall silent, and that tells what it was asked. */
export interface TappedStorage extends Storage {
  /** Batches in the order of the calls. */
  readonly appends: LogBatch[];
  /** Reads of entries in the order of the calls. */
  readonly reads: { readonly from: LogIndex; readonly to: LogIndex }[];
  readonly isOpen: boolean;
  readonly closes: number;
  /** Appends, those to come, are done at once but resolve only after `release`. */
  hold(): void;
  /** Lets the appends under way resolve in order, and those to come at once. */
  release(): void;
  /** Called before each append with its number, from 1; what it gives, the append rejects with. */
  failAppend: ((call: number) => Error | undefined) | undefined;
  failRead: (() => Error | undefined) | undefined;
  failClose: (() => Error | undefined) | undefined;
  /** Awaited by `open`, after it took possession. */
  opening: Promise<void> | undefined;
}

export interface TappedStorageOptions {
  /** Tells its store id, so that leaders record it in an entry of its own. Default false: the log holds what a test puts there. */
  readonly hasIdentity?: boolean;
}

export function tappedStorage(
  inner: Storage = memoryStorage(),
  { hasIdentity = false }: TappedStorageOptions = {},
): TappedStorage {
  let gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  const storage: TappedStorage & { isOpen: boolean; closes: number } = {
    appends: [],
    reads: [],
    isOpen: false,
    closes: 0,
    failAppend: undefined,
    failRead: undefined,
    failClose: undefined,
    opening: undefined,
    hold() {
      let open = (): void => {};
      const opened = new Promise<void>((resolve) => (open = resolve));
      gate ??= { opened, open };
    },
    release() {
      gate?.open();
      gate = undefined;
    },
    async open(identity) {
      const restored = await inner.open(identity);
      storage.isOpen = true;
      await storage.opening;
      return hasIdentity ? restored : { ...restored, storeId: '' };
    },
    async append(batch) {
      const call = storage.appends.push(batch);
      const error = storage.failAppend?.(call);
      if (error !== undefined) throw error;
      const done = inner.append(batch);
      await gate?.opened;
      await done;
    },
    async entries(from, to, maxBytes) {
      storage.reads.push({ from, to });
      const error = storage.failRead?.();
      if (error !== undefined) throw error;
      return inner.entries(from, to, maxBytes);
    },
    compact: (through) => inner.compact(through),
    createSnapshot: (meta) => inner.createSnapshot(meta),
    openSnapshot: () => inner.openSnapshot(),
    async close() {
      storage.closes++;
      await inner.close();
      storage.isOpen = false;
      const error = storage.failClose?.();
      if (error !== undefined) throw error;
    },
  };
  return storage;
}
