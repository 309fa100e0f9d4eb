import { simulate } from './simulation.js';
import type { SimulationOptions, SimulationResult } from './simulation.js';

/** Runs that are spent on a failure at most. */
const MAX_RUNS = 100;

/**
 * Leaves out as many of the planned faults as it can with the run still failing (delta debugging), in any way: with fewer
 * faults the same mistake may show elsewhere. Gives the failing run with the fewest.
 */
export async function shrink(
  options: SimulationOptions,
  first: SimulationResult,
): Promise<{ readonly faults: readonly number[]; readonly result: SimulationResult }> {
  let faults = options.onlyFaults ?? Array.from({ length: first.plannedFaults }, (_, number) => number);
  let result = first;
  let runs = 0;
  const fails = async (onlyFaults: readonly number[]): Promise<boolean> => {
    runs++;
    const run = await simulate({ ...options, log: false, onlyFaults });
    if (run.failure === undefined) return false;
    [faults, result] = [onlyFaults, run];
    return true;
  };
  let parts = 1;
  while (parts <= faults.length && runs < MAX_RUNS) {
    const size = Math.ceil(faults.length / parts);
    let smaller = false;
    for (let from = 0; from < faults.length && runs < MAX_RUNS; from += size) {
      smaller = await fails([...faults.slice(0, from), ...faults.slice(from + size)]);
      if (smaller) break;
    }
    if (!smaller) parts = size === 1 ? Number.POSITIVE_INFINITY : parts * 2;
    else if (faults.length === 0) break;
    else parts = Math.max(1, Math.min(parts, faults.length));
  }
  return { faults, result };
}
