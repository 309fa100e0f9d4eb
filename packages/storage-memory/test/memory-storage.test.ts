import assert from 'node:assert/strict';
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
