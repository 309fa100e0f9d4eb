import assert from 'node:assert/strict';
import { EntryType } from '@raft/core';
import type { Entry, HardState, LogBatch, Restored, SnapshotMeta, Storage } from '@raft/core';

export const identity = { clusterId: 'c', nodeId: 'n1', groupId: 'g' };

/** What a storage is told to do. */
export type Step =
  | { readonly type: 'append'; readonly batch: LogBatch }
  | { readonly type: 'compact'; readonly through: number }
  | { readonly type: 'snapshot'; readonly meta: SnapshotMeta; readonly data: Uint8Array };

/** What a storage must hold: a plain array. */
export interface Content {
  readonly hardState: HardState;
  readonly firstIndex: number;
  readonly entries: readonly string[];
}

export const empty: Content = {
  hardState: { term: 0, votedFor: undefined, commitIndex: 0 },
  firstIndex: 1,
  entries: [],
};

export function after({ hardState, firstIndex, entries }: Content, step: Step): Content {
  if (step.type === 'snapshot') return { hardState, firstIndex, entries };
  if (step.type === 'compact') {
    const gone = Math.max(0, step.through + 1 - firstIndex);
    return { hardState, firstIndex: firstIndex + gone, entries: entries.slice(gone) };
  }
  const { batch } = step;
  const kept = batch.truncateFrom === undefined ? entries : entries.slice(0, batch.truncateFrom - firstIndex);
  const next = batch.hardState ?? hardState;
  return { hardState: next, firstIndex, entries: [...kept, ...batch.entries.map(describe)] };
}

export function entry(index: number, term: number, bytes = 40): Entry {
  const data = new Uint8Array(bytes).fill((index * 31 + term) % 251);
  return { index, term, type: EntryType.command, data };
}

function describe({ index, term, type, data }: Entry): string {
  return `${index}:${term}:${type}:${Buffer.from(data).toString('base64')}`;
}

export function doStep(storage: Storage, step: Step): Promise<void> {
  if (step.type === 'append') return storage.append(step.batch);
  if (step.type === 'compact') return storage.compact(step.through);
  return takeSnapshot(storage, step.meta, step.data);
}

async function takeSnapshot(storage: Storage, meta: SnapshotMeta, data: Uint8Array): Promise<void> {
  const writer = await storage.createSnapshot(meta);
  await writer.write(data);
  await writer.commit();
}

export async function contentOf(storage: Storage, restored: Restored): Promise<Content> {
  const { hardState, firstIndex, lastIndex } = restored;
  const entries: string[] = [];
  for (let next = firstIndex; next <= lastIndex;) {
    const read = await storage.entries(next, lastIndex, 1000);
    assert(read.length > 0, `no entry ${next}`);
    entries.push(...read.map(describe));
    next += read.length;
  }
  return { hardState, firstIndex, entries };
}

/** Index of the newest snapshot, whose data must be whole; 0 without one. */
export async function snapshotOf(storage: Storage): Promise<number> {
  const reader = await storage.openSnapshot();
  if (reader === undefined) return 0;
  let bytes = 0;
  for await (const chunk of reader.chunks()) {
    assert(chunk.every((byte) => byte === reader.meta.index % 251));
    bytes += chunk.length;
  }
  assert.equal(bytes, reader.size);
  await reader.close();
  return reader.meta.index;
}
