import assert from 'node:assert/strict';
import type { Configuration, Entry, LogBatch, Restored, Storage, StorageIdentity } from '@raft/core';

/** A place for the data of one case, made by the storage's author. */
export interface StorageWorld {
  /** A storage that is not open, over the data of this world: it finds what the closed ones before it left. */
  storage(): Storage;
  /** Closes whatever is open and removes the data. */
  dispose(): Promise<void>;
}

export type StorageWorldFactory = () => StorageWorld | Promise<StorageWorld>;

export interface StorageCase {
  readonly name: string;
  /** Throws an `AssertionError` when the storage breaks its contract. */
  run(world: StorageWorld): Promise<void>;
}

export const identity: StorageIdentity = { clusterId: 'c', nodeId: 'n1', groupId: 'g' };

/** Opens the world's storage for {@link identity}. */
export async function opened(world: StorageWorld): Promise<{ storage: Storage; restored: Restored }> {
  const storage = world.storage();
  return { storage, restored: await storage.open(identity) };
}

/** Closes a storage and opens the data again. */
export async function reopened(
  world: StorageWorld,
  storage: Storage,
): Promise<{ storage: Storage; restored: Restored }> {
  await storage.close();
  return opened(world);
}

/** `bytes` bytes that tell their place and the seed. */
export function pattern(bytes: number, seed: number): Uint8Array {
  const data = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) data[i] = (i * 31 + (i >> 8) + seed * 17) & 0xff;
  return data;
}

export function command(index: number, term: number, bytes = 20): Entry {
  return { index, term, type: 1, data: pattern(bytes, index + term * 7) };
}

/** Commands `from` to `to` of one term. */
export function commands(from: number, to: number, term: number, bytes = 20): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => command(from + i, term, bytes));
}

export function batch(entries: readonly Entry[], rest: Omit<LogBatch, 'entries'> = {}): LogBatch {
  return { ...rest, entries };
}

export function configuration(...voters: string[]): Configuration {
  const addresses = Object.fromEntries(voters.map((id) => [id, `${id}.example:7000`]));
  return { voters, outgoing: [], learners: [], addresses, stores: {} };
}

/** Entries with plain arrays for data, so that they compare by value whatever view they come in. */
export function plain(entries: readonly Entry[]): unknown[] {
  return entries.map(({ index, term, type, data }) => ({ index, term, type, data: [...data] }));
}

/** The whole log of a storage is these entries. */
export async function assertLog(storage: Storage, expected: readonly Entry[]): Promise<void> {
  const first = expected[0];
  const last = expected.at(-1);
  if (!first || !last) return;
  const found: Entry[] = [];
  while (found.length < expected.length) {
    const next = first.index + found.length;
    const some = await storage.entries(next, last.index, 100_000);
    assert.ok(some.length > 0, `entries from ${next} are missing`);
    found.push(...some);
  }
  assert.equal(found.length, expected.length);
  for (const [i, entry] of expected.entries()) {
    const { index, term, type, data } = found[i]!;
    assert.deepEqual({ index, term, type }, { index: entry.index, term: entry.term, type: entry.type });
    assert.ok(Buffer.compare(data, entry.data) === 0, `the data of entry ${index} differ`);
  }
}

/** Fails unless the promise is rejected with this code. */
export async function assertRejects(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error: { code?: unknown; message?: unknown }) => {
    assert.equal(error.code, code, `got ${String(error.code)}: ${String(error.message)}`);
    return true;
  });
}

export async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
