import type { Suite, SuiteCase } from '../suite.js';
import { crashCases } from './crash.js';
import { errorCases } from './errors.js';
import { faultyDiskCases } from './faulty-disk.js';
import { fullDiskCases } from './full-disk.js';
import { hardStateCases } from './hard-state.js';
import { logCases } from './log.js';
import { randomCases } from './random.js';
import { restoreCases } from './restore.js';
import { snapshotCases } from './snapshots.js';
import type { StorageAbilities, StorageCase, StorageWorld, StorageWorldFactory } from './world.js';

export interface StorageSuiteOptions {
  /** Of the storage, for the report. */
  readonly name: string;
  /** Makes a world for each case. */
  readonly open: StorageWorldFactory;
  /** What these worlds can do besides. Default nothing. */
  readonly supports?: StorageAbilities;
}

const cases: readonly StorageCase[] = [
  ...restoreCases,
  ...hardStateCases,
  ...logCases,
  ...snapshotCases,
  ...errorCases,
  ...randomCases,
  ...crashCases,
  ...fullDiskCases,
  ...faultyDiskCases,
];

const timeoutMs = 120_000;

/** What the contract of `Storage` promises, as cases for a storage of yours. */
export function storageSuite({ name, open, supports = {} }: StorageSuiteOptions): Suite {
  return { name: `${name}: storage suite`, cases: cases.map((each) => prepared(each, open, supports)) };
}

function prepared({ name, needs, run }: StorageCase, open: StorageWorldFactory, supports: StorageAbilities): SuiteCase {
  const fresh = async (): Promise<StorageWorld> => open();
  return {
    name,
    timeoutMs,
    skipped: needs === undefined || supports[needs] ? undefined : `needs the ability ${needs}`,
    async run() {
      const world = await fresh();
      try {
        await run(world, fresh);
      } finally {
        await world.dispose();
      }
    },
  };
}
