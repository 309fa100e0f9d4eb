import assert from 'node:assert/strict';
import {
  assertLog,
  assertRejects,
  batch,
  commands,
  opened,
  pattern,
  presentSnapshot,
  readAll,
  reopened,
  snapshotMeta,
  takeSnapshot,
} from './world.js';
import type { StorageCase } from './world.js';

const bytes = (...chunks: Uint8Array[]): Buffer => Buffer.concat(chunks);

export const snapshotCases: readonly StorageCase[] = [
  {
    name: 'a snapshot is visible once committed, and after open',
    async run(world) {
      const { storage } = await opened(world);
      assert.equal(await storage.openSnapshot(), undefined);
      const chunks = [pattern(10, 1), pattern(0, 2), pattern(100_000, 3), pattern(1, 4)];
      const writer = await storage.createSnapshot(snapshotMeta(7));
      for (const chunk of chunks) await writer.write(chunk);
      assert.equal(await storage.openSnapshot(), undefined);
      await writer.commit();
      assert.deepEqual(await presentSnapshot(storage), bytes(...chunks));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, snapshotMeta(7));
      assert.deepEqual(again.restored.repairs, []);
      assert.deepEqual(await presentSnapshot(again.storage), bytes(...chunks));
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
        returning: ['n5'],
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
      assert.deepEqual(await presentSnapshot(again.storage), Buffer.alloc(0));
    },
  },
  {
    name: 'reading starts at any offset',
    async run(world) {
      const { storage } = await opened(world);
      const whole = pattern(1_500_000, 5);
      await takeSnapshot(storage, 4, [whole.subarray(0, 700_000), whole.subarray(700_000)]);
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
      const writer = await storage.createSnapshot(snapshotMeta(1));
      const buffer = new Uint8Array(1000);
      for (let i = 0; i < 5; i++) {
        buffer.fill(i);
        await writer.write(buffer);
      }
      buffer.fill(99);
      await writer.commit();
      const expected = Buffer.concat([0, 1, 2, 3, 4].map((i) => Buffer.alloc(1000, i)));
      assert.deepEqual(await presentSnapshot(storage), expected);
    },
  },
  {
    name: 'an aborted or unfinished snapshot leaves the present one',
    async run(world) {
      const { storage } = await opened(world);
      await takeSnapshot(storage, 3, [pattern(50, 1)]);
      const aborted = await storage.createSnapshot(snapshotMeta(4));
      await aborted.write(pattern(300_000, 2));
      await aborted.abort();
      await aborted.abort();
      assert.deepEqual(await presentSnapshot(storage), Buffer.from(pattern(50, 1)));
      const unfinished = await storage.createSnapshot(snapshotMeta(5));
      await unfinished.write(pattern(300_000, 3));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, snapshotMeta(3));
      assert.deepEqual(await presentSnapshot(again.storage), Buffer.from(pattern(50, 1)));
      await assertRejects(unfinished.write(pattern(1, 1)), 'RAFT_STORAGE_CLOSED');
      await assertRejects(unfinished.commit(), 'RAFT_STORAGE_CLOSED');
    },
  },
  {
    name: 'a snapshot that is being read stays readable while newer ones take its place',
    async run(world) {
      const { storage } = await opened(world);
      const first = pattern(900_000, 1);
      await takeSnapshot(storage, 3, [first]);
      const reader = await storage.openSnapshot();
      assert.ok(reader);
      const seen: Uint8Array[] = [];
      for await (const chunk of reader.chunks()) {
        if (seen.length === 0) {
          await takeSnapshot(storage, 4, [pattern(10, 2)]);
          await takeSnapshot(storage, 5, [pattern(10, 3)]);
        }
        seen.push(chunk);
      }
      assert.ok(Buffer.concat(seen).equals(first));
      assert.ok((await readAll(reader.chunks(899_000))).equals(first.subarray(899_000)));
      assert.equal(reader.meta.index, 3);
      await reader.close();
      assert.deepEqual(await presentSnapshot(storage), Buffer.from(pattern(10, 3)));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, snapshotMeta(5));
    },
  },
  {
    name: 'one snapshot at a time, and none older than the present one',
    async run(world) {
      const { storage } = await opened(world);
      const writer = await storage.createSnapshot(snapshotMeta(5));
      await assertRejects(storage.createSnapshot(snapshotMeta(6)), 'RAFT_INVALID_ARGUMENT');
      await writer.commit();
      await assertRejects(storage.createSnapshot(snapshotMeta(4)), 'RAFT_INVALID_ARGUMENT');
      await takeSnapshot(storage, 5, [pattern(3, 3)]);
      assert.deepEqual(await presentSnapshot(storage), Buffer.from(pattern(3, 3)));
      await assertRejects(writer.write(pattern(1, 1)), 'RAFT_STORAGE_CLOSED');
    },
  },
  {
    name: 'appends go on while a snapshot is written, and compaction after it',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 10, 3)));
      const writer = await storage.createSnapshot(snapshotMeta(8));
      for (let i = 0; i < 10; i++) {
        await Promise.all([writer.write(pattern(50_000, i)), storage.append(batch(commands(11 + i, 11 + i, 3)))]);
      }
      await writer.commit();
      await storage.compact(8);
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, snapshotMeta(8));
      assert.equal(again.restored.firstIndex, 9);
      await assertLog(again.storage, commands(9, 20, 3));
      assert.equal((await presentSnapshot(again.storage))?.length, 500_000);
    },
  },
  {
    name: 'an installed snapshot resets the log',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 4, 1)));
      await takeSnapshot(storage, 50, [pattern(100, 1)]);
      await storage.append(batch([], { resetTo: { index: 50, term: 3 } }));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.snapshot, snapshotMeta(50));
      assert.equal(again.restored.firstIndex, 51);
      await again.storage.append(batch(commands(51, 52, 3)));
      await assertLog(again.storage, commands(51, 52, 3));
    },
  },
  {
    name: 'a closed reader reads nothing more',
    async run(world) {
      const { storage } = await opened(world);
      await takeSnapshot(storage, 3, [pattern(10, 1)]);
      const reader = await storage.openSnapshot();
      assert.ok(reader);
      await reader.close();
      await reader.close();
      await assertRejects(readAll(reader.chunks()), 'RAFT_STORAGE_CLOSED');
    },
  },
  {
    name: 'a snapshot of many chunks of odd sizes is read by two at once',
    async run(world) {
      const { storage } = await opened(world);
      const chunks = Array.from({ length: 60 }, (_, i) => pattern((i * 7919) % 200_003, i));
      await takeSnapshot(storage, 9, chunks);
      const readers = [await storage.openSnapshot(), await storage.openSnapshot()];
      const read = await Promise.all(readers.map(async (reader) => readAll(reader!.chunks())));
      for (const all of read) assert.ok(all.equals(bytes(...chunks)));
      await readers[0]?.close();
      assert.ok((await readAll(readers[1]!.chunks(1000))).equals(bytes(...chunks).subarray(1000)));
      await readers[1]?.close();
      assert.equal(readers[1]?.size, bytes(...chunks).length);
    },
  },
  {
    name: 'a snapshot that was given up leaves nothing in the way of the next one',
    async run(world) {
      const { storage } = await opened(world);
      for (let round = 1; round <= 5; round++) {
        const aborted = await storage.createSnapshot(snapshotMeta(round));
        await aborted.write(pattern(600_000, 99));
        await aborted.abort();
        await takeSnapshot(storage, round, [pattern(100_000 * round, round)]);
        assert.deepEqual(await presentSnapshot(storage), Buffer.from(pattern(100_000 * round, round)));
      }
    },
  },
];
