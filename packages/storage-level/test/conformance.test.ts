import { levelStorage } from '@raft/storage-level';
import { storageSuite } from '@raft/testkit';
import { testSuite } from '@raft/testkit/vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Storage } from '@raft/core';

testSuite(
  storageSuite({
    name: 'storage-level',
    open() {
      const directory = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
      const made: Storage[] = [];
      return {
        storage() {
          const storage = levelStorage({ directory });
          made.push(storage);
          return storage;
        },
        async dispose() {
          for (const storage of made) await storage.close();
          rmSync(directory, { recursive: true });
        },
      };
    },
  }),
);
