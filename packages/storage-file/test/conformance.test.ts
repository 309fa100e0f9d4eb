import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { fileStorage } from '@raft/storage-file';
import type { Storage } from '@raft/core';
import { runCase, storageCases } from '../../storage-memory/test/support/conformance/index.js';
import type { StorageWorld } from '../../storage-memory/test/support/conformance/index.js';

function world(): StorageWorld {
  const directory = mkdtempSync(join(tmpdir(), 'raft-storage-file-'));
  const made: Storage[] = [];
  return {
    storage() {
      const storage = fileStorage({ directory, segmentBytes: 128 * 1024 });
      made.push(storage);
      return storage;
    },
    async dispose() {
      for (const storage of made) await storage.close();
      rmSync(directory, { recursive: true });
    },
  };
}

describe('storage-file: conformance', () => {
  for (const testCase of storageCases) test(testCase.name, () => runCase(testCase, world));
});
