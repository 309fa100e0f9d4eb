import assert from 'node:assert/strict';
import { memoryStorage } from '@raft/storage-memory';
import { describe, test } from 'vitest';
import { identity, runCase, storageCases } from './support/conformance/index.js';
import type { StorageWorld } from './support/conformance/index.js';

function world(): StorageWorld {
  const storage = memoryStorage();
  return { storage: () => storage, dispose: () => storage.close() };
}

describe('storage-memory: conformance', () => {
  for (const testCase of storageCases) test(testCase.name, () => runCase(testCase, world));
});

test('two storages have two store ids', async () => {
  const [a, b] = [memoryStorage(), memoryStorage()];
  assert.notEqual((await a.open(identity)).storeId, (await b.open(identity)).storeId);
});
