import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Storage } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { storageSuite } from '@raft/testkit';
import { testSuite } from '@raft/testkit/vitest';

testSuite(
  storageSuite({
    name: 'storage-file',
    open() {
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
    },
  }),
);
