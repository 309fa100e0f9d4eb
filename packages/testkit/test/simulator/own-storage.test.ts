import { seededRandom } from '@raft/core';
import type { Storage } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { memoryStorage } from '@raft/storage-memory';
import { describe, expect, it } from 'vitest';
import { SimulatedDisk } from '../../../storage-file/test/support/simulated-disk.js';
import { simulate } from '../../src/index.js';
import type { OwnStorage } from '../../src/index.js';
import { diskFlaws } from '../storage-suite/disk-flaws.js';
import { flaws } from '../storage-suite/flaws.js';

const worlds = { made: 0, gone: 0 };

/** Keeps its data over closes, and so over crashes, which only close it. */
function inMemory(wrap: (storage: Storage) => Storage = (storage) => storage): OwnStorage {
  return {
    open() {
      worlds.made++;
      const storage = wrap(memoryStorage());
      return { storage: () => storage, dispose: async () => void worlds.gone++ };
    },
  };
}

function onDisk(fileSystem = (right: ReturnType<SimulatedDisk['fileSystem']>) => right): OwnStorage {
  let disks = 0;
  return {
    supports: { crash: true },
    open() {
      const disk = new SimulatedDisk(seededRandom(++disks));
      const options = { directory: '/data', segmentBytes: 128 * 1024 };
      return {
        storage: () => fileStorage({ ...options, fileSystem: fileSystem(disk.fileSystem()) }),
        async dispose() {},
        crash: async () => disk.crash(),
      };
    },
  };
}

async function failureOf(make: () => OwnStorage, seeds = 30): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { failure } = await simulate({ seed, nodes: 3, storage: make() });
    if (failure !== undefined) return failure.message;
  }
  return undefined;
}

describe('a storage of somebody’s own', () => {
  it.each([
    ['in memory', () => inMemory()],
    ['in files, on a disk that loses what was not synced', () => onDisk()],
  ])(
    '%s goes through the storms',
    async (_, make) => {
      expect(await failureOf(make, 8)).toBeUndefined();
    },
    300_000,
  );

  it('changes nothing but the time that a run takes, and is let go of in the end', async () => {
    const before = { ...worlds };
    const first = await simulate({ seed: 4, nodes: 5, storage: inMemory() });
    expect(worlds.made - before.made).toBeGreaterThanOrEqual(5);
    expect(worlds.gone - before.gone).toBe(worlds.made - before.made);
    const second = await simulate({ seed: 4, nodes: 5, storage: onDisk() });
    expect([first.failure, second.failure]).toEqual([undefined, undefined]);
    expect(second.hash).toBe(first.hash);
  }, 300_000);

  it.each([
    ['keeps the first hard state', /what it restores should be .*"term"/],
    ['compacts nothing', /COMPACTED|what it restores/],
    ['has a new store id each time', /the store id should be/],
    ['reads as much as there is', /entries \d+ to \d+ within \d+ bytes should be/],
  ])(
    'is found out when it %s',
    async (name, message) => {
      const flaw = flaws.find((one) => one.name === name);
      expect(await failureOf(() => inMemory(flaw?.wrap))).toMatch(message);
    },
    300_000,
  );

  it('is found out when it acknowledges before anything is synced', async () => {
    const flaw = diskFlaws.find(({ name }) => name === 'acknowledges before anything is synced');
    expect(await failureOf(() => onDisk(flaw?.fileSystem))).toMatch(/cannot open|what it restores should be/);
  }, 300_000);
});
