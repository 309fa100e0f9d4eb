import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@raft/core';
import type { Storage } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { storageSuite } from '@raft/testkit';
import { testSuite } from '@raft/testkit/vitest';
import { SimulatedDisk } from './support/simulated-disk.js';

const segmentBytes = 128 * 1024;

testSuite(
  storageSuite({
    name: 'storage-file',
    open() {
      const directory = mkdtempSync(join(tmpdir(), 'raft-storage-file-'));
      const made: Storage[] = [];
      return {
        storage() {
          const storage = fileStorage({ directory, segmentBytes });
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

testSuite(
  storageSuite({
    name: 'storage-file on a simulated disk',
    supports: { crash: true, fullDisk: true, faultyDisk: true },
    open() {
      const disk = new SimulatedDisk(seededRandom(1));
      return {
        disk,
        storage: () => fileStorage({ directory: '/data', segmentBytes, fileSystem: disk.fileSystem() }),
        async dispose() {},
        crash: async () => disk.crash(),
        fill: async () => void (disk.capacity = disk.used),
        free: async () => void (disk.capacity = Number.POSITIVE_INFINITY),
      };
    },
  }),
);
