/**
 * What the contract of `Storage` promises, as named cases that take a factory. They use no test runner: a case passes
 * when its promise resolves.
 */
import type { StorageCase } from './harness.js';
import { errorCases } from './errors.js';
import { logCases } from './log.js';
import { randomCases } from './random.js';
import { restoreCases } from './restore.js';
import { snapshotCases } from './snapshots.js';

export { assertLog, assertRejects, batch, command, commands, configuration } from './harness.js';
export { identity, opened, pattern, plain, readAll, reopened, runCase } from './harness.js';
export type { StorageCase, StorageWorld, StorageWorldFactory } from './harness.js';

export const storageCases: readonly StorageCase[] = [
  ...restoreCases,
  ...logCases,
  ...snapshotCases,
  ...errorCases,
  ...randomCases,
];
