import type { ClassicLevel } from 'classic-level';
import type { Entry, GroupId, IndexRange, Term } from '@raft/core';
import { GroupKeys, groupOf, groupRecords, rootKey, storeKey } from './keys.js';
import type { KeyRange } from './keys.js';
import { checksumOf, encodeEntry, encodeRecord, saltOf } from './records.js';
import type { GroupRecord, StoreRecord } from './records.js';

/** What a repair or a recovery does to a group. */
export interface GroupChange {
  readonly id: GroupId;
  readonly record: GroupRecord;
  /** Entries that go. */
  readonly erase?: IndexRange | undefined;
  /** A snapshot that goes. */
  readonly eraseSnapshot?: number | undefined;
  readonly append?: { readonly entry: Entry; readonly previousTerm: Term } | undefined;
}

/** Keys that are deleted at once. */
const keysAtOnce = 1000;

/** Changes groups in a database that nobody else sees, with a root that vouches for the result. Gives how many writes there were. */
export async function rewrite(
  level: ClassicLevel<Buffer, Buffer>,
  store: StoreRecord,
  writesBefore: number,
  changes: readonly GroupChange[],
): Promise<number> {
  const salt = saltOf(store.databaseId);
  const batch = level.batch();
  const checksums = new Map<GroupId, number>();
  for await (const [key, value] of level.iterator(groupRecords)) checksums.set(groupOf(key), checksumOf(value));
  for (const { id, record, erase, eraseSnapshot, append } of changes) {
    const keys = new GroupKeys(id);
    const gone = erase ? [keys.entries(erase.from, erase.to)] : [];
    if (eraseSnapshot !== undefined) gone.push(keys.chunks(eraseSnapshot, eraseSnapshot));
    for (const range of gone) await deleteKeys(level, range);
    if (append) {
      const key = keys.entry(append.entry.index);
      batch.put(key, encodeEntry(salt, key, append.entry, append.previousTerm));
    }
    const value = encodeRecord(salt, keys.record, record);
    checksums.set(id, checksumOf(value));
    batch.put(keys.record, value);
  }
  const sum = [...checksums.values()].reduce((a, b) => a + b, 0);
  const root = { writes: writesBefore + 1, sum: sum % 2 ** 32 };
  batch.put(rootKey, encodeRecord(salt, rootKey, root)).put(storeKey, encodeRecord(0, storeKey, store));
  await batch.write({ sync: true });
  return root.writes;
}

async function deleteKeys(level: ClassicLevel<Buffer, Buffer>, range: KeyRange): Promise<void> {
  let keys: Buffer[] = [];
  const flush = (): Promise<void> => level.batch(keys.map((key) => ({ type: 'del', key })));
  for await (const key of level.keys(range)) {
    keys.push(key);
    if (keys.length < keysAtOnce) continue;
    await flush();
    keys = [];
  }
  await flush();
}
