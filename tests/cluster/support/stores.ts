import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeId, Storage } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { levelStorage } from '@raft/storage-level';
import { memoryStorage } from '@raft/storage-memory';

/** Where the nodes of one test keep what they know, from one life to the next. */
export interface Stores {
  storage(id: NodeId): Storage;
  close(): Promise<void>;
}

export async function memoryStores(): Promise<Stores> {
  const storages = new Map<NodeId, Storage>();
  return {
    storage(id) {
      const found = storages.get(id) ?? memoryStorage();
      storages.set(id, found);
      return found;
    },
    async close() {},
  };
}

/** Each node's life has a storage of its own on the node's folder. */
export async function fileStores(): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'raft-cluster-'));
  return {
    // Small segments, so that a test fills several.
    storage: (id) => fileStorage({ directory: join(folder, id), segmentBytes: 128 * 1024 }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** As {@link fileStores}. */
export async function levelStores(): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'raft-cluster-'));
  return {
    storage: (id) => levelStorage({ directory: join(folder, id) }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
