import { levelDatabase, levelStorage } from '@raft/storage-level';
import { storageSuite } from '@raft/testkit';
import type { StorageWorld } from '@raft/testkit';
import { testSuite } from '@raft/testkit/vitest';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Storage } from '@raft/core';

/** LevelDB writes tables in the background, and removes files: a copy is one moment's only when that did not happen meanwhile. */
function copyQuiet(from: string, to: string): void {
  const names = (): string => readdirSync(from, { recursive: true }).join();
  for (let attempt = 1; ; attempt++) {
    const before = names();
    try {
      cpSync(from, to, { recursive: true });
      if (names() === before) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt > 50) throw error;
    }
    rmSync(to, { recursive: true, force: true });
  }
}

/** `make`: a storage on a directory, on a disk with so many bytes free. */
function worlds(make: (directory: string, freeBytes: () => Promise<number>) => () => Storage): () => StorageWorld {
  return () => {
    const root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
    const made: Storage[] = [];
    let free = Number.POSITIVE_INFINITY;
    let life = 1;
    let place = make(join(root, '1'), async () => free);
    return {
      storage() {
        const storage = place();
        made.push(storage);
        return storage;
      },
      async dispose() {
        for (const storage of made) await storage.close();
        rmSync(root, { recursive: true });
      },
      // What the files hold when nothing is under way is what a process that is killed leaves. Those that are killed while
      // much is under way are in crash.test.ts.
      async crash() {
        await made.at(-1)?.append({ entries: [] });
        copyQuiet(join(root, `${life}`), join(root, `${life + 1}`));
        life++;
        place = make(join(root, `${life}`), async () => free);
      },
      fill: async () => void (free = 0),
      free: async () => void (free = Number.POSITIVE_INFINITY),
    };
  };
}

testSuite(
  storageSuite({
    name: 'storage-level',
    supports: { crash: true, fullDisk: true },
    open: worlds((directory, freeBytes) => () => levelStorage({ directory, freeBytes })),
  }),
);

testSuite(
  storageSuite({
    name: 'storage-level, a group among others',
    open: worlds((directory, freeBytes) => {
      const database = levelDatabase({ directory, freeBytes });
      return () => database.storage('g');
    }),
  }),
);
