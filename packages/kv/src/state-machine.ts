import type { Applied, LogIndex, StateMachine } from '@raft/core';
import { BTree } from './btree.js';
import { asBuffer, fromBinary, toBinary } from './bytes.js';
import { type CommandSpans, parseCommand } from './command.js';
import { readSnapshot, writeSnapshot } from './snapshot.js';
import type { KvAnswer, KvItem, KvPage, KvQuery, KvResult, KvValue, Stored, Tree } from './types.js';

/** Keys in one page of a listing, and bytes of their keys and values (one key at least). */
const maxPageItems = 1000;
const maxPageBytes = 1024 * 1024;

/**
 * The replicated map. Commands are bytes (kv.proto's Command, made by `encodeSet`, `encodeDelete`, `encodeCompareAndSet`).
 * All of it lives in the JavaScript heap: give Node a heap (`--max-old-space-size`) that is larger than the keys and values.
 */
export class KvStateMachine implements StateMachine<Uint8Array, KvResult, KvQuery, KvAnswer> {
  #tree: Tree = emptyTree();

  /** Number of keys. */
  get size(): number {
    return this.#tree.size;
  }

  apply(entries: readonly Applied<Uint8Array>[]): readonly KvResult[] {
    return entries.map((entry) => this.#applyOne(entry.command, entry.index));
  }

  query(query: KvQuery): KvAnswer {
    if (query.type === 'list') return { type: 'list', ...this.#list(query) };
    const stored = this.#tree.get(toBinary(query.key));
    return { type: 'get', found: stored && valueOf(stored) };
  }

  /** The state as of the call. Costs nothing now; each page of the tree is copied when it is first written to afterwards. */
  snapshot(): AsyncIterable<Uint8Array> {
    return writeSnapshot(this.#tree.clone());
  }

  /** Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` for a stream that is not whole; the state is then what it was. */
  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const tree = emptyTree();
    await readSnapshot(chunks, (key, value, revision) => tree.set(key, { value, revision }));
    this.#tree = tree;
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
    if (command.type === 'delete') return { type: 'delete', existed: this.#tree.delete(key), revision: index };
    if (command.type === 'compareAndSet') {
      const current = this.#tree.get(key);
      if (!isExpected(current, command, buffer)) {
        return { type: 'compareAndSet', swapped: false, current: current && valueOf(current) };
      }
    }
    const value = buffer.toString('latin1', command.valueStart, command.valueEnd);
    this.#tree.set(key, { value, revision: index });
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
