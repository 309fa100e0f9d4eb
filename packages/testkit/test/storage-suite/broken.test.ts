import assert from 'node:assert/strict';
import { seededRandom } from '@raft/core';
import type { Storage } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { memoryStorage } from '@raft/storage-memory';
import { storageSuite } from '@raft/testkit';
import type { StorageWorld, SuiteCase } from '@raft/testkit';
import { describe, test } from 'vitest';
import { SimulatedDisk } from '../../../storage-file/test/support/simulated-disk.js';
import { diskFlaws } from './disk-flaws.js';
import type { DiskFlaw } from './disk-flaws.js';
import { flaws } from './flaws.js';
import type { Flaw } from './flaws.js';

/** The suite of a storage in memory with this flaw. */
function memoryCases({ wrap }: Pick<Flaw, 'wrap'>): readonly SuiteCase[] {
  const open = (): StorageWorld => {
    const storage = wrap(memoryStorage());
    return { storage: () => storage, dispose: () => storage.close() };
  };
  return storageSuite({ name: 'broken', open }).cases;
}

/** The suite of a storage on a simulated disk with this flaw. */
function diskCases({
  fileSystem = (right) => right,
  wrap = (storage) => storage,
}: Partial<DiskFlaw>): readonly SuiteCase[] {
  const open = (): StorageWorld => {
    const disk = new SimulatedDisk(seededRandom(1));
    const isFull = (): boolean => disk.capacity < Number.POSITIVE_INFINITY;
    return {
      disk,
      storage: (): Storage => {
        const options = { directory: '/data', segmentBytes: 128 * 1024, fileSystem: fileSystem(disk.fileSystem()) };
        return wrap(fileStorage(options), isFull);
      },
      async dispose() {},
      crash: async () => disk.crash(),
      fill: async () => void (disk.capacity = disk.used),
      free: async () => void (disk.capacity = Number.POSITIVE_INFINITY),
    };
  };
  return storageSuite({ name: 'broken', open, supports: { crash: true, fullDisk: true, faultyDisk: true } }).cases;
}

async function fails(cases: readonly SuiteCase[], breaks: readonly string[]): Promise<void> {
  for (const beginning of breaks) {
    const broken = cases.filter(({ name }) => name.startsWith(beginning));
    assert.ok(broken.length > 0, `no case begins with ${JSON.stringify(beginning)}`);
    for (const { name, run } of broken) {
      const outcome = await run().then(
        () => 'passes',
        () => 'fails',
      );
      assert.equal(outcome, 'fails', `the storage passes: ${name}`);
    }
  }
}

describe('a broken storage fails every clause that it breaks: it', { timeout: 60_000 }, () => {
  test.each(flaws)('$name', (flaw) => fails(memoryCases(flaw), flaw.breaks));
  test.each(diskFlaws)('$name', (flaw) => fails(diskCases(flaw), flaw.breaks));

  test('and each clause is broken by one of them', () => {
    const beginnings = [...flaws, ...diskFlaws].flatMap(({ breaks }) => breaks);
    const unbroken = diskCases({}).filter(({ name }) => !beginnings.some((each) => name.startsWith(each)));
    assert.deepEqual(
      unbroken.map(({ name }) => name),
      [],
    );
  });
});
