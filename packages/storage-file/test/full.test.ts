import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'vitest';
import { seededRandom } from '@raft/core';
import type { HardState, Storage } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { contentOf, entry, identity } from './support/model.js';
import { SimulatedDisk } from './support/simulated-disk.js';

const KiB = 1024;
const full = { code: 'RAFT_STORAGE_FULL' };
const meta = {
  index: 1,
  term: 1,
  configuration: { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] },
  configurationIndex: 1,
};

/** A disk that can be filled. */
interface SmallDisk {
  readonly storage: () => Storage;
  readonly names: () => string[];
  /** The process ends without closing anything. */
  readonly crash?: () => void;
  readonly free: () => void;
}

function vote(term: number): HardState {
  return { term, votedFor: `n${term % 3}`, commitIndex: 0 };
}

/** Appends until the disk is full; the index of the entry that was refused. */
async function fill(storage: Storage): Promise<number> {
  for (let index = 1; ; index++) {
    try {
      await storage.append({ entries: [entry(index, 1, 20_000)] });
    } catch (error) {
      assert.equal((error as { code?: string }).code, full.code);
      return index;
    }
  }
}

async function runFull(disk: SmallDisk, votes: number): Promise<void> {
  let storage = disk.storage();
  await storage.open(identity);
  await storage.append({ hardState: vote(1), entries: [] });
  const refused = await fill(storage);
  assert(refused > 5);
  assert(!disk.names().some((name) => name.endsWith('.tmp')), 'what was being made gives its space back');
  // What waits behind what is refused is refused too, also when there is room for it.
  const outcomes = await Promise.allSettled([
    storage.append({ entries: [entry(refused, 1, 20_000)] }),
    storage.append({ entries: [entry(refused + 1, 1, 10)] }),
    storage.append({ hardState: vote(2), entries: [] }),
  ]);
  for (const outcome of outcomes) assert.equal((outcome as PromiseRejectedResult).reason.code, full.code);
  // Votes are written however often, between refusals too.
  for (let term = 2; term < votes; term++) {
    await storage.append({ hardState: vote(term), entries: [] });
    if (term % 500 === 0) await assert.rejects(storage.append({ entries: [entry(refused, 1, 20_000)] }), full);
  }
  await assert.rejects(storage.append({ hardState: vote(votes), entries: [entry(refused, 1, 20_000)] }), full);
  await storage.append({ hardState: vote(votes), entries: [] });
  await takeSnapshotInVain(storage, disk);
  // The same after a start.
  for (const crash of [false, true]) {
    if (crash) disk.crash?.();
    else await storage.close();
    storage = disk.storage();
    const restored = await storage.open(identity);
    assert.deepEqual(restored.hardState, vote(votes));
    assert.equal(restored.lastIndex, refused - 1);
    assert.equal((await contentOf(storage, restored)).entries.length, refused - 1);
    await assert.rejects(storage.append({ entries: [entry(refused, 1, 20_000)] }), full);
    if (disk.crash === undefined) break;
  }
  disk.free();
  await storage.append({ entries: [entry(refused, votes, 20_000)] });
  await storage.append({ hardState: vote(votes + 1), entries: [entry(refused + 1, votes, 20_000)] });
  const writer = await storage.createSnapshot(meta);
  await writer.write(new Uint8Array(600 * KiB).fill(1));
  await writer.commit();
  await storage.close();
  storage = disk.storage();
  const restored = await storage.open(identity);
  assert.deepEqual(restored.hardState, vote(votes + 1));
  assert.equal(restored.lastIndex, refused + 1);
  assert.equal(restored.snapshot?.index, 1);
  await storage.close();
}

/** A snapshot that does not fit leaves nothing behind, whether or not it is given up by whoever wrote it. */
async function takeSnapshotInVain(storage: Storage, disk: SmallDisk): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const write = async (): Promise<void> => {
      const writer = await storage.createSnapshot(meta);
      await writer.write(new Uint8Array(4000 * KiB));
      await writer.commit();
    };
    await assert.rejects(write(), full);
    assert(!disk.names().some((name) => /snapshot/.test(name)), disk.names().join());
  }
  assert.equal(await storage.openSnapshot(), undefined);
}

