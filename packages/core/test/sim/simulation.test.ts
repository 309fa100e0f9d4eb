import { describe, expect, it } from 'vitest';
import { Coverage } from './coverage.js';
import { failureReport } from './simulate.js';
import { simulate } from './simulation.js';

const BATCHES = 8;
const SEEDS_PER_BATCH = 50;

/** Runs seeds `from` to `from + seeds - 1`; what was met is added to `coverage`. */
function run(from: number, seeds: number, coverage: Coverage, nodes?: number): void {
  for (let seed = from; seed < from + seeds; seed++) {
    try {
      coverage.add(simulate({ seed, nodes }).coverage);
    } catch (error) {
      throw new Error(failureReport(seed, nodes, error), { cause: error });
    }
  }
}

describe('a simulated cluster', () => {
  const coverage = new Coverage();

  it.each(Array.from({ length: BATCHES }, (_, batch) => 1 + batch * SEEDS_PER_BATCH))(
    `keeps its promises through storms and agrees after them (${SEEDS_PER_BATCH} seeds from %i)`,
    (from) => run(from, SEEDS_PER_BATCH, coverage),
    // A second each when the machine is free.
    120_000,
  );

  it('has met every situation that can go wrong', () => {
    expect(coverage.missing).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'works with %i nodes',
    (nodes) => {
      run(1000, 5, new Coverage(), nodes);
    },
    120_000,
  );

  it('does the same for the same seed, and something else for another', () => {
    const hashes = [7, 8, 7, 8].map((seed) => simulate({ seed, nodes: 5 }).hash);
    expect(hashes[2]).toBe(hashes[0]);
    expect(hashes[3]).toBe(hashes[1]);
    expect(hashes[1]).not.toBe(hashes[0]);
  });
});
