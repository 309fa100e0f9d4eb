import assert from 'node:assert/strict';
import { EntryType } from '@raft/core';
import type { Entry, Restored, SnapshotMeta, Storage } from '@raft/core';

export const identity = { clusterId: 'c', nodeId: 'n1', groupId: 'g' };

export function entry(index: number, term: number, bytes = 1000): Entry {
  const data = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) data[i] = (i * 7 + index * 31 + term) & 0xff;
  return { index, term, type: EntryType.command, data };
}

export function entries(from: number, to: number, term: number, bytes?: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term, bytes));
}

export function snapshotMeta(index: number): SnapshotMeta {
  const configuration = { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };
  return { index, term: 1, configuration, configurationIndex: 1 };
}

export async function takeSnapshot(storage: Storage, index: number, bytes: number): Promise<void> {
  const writer = await storage.createSnapshot(snapshotMeta(index));
  await writer.write(entry(index, 1, bytes).data);
  await writer.commit();
}

/** All that a storage holds, as texts that compare. */
export interface Content {
  readonly state: string;
  readonly entries: readonly string[];
  readonly snapshot: string;
}

export async function contentOf(
  storage: Storage,
  restored: Restored,
  { snapshots = true }: { snapshots?: boolean } = {},
): Promise<Content> {
  const { storeId, hardState, firstIndex, lastIndex, snapshot } = restored;
  const found: string[] = [];
  for (let next = firstIndex; next <= lastIndex; next = firstIndex + found.length) {
    const read = await storage.entries(next, lastIndex, 100_000);
    assert.ok(read.length > 0, `no entry ${next}`);
    found.push(...read.map(({ index, term, type, data }) => `${index} ${term} ${type} ${digest(data)}`));
  }
  const reader = snapshots ? await storage.openSnapshot() : undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader?.chunks() ?? []) chunks.push(chunk);
  await reader?.close();
  if (snapshots) assert.equal(reader?.meta.index, snapshot?.index);
  const state = JSON.stringify({ storeId, hardState, firstIndex });
  return { state, entries: found, snapshot: reader ? `${reader.meta.index} ${digest(Buffer.concat(chunks))}` : '' };
}

function digest(data: Uint8Array): string {
  return Buffer.from(data).toString('base64');
}
