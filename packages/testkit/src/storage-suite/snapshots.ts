import assert from 'node:assert/strict';
import type { SnapshotMeta, Storage } from '@raft/core';
import {
  assertLog,
  assertRejects,
  batch,
  commands,
  configuration,
  opened,
  pattern,
  readAll,
  reopened,
} from './world.js';
import type { StorageCase } from './world.js';

const meta = (index: number): SnapshotMeta => ({
  index,
  term: 3,
  configuration: configuration('n1', 'n2', 'n3'),
  configurationIndex: 1,
});

async function take(storage: Storage, index: number, chunks: readonly Uint8Array[]): Promise<void> {
  const writer = await storage.createSnapshot(meta(index));
  for (const chunk of chunks) await writer.write(chunk);
  await writer.commit();
}

async function present(storage: Storage): Promise<Buffer | undefined> {
  const reader = await storage.openSnapshot();
  if (!reader) return undefined;
  const bytes = await readAll(reader.chunks());
  assert.equal(bytes.length, reader.size);
  await reader.close();
  return bytes;
}

const bytes = (...chunks: Uint8Array[]): Buffer => Buffer.concat(chunks);

export const snapshotCases: readonly StorageCase[] = [
  {
    name: 'a snapshot is visible once committed, and after open',
    async run(world) {
      const { storage } = await opened(world);
      assert.equal(await storage.openSnapshot(), undefined);
      const chunks = [pattern(10, 1), pattern(0, 2), pattern(100_000, 3), pattern(1, 4)];
      const writer = await storage.createSnapshot(meta(7));
      for (const chunk of chunks) await writer.write(chunk);
      assert.equal(await storage.openSnapshot(), undefined);
      await writer.commit();
      assert.deepEqual(await present(storage), bytes(...chunks));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, meta(7));
      assert.deepEqual(again.restored.repairs, []);
      assert.deepEqual(await present(again.storage), bytes(...chunks));
    },
  },
  {
    name: 'joint configurations, learners and addresses come back with the snapshot',
    async run(world) {
      const { storage } = await opened(world);
      const joint = {
        voters: ['n1', 'n4'],
        outgoing: ['n1', 'n2', 'n3'],
        learners: ['n5'],
        addresses: { n1: 'a:1', n4: '[::1]:2' },
        stores: { n1: 's1' },
      };
      const writer = await storage.createSnapshot({
        index: 2 ** 40,
        term: 2 ** 50,
        configuration: joint,
        configurationIndex: 2 ** 39,
      });
      await writer.commit();
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, {
        index: 2 ** 40,
        term: 2 ** 50,
        configuration: joint,
        configurationIndex: 2 ** 39,
      });
      assert.deepEqual(await present(again.storage), Buffer.alloc(0));
    },
  },
  {
    name: 'reading starts at any offset',
    async run(world) {
      const { storage } = await opened(world);
      const whole = pattern(1_500_000, 5);
      await take(storage, 4, [whole.subarray(0, 700_000), whole.subarray(700_000)]);
      const reader = await storage.openSnapshot();
      assert.ok(reader);
      for (const offset of [0, 1, 4095, 699_999, 700_000, 1_048_576, 1_499_999, 1_500_000]) {
        assert.ok((await readAll(reader.chunks(offset))).equals(whole.subarray(offset)), `from offset ${offset}`);
      }
      await reader.close();
    },
  },
  {
    name: 'the writer does not keep the caller’s buffer',
    async run(world) {
      const { storage } = await opened(world);
      const writer = await storage.createSnapshot(meta(1));
      const buffer = new Uint8Array(1000);
      for (let i = 0; i < 5; i++) {
        buffer.fill(i);
        await writer.write(buffer);
      }
      buffer.fill(99);
      await writer.commit();
      const expected = Buffer.concat([0, 1, 2, 3, 4].map((i) => Buffer.alloc(1000, i)));
      assert.deepEqual(await present(storage), expected);
    },
  },
  {
    name: 'an aborted or unfinished snapshot leaves the present one',
    async run(world) {
      const { storage } = await opened(world);
      await take(storage, 3, [pattern(50, 1)]);
      const aborted = await storage.createSnapshot(meta(4));
      await aborted.write(pattern(300_000, 2));
      await aborted.abort();
      await aborted.abort();
      assert.deepEqual(await present(storage), Buffer.from(pattern(50, 1)));
      const unfinished = await storage.createSnapshot(meta(5));
      await unfinished.write(pattern(300_000, 3));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, meta(3));
      assert.deepEqual(await present(again.storage), Buffer.from(pattern(50, 1)));
      await assertRejects(unfinished.write(pattern(1, 1)), 'RAFT_STORAGE_CLOSED');
      await assertRejects(unfinished.commit(), 'RAFT_STORAGE_CLOSED');
    },
  },
  {
    name: 'a snapshot that is being read stays readable while newer ones take its place',
    async run(world) {
      const { storage } = await opened(world);
      const first = pattern(900_000, 1);
      await take(storage, 3, [first]);
      const reader = await storage.openSnapshot();
      assert.ok(reader);
      const seen: Uint8Array[] = [];
      for await (const chunk of reader.chunks()) {
        if (seen.length === 0) {
          await take(storage, 4, [pattern(10, 2)]);
          await take(storage, 5, [pattern(10, 3)]);
        }
        seen.push(chunk);
      }
      assert.ok(Buffer.concat(seen).equals(first));
      assert.ok((await readAll(reader.chunks(899_000))).equals(first.subarray(899_000)));
      assert.equal(reader.meta.index, 3);
      await reader.close();
      assert.deepEqual(await present(storage), Buffer.from(pattern(10, 3)));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, meta(5));
    },
  },
  {
    name: 'one snapshot at a time, and none older than the present one',
    async run(world) {
      const { storage } = await opened(world);
      const writer = await storage.createSnapshot(meta(5));
      await assertRejects(storage.createSnapshot(meta(6)), 'RAFT_INVALID_ARGUMENT');
      await writer.commit();
      await assertRejects(storage.createSnapshot(meta(4)), 'RAFT_INVALID_ARGUMENT');
      await take(storage, 5, [pattern(3, 3)]);
      assert.deepEqual(await present(storage), Buffer.from(pattern(3, 3)));
      await assertRejects(writer.write(pattern(1, 1)), 'RAFT_STORAGE_CLOSED');
    },
  },
  {
    name: 'appends go on while a snapshot is written, and compaction after it',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 10, 3)));
      const writer = await storage.createSnapshot(meta(8));
      for (let i = 0; i < 10; i++) {
        await Promise.all([writer.write(pattern(50_000, i)), storage.append(batch(commands(11 + i, 11 + i, 3)))]);
      }
      await writer.commit();
      await storage.compact(8);
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, meta(8));
      assert.equal(again.restored.firstIndex, 9);
      await assertLog(again.storage, commands(9, 20, 3));
      assert.equal((await present(again.storage))?.length, 500_000);
    },
  },
  {
    name: 'an installed snapshot resets the log',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 4, 1)));
      await take(storage, 50, [pattern(100, 1)]);
      await storage.append(batch([], { resetTo: { index: 50, term: 3 } }));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, meta(50));
      assert.equal(again.restored.firstIndex, 51);
      await again.storage.append(batch(commands(51, 52, 3)));
      await assertLog(again.storage, commands(51, 52, 3));
    },
  },
  {
    name: 'a closed reader reads nothing more',
    async run(world) {
      const { storage } = await opened(world);
      await take(storage, 3, [pattern(10, 1)]);
      const reader = await storage.openSnapshot();
      assert.ok(reader);
      await reader.close();
      await reader.close();
      await assertRejects(readAll(reader.chunks()), 'RAFT_STORAGE_CLOSED');
    },
  },
];
