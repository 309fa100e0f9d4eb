import assert from 'node:assert/strict';
import type { Entry } from '@raft/core';
import { memoryStorage } from '@raft/storage-memory';
import { storageSuite } from '@raft/testkit';
import { testSuite } from '@raft/testkit/vitest';
import { test } from 'vitest';

testSuite(
  storageSuite({
    name: 'storage-memory',
    open() {
      const storage = memoryStorage();
      return { storage: () => storage, dispose: () => storage.close() };
    },
  }),
);

test('two storages have two store ids', async () => {
  const identity = { clusterId: 'c', nodeId: 'n1', groupId: 'g' };
  const [a, b] = [memoryStorage(), memoryStorage()];
  assert.notEqual((await a.open(identity)).storeId, (await b.open(identity)).storeId);
});

test('a log that would become too large is refused, until it is compacted', async () => {
  assert.throws(() => memoryStorage({ maxBytes: 0 }), { code: 'RAFT_INVALID_ARGUMENT' });
  const storage = memoryStorage({ maxBytes: 10_000 });
  await storage.open({ clusterId: 'c', nodeId: 'n1', groupId: 'g' });
  const entry = (index: number): Entry => ({ index, term: 1, type: 1, data: new Uint8Array(1000) });
  for (let index = 1; index <= 9; index++) await storage.append({ entries: [entry(index)] });
  const hardState = { term: 2, votedFor: 'n1', commitIndex: 0 };
  const refused = { hardState: { ...hardState, term: 9 }, truncateFrom: 9, entries: [entry(9), entry(10)] };
  await assert.rejects(storage.append(refused), { code: 'RAFT_STORAGE_FULL' });
  await storage.append({ hardState, entries: [] });
  await storage.append({ truncateFrom: 9, entries: [entry(9)] });
  await storage.compact(5);
  for (let index = 10; index <= 14; index++) await storage.append({ entries: [entry(index)] });
  await assert.rejects(storage.append({ entries: [entry(15)] }), { code: 'RAFT_STORAGE_FULL' });
  await storage.append({ resetTo: { index: 20, term: 2 }, entries: [entry(21)] });
  await storage.close();
  const restored = await storage.open({ clusterId: 'c', nodeId: 'n1', groupId: 'g' });
  assert.deepEqual([restored.hardState, restored.firstIndex, restored.lastIndex], [hardState, 21, 21]);
});
