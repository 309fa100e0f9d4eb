import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { levelDatabase, levelStorage } from '@raft/storage-level';
import { entries, entry, takeSnapshot } from './support/model.js';

const of = (groupId: string): { clusterId: string; nodeId: string; groupId: string } => ({
  clusterId: 'c',
  nodeId: 'n1',
  groupId,
});

let root: string;
let directory: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
  directory = join(root, 'data');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('storage-level: many groups in one database', () => {
  test('each has its log, votes, snapshot and store id, and they come back', async () => {
    const ids = Array.from({ length: 30 }, (_, i) => `group-${i}`);
    const open = async (): Promise<{ close: () => Promise<void>; storages: ReturnType<typeof levelStorage>[] }> => {
      const database = levelDatabase({ directory });
      const storages = ids.map((id) => database.storage(id));
      return { storages, close: async () => void (await Promise.all(storages.map((each) => each.close()))) };
    };
    const first = await open();
    const made = await Promise.all(first.storages.map((each, i) => each.open(of(ids[i]!))));
    assert.equal(new Set(made.map(({ storeId }) => storeId)).size, 30);
    await Promise.all(
      first.storages.map(async (each, i) => {
        const hardState = { term: i + 1, votedFor: `n${i}`, commitIndex: 0 };
        await Promise.all([
          each.append({ hardState, entries: entries(1, 10, i + 1, 100) }),
          each.append({ truncateFrom: 5 + (i % 5), entries: entries(5 + (i % 5), 12, i + 1, 50) }),
        ]);
        if (i % 3 === 0) await takeSnapshot(each, i + 1, 10_000);
        if (i % 4 === 0) await each.compact(3);
      }),
    );
    await first.close();

    const second = await open();
    const restored = await Promise.all(second.storages.map((each, i) => each.open(of(ids[i]!))));
    for (const [i, { storeId, hardState, firstIndex, lastIndex, snapshot }] of restored.entries()) {
      assert.equal(storeId, made[i]!.storeId);
      assert.deepEqual(hardState, { term: i + 1, votedFor: `n${i}`, commitIndex: 0 });
      assert.deepEqual([firstIndex, lastIndex], [i % 4 === 0 ? 4 : 1, 12]);
      assert.equal(snapshot?.index, i % 3 === 0 ? i + 1 : undefined);
      assert.equal((await second.storages[i]!.entries(12, 12, 1))[0]?.term, i + 1);
    }
    // One is closed while the others go on.
    await second.storages[0]!.close();
    await assert.rejects(second.storages[0]!.append({ entries: [] }), { code: 'RAFT_STORAGE_CLOSED' });
    await second.storages[1]!.append({ entries: [entry(13, 9)] });
    await second.close();
  });

  test('a group belongs to one storage at a time, and a storage to one group', async () => {
    const database = levelDatabase({ directory });
    const storage = database.storage('a');
    await assert.rejects(storage.open(of('b')), { code: 'RAFT_STORAGE_IDENTITY' });
    await storage.open(of('a'));
    await assert.rejects(database.storage().open(of('a')), { code: 'RAFT_STORAGE_IN_USE' });
    const other = database.storage();
    await other.open(of('b'));
    await assert.rejects(database.storage('c').open({ ...of('c'), nodeId: 'n2' }), { code: 'RAFT_STORAGE_IDENTITY' });
    await storage.close();
    await other.close();
    // Who keeps one group takes no database of others.
    await assert.rejects(levelStorage({ directory }).open(of('a')), { code: 'RAFT_STORAGE_IDENTITY' });
  });

  test('what all append at once is one write', async () => {
    let checks = 0;
    // Free space is looked at for each write while little is left.
    const freeBytes = async (): Promise<number> => {
      checks++;
      return 100 * 1024 * 1024;
    };
    const database = levelDatabase({ directory, freeBytes, reserveBytes: 90 * 1024 * 1024 });
    const storages = Array.from({ length: 20 }, (_, i) => database.storage(`g${i}`));
    await Promise.all(storages.map((each, i) => each.open(of(`g${i}`))));
    const before = checks;
    await Promise.all(storages.map((each) => each.append({ entries: entries(1, 3, 1, 10) })));
    assert.ok(checks - before <= 2, `${checks - before} writes for 20 groups`);
    await Promise.all(storages.map((each) => each.close()));
  });

  test('a full disk refuses the data of all, and the votes of none', async () => {
    // So little that it is looked at for each write.
    let free = 20_000_500;
    const database = levelDatabase({ directory, reserveBytes: 20_000_000, freeBytes: async () => free });
    const [a, b] = [database.storage('a'), database.storage('b')];
    await a.open(of('a'));
    await b.open(of('b'));
    free = 10_000_000;
    const vote = { hardState: { term: 1, votedFor: 'n1', commitIndex: 0 }, entries: [] };
    const outcomes = await Promise.allSettled([
      b.append(vote),
      a.append({ entries: entries(1, 2, 1) }),
      a.append(vote),
      b.append({ entries: entries(1, 2, 1) }),
    ]);
    const codes = outcomes.map((each) =>
      each.status === 'rejected' ? (each.reason as { code: string }).code : 'done',
    );
    assert.deepEqual(codes, ['done', 'RAFT_STORAGE_FULL', 'RAFT_STORAGE_FULL', 'RAFT_STORAGE_FULL']);
    await a.append(vote);
    free = 30_000_000;
    await a.append({ entries: entries(1, 1, 1) });
    await a.close();
    await b.close();
  });

  test('names of groups are not confused', async () => {
    const names = ['a', 'aa', 'a\0', '', 'ä', 'b'.repeat(1000)];
    const database = levelDatabase({ directory });
    for (const name of names) {
      const storage = database.storage();
      await storage.open(of(name));
      await storage.append({ entries: entries(1, name.length + 1, 1, 5) });
      await storage.close();
    }
    for (const name of names) {
      const storage = database.storage();
      assert.equal((await storage.open(of(name))).lastIndex, name.length + 1);
      await storage.close();
    }
    await assert.rejects(database.storage().open(of('b'.repeat(1001))), { code: 'RAFT_INVALID_ARGUMENT' });
  });
});
