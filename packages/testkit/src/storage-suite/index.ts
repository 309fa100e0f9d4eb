import type { Suite, SuiteCase } from '../suite.js';
import { errorCases } from './errors.js';
import { logCases } from './log.js';
import { randomCases } from './random.js';
import { restoreCases } from './restore.js';
import { snapshotCases } from './snapshots.js';
import type { StorageCase, StorageWorldFactory } from './world.js';

export interface StorageSuiteOptions {
  /** Of the storage, for the report. */
  readonly name: string;
  /** Makes a world for each case. */
  readonly open: StorageWorldFactory;
}

const cases: readonly StorageCase[] = [...restoreCases, ...logCases, ...snapshotCases, ...errorCases, ...randomCases];

/** What the contract of `Storage` promises, as cases for a storage of yours. */
export function storageSuite({ name, open }: StorageSuiteOptions): Suite {
  return { name: `${name}: storage suite`, cases: cases.map((each) => prepared(each, open)) };
}

function prepared({ name, run }: StorageCase, open: StorageWorldFactory): SuiteCase {
  return {
    name,
    timeoutMs: 60_000,
    async run() {
      const world = await open();
      try {
        await run(world);
      } finally {
        await world.dispose();
      }
    },
  };
}
