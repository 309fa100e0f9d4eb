import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeId, Storage } from '@raft/core';
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

export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'raft-cluster-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
