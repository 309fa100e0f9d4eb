import assert from 'node:assert/strict';
import type { Configuration, Entry, LogBatch, Restored, SnapshotMeta, Storage, StorageIdentity } from '@raft/core';

/** A place for the data of one case, made by the storage's author. What it offers besides, it declares as abilities. */
export interface StorageWorld {
  /** A storage that is not open, over the data of this world: it finds what the closed ones before it left. */
  storage(): Storage;
  /** Closes whatever is open and removes the data. */
  dispose(): Promise<void>;
  /**
   * Ability `crash`. Ends the process, or better the machine, which loses what was not synced. What is under way may or may
   * not be done. The storages that were made before are dead: nobody waits for them any more.
   */
  crash?(): Promise<void>;
  /** Ability `fullDisk`. From now on no space is left, until {@link StorageWorld.free}. */
  fill?(): Promise<void>;
  free?(): Promise<void>;
  /** Ability `faultyDisk`. */
  readonly disk?: FaultyDisk;
}

export type StorageWorldFactory = () => StorageWorld | Promise<StorageWorld>;

/** A disk that fails when it is told to, under the storages of a world. */
export interface FaultyDisk {
  /** Reads, writes, syncs and whatever else there was since {@link FaultyDisk.failAt}. */
  readonly operations: number;
  /** The `at`-th operation from now on fails as `fault` says; 0: none does. */
  failAt(at: number, fault: DiskFault): void;
  /** Resolves when a fault has killed the process, whose storages answer nothing any more. Anew after each `failAt`. */
  killed(): Promise<void>;
}

/**
 * `for ever`: all later operations fail too. `short write`: a write that writes less and says so, but is no error. `kill`: the
 * process ends at the operation; `torn write`: the same, and the operation is done in part.
 */
export type DiskFault =
  | 'EIO once'
  | 'EIO for ever'
  | 'ENOSPC once'
  | 'ENOSPC for ever'
  | 'short write'
  | 'kill'
  | 'torn write';

/** What only some worlds can do. A case that needs what is not declared is skipped, and says so. Default: nothing. */
export interface StorageAbilities {
  /** The storage is durable, and its world has `crash`. */
  readonly crash?: boolean;
  /** The world has `fill` and `free`. */
  readonly fullDisk?: boolean;
  /** The world has `crash` and a `disk`, on which each run of a case does the same operations. */
  readonly faultyDisk?: boolean;
}

export interface StorageCase {
  readonly name: string;
  readonly needs?: keyof StorageAbilities;
  /** Throws an `AssertionError` when the storage breaks its contract. `fresh` makes further worlds. */
  run(world: StorageWorld, fresh: () => Promise<StorageWorld>): Promise<void>;
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

/** What a snapshot in a case says of itself. */
export function snapshotMeta(index: number): SnapshotMeta {
  return { index, term: 3, configuration: configuration('n1', 'n2', 'n3'), configurationIndex: Math.min(index, 2) };
}

export function configuration(...voters: string[]): Configuration {
  const addresses = Object.fromEntries(voters.map((id) => [id, `${id}.example:7000`]));
  return { voters, outgoing: [], learners: [], addresses, stores: {}, returning: [] };
}

export async function takeSnapshot(storage: Storage, index: number, chunks: readonly Uint8Array[]): Promise<void> {
  const writer = await storage.createSnapshot(snapshotMeta(index));
  for (const chunk of chunks) await writer.write(chunk);
  await writer.commit();
}

/** The data of the present snapshot. */
export async function presentSnapshot(storage: Storage): Promise<Buffer | undefined> {
  const reader = await storage.openSnapshot();
  if (!reader) return undefined;
  const bytes = await readAll(reader.chunks());
  assert.equal(bytes.length, reader.size);
  await reader.close();
  return bytes;
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