describe('storage-file: a full disk', { timeout: 60_000 }, () => {
  const cleanUp: (() => void)[] = [];
  afterEach(() => {
    for (const step of cleanUp.splice(0)) step();
  });

  test('costs what waits and no votes, and nothing once there is space again (simulated)', async () => {
    const disk = new SimulatedDisk(seededRandom(1));
    disk.capacity = 700 * KiB;
    await runFull(
      {
        storage: () => fileStorage({ directory: '/data', segmentBytes: 128 * KiB, fileSystem: disk.fileSystem() }),
        names: () => [...disk.files.keys()],
        crash: () => disk.crash(),
        free: () => (disk.capacity = 10_000 * KiB),
      },
      5000,
    );
  });

  test('costs what waits and no votes, and nothing once there is space again (tmpfs)', async (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'raft-full-'));
    cleanUp.push(() => rmSync(directory, { recursive: true, force: true }));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', directory]).status === 0;
    if (!mounted) return context.skip('needs root, and a kernel that mounts tmpfs');
    cleanUp.unshift(() => spawnSync('umount', ['-l', directory]));
    const data = join(directory, 'data');
    writeFileSync(join(directory, 'ballast'), Buffer.alloc(1800 * KiB));
    await runFull(
      {
        storage: () => fileStorage({ directory: data, segmentBytes: 128 * KiB }),
        names: () => readdirSync(data),
        free: () => unlinkSync(join(directory, 'ballast')),
      },
      5000,
    );
  });

  test('leaves nothing of what it refused, also where blocks that exist need space to be written', async () => {
    const disk = new SimulatedDisk(seededRandom(3));
    const make = (): Storage =>
      fileStorage({ directory: '/data', segmentBytes: 128 * KiB, fileSystem: disk.fileSystem() });
    let storage = make();
    await storage.open(identity);
    await storage.append({ entries: [entry(1, 1)] });
    for (const kind of ['ENOSPC once', 'short write'] as const) {
      disk.failAt(1, kind);
      await assert.rejects(storage.append({ entries: [entry(2, 1), entry(3, 1)] }), full);
      disk.kill();
      storage = make();
      assert.equal((await storage.open(identity)).lastIndex, 1, kind);
    }
    await storage.append({ entries: [entry(2, 2)] });
    await storage.close();
  });

  test('a vote that was written beside the log outlives the loss of either copy', async () => {
    for (const slot of [0, 1]) {
      const disk = new SimulatedDisk(seededRandom(4));
      const make = (): Storage =>
        fileStorage({ directory: '/data', segmentBytes: 128 * KiB, fileSystem: disk.fileSystem() });
      disk.capacity = 20 * KiB;
      const storage = make();
      await storage.open(identity);
      await storage.append({ hardState: { ...vote(7), commitIndex: 5 }, entries: [] });
      await storage.close();
      disk.files.get('/data/store')!.bytes.fill(0, slot * 4096, (slot + 1) * 4096);
      const again = make();
      // Entry 5 was committed, but is not here.
      assert.deepEqual((await again.open(identity)).hardState, vote(7));
      await again.close();
    }
  });

  test('a vote for which there is no log yet is found again after a loss of power', async () => {
    const disk = new SimulatedDisk(() => 0); // No change of names survives that was not synced.
    const make = (): Storage =>
      fileStorage({ directory: '/data', segmentBytes: 128 * KiB, fileSystem: disk.fileSystem() });
    disk.capacity = 20 * KiB;
    const storage = make();
    const { storeId } = await storage.open(identity);
    await storage.append({ hardState: vote(7), entries: [] });
    disk.crash();
    const again = make();
    const restored = await again.open(identity);
    assert.deepEqual([restored.hardState, restored.storeId], [vote(7), storeId]);
    await again.close();
  });

  test('lets truncations and compactions through, and a compaction brings space', async () => {
    const disk = new SimulatedDisk(seededRandom(2));
    disk.capacity = 700 * KiB;
    const storage = fileStorage({ directory: '/data', segmentBytes: 128 * KiB, fileSystem: disk.fileSystem() });
    await storage.open(identity);
    const refused = await fill(storage);
    for (let i = 1; i <= 50; i++) await storage.append({ truncateFrom: refused, entries: [] });
    await storage.append({ truncateFrom: refused - 1, entries: [] });
    await storage.compact(refused - 3);
    let index = refused - 1;
    // Segments are removed in the background.
    for (let tries = 0; tries < 100 && index === refused - 1; tries++) {
      await new Promise((resolve) => setImmediate(resolve));
      await storage.append({ entries: [entry(index, 2, 20_000)] }).then(
        () => index++,
        (error: { code?: string }) => assert.equal(error.code, full.code),
      );
    }
    assert.equal(index, refused);
    await storage.close();
  });
});
