import type { Applied, Codec, LogIndex, StateMachine } from '@raft/core';
import { BTree } from './btree.js';
import { asBuffer, fromBinary, toBinary } from './bytes.js';
import { type CommandSpans, parseCommand } from './command.js';
import { defaultHistoryLimits, History, type HistoryLimits, type StoredChange } from './history.js';
import { resultCodec } from './result-codec.js';
import { readSnapshot, writeSnapshot } from './snapshot.js';
import type {
  KvAnswer,
  KvChange,
  KvItem,
  KvPage,
  KvQuery,
  KvResult,
  KvSelection,
  KvValue,
  Stored,
  Tree,
} from './types.js';

/** Keys in one page of a listing, and bytes of their keys and values (one key at least). The same for changes. */
const maxPageItems = 1000;
const maxPageBytes = 1024 * 1024;

export interface KvStateMachineOptions {
  /** Recent changes that are remembered for watches. Default 100,000. */
  readonly maxHistoryChanges?: number | undefined;
  /** Bytes of memory that they may take; values that the map still holds take none twice. Default 64 MiB. */
  readonly maxHistoryBytes?: number | undefined;
}

/**
 * The replicated map. Commands are bytes (kv.proto's Command, made by `encodeSet`, `encodeDelete`, `encodeCompareAndSet`).
 * All of it lives in the JavaScript heap: give Node a heap (`--max-old-space-size`) that is larger than the keys and values.
 */
export class KvStateMachine implements StateMachine<Uint8Array, KvResult, KvQuery, KvAnswer> {
  readonly resultCodec: Codec<KvResult> = resultCodec;
  readonly #historyLimits: HistoryLimits;
  #tree: Tree = emptyTree();
  #history: History;

  constructor(options: KvStateMachineOptions = {}) {
    this.#historyLimits = {
      maxChanges: options.maxHistoryChanges ?? defaultHistoryLimits.maxChanges,
      maxBytes: options.maxHistoryBytes ?? defaultHistoryLimits.maxBytes,
    };
    this.#history = new History(0, this.#historyLimits);
  }

  /** Number of keys. */
  get size(): number {
    return this.#tree.size;
  }

  apply(entries: readonly Applied<Uint8Array>[]): readonly KvResult[] {
    return entries.map((entry) => this.#applyOne(entry.command, entry.index));
  }

  query(query: KvQuery): KvAnswer {
    if (query.type === 'list') return { type: 'list', ...this.#list(query) };
    if (query.type === 'changes') return this.#changes(query);
    const stored = this.#tree.get(toBinary(query.key));
    return { type: 'get', found: stored && valueOf(stored) };
  }

  /** The state as of the call. Costs nothing now; each page of the tree is copied when it is first written to afterwards. */
  snapshot(): AsyncIterable<Uint8Array> {
    return writeSnapshot(this.#tree.clone(), this.#history.latest);
  }

  /**
   * Knows nothing of how the state came about afterwards: watches go on with what is done from then on.
   * Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` for a stream that is not whole; the map is then empty.
   */
  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    // Nobody looks at it meanwhile, nor after a failure, and there is not to be room for two maps.
    this.#tree = emptyTree();
    this.#history = new History(0, this.#historyLimits);
    const tree = emptyTree();
    const latest = await readSnapshot(chunks, (key, value, revision) => tree.set(key, { value, revision }));
    this.#tree = tree;
    this.#history = new History(latest, this.#historyLimits);
  }

  #applyOne(bytes: Uint8Array, index: LogIndex): KvResult {
    let command: CommandSpans;
    try {
      command = parseCommand(bytes);
    } catch {
      // Every node finds it malformed in the same way, so it is a result like others.
      return { type: 'malformed' };
    }
    const buffer = asBuffer(bytes);
    const key = buffer.toString('latin1', command.keyStart, command.keyEnd);
    if (command.type === 'delete') {
      const existed = this.#tree.delete(key);
      if (existed) this.#history.add({ revision: index, key, value: undefined });
      return { type: 'delete', existed, revision: index };
    }
    if (command.type === 'compareAndSet') {
      const current = this.#tree.get(key);
      if (!isExpected(current, command, buffer)) {
        return { type: 'compareAndSet', swapped: false, current: current && valueOf(current) };
      }
    }
    const value = buffer.toString('latin1', command.valueStart, command.valueEnd);
    this.#tree.set(key, { value, revision: index });
    this.#history.add({ revision: index, key, value });
    if (command.type === 'set') return { type: 'set', revision: index };
    return { type: 'compareAndSet', swapped: true, revision: index };
  }

  #list(query: KvQuery & { type: 'list' }): KvPage {
    const prefix = toBinary(query.prefix);
    const after = query.after === undefined ? undefined : toBinary(query.after);
    const limit = Math.min(query.limit ?? maxPageItems, maxPageItems);
    const items: KvItem[] = [];
    let bytes = 0;
    for (const [key, stored] of this.#tree.entries(after !== undefined && after > prefix ? after : prefix)) {
      if (key === after) continue;
      if (!key.startsWith(prefix)) break;
      bytes += key.length + stored.value.length;
      if (items.length >= limit || (items.length > 0 && bytes > maxPageBytes)) return { items, more: true };
      items.push({ key: fromBinary(key), ...valueOf(stored) });
    }
    return { items, more: false };
  }

  /** All changes of a revision are in one answer. */
  #changes({ select, from }: KvQuery & { type: 'changes' }): KvAnswer {
    const { oldest, latest } = this.#history;
    const next = Math.max(from, latest + 1);
    if (from === 0) return { type: 'changes', changes: [], next, more: false };
    if (from < oldest) return { type: 'forgotten', oldest };
    const isSelected = selector(select);
    const changes: KvChange[] = [];
    let bytes = 0;
    for (const change of this.#history.from(from)) {
      if (!isSelected(change.key)) continue;
      const isFull = changes.length >= maxPageItems || bytes > maxPageBytes;
      if (isFull && change.revision !== changes.at(-1)?.revision) {
        return { type: 'changes', changes, next: change.revision, more: true };
      }
      bytes += change.key.length + (change.value?.length ?? 0);
      changes.push(changeOf(change));
    }
    return { type: 'changes', changes, next, more: false };
  }
}

function changeOf({ key, value, revision }: StoredChange): KvChange {
  if (value === undefined) return { type: 'delete', key: fromBinary(key), revision };
  return { type: 'put', key: fromBinary(key), value: fromBinary(value), revision };
}

function selector(select: KvSelection | undefined): (key: string) => boolean {
  if (select === undefined) return () => true;
  if ('key' in select) {
    const wanted = toBinary(select.key);
    return (key) => key === wanted;
  }
  const prefix = toBinary(select.prefix);
  return (key) => key.startsWith(prefix);
}

function emptyTree(): Tree {
  return new BTree<string, Stored>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function valueOf(stored: Stored): KvValue {
  return { value: fromBinary(stored.value), revision: stored.revision };
}

function isExpected(current: Stored | undefined, command: CommandSpans, bytes: Buffer): boolean {
  const expected = command.expected!;
  if (expected.type === 'absent') return current === undefined;
  if (current === undefined) return false;
  if (expected.type === 'revision') return current.revision === expected.revision;
  return current.value === bytes.toString('latin1', expected.start, expected.end);
}
