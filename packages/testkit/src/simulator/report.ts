import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Coverage } from './coverage.js';
import { shrink } from './shrink.js';
import { simulate } from './simulation.js';
import type { SimulationOptions, SimulationResult } from './simulation.js';

/** Lines of the log that are printed; the rest is in the file. */
const LAST_LINES = 40;

export interface Totals {
  seeds: number;
  steps: number;
  virtualMs: number;
  operations: number;
}

/** What went wrong, shrunk; the last events that led to it; where all of them are; and how to see it again. */
export async function failureReport(
  options: SimulationOptions,
  failed: SimulationResult,
  folder: string,
): Promise<string[]> {
  const { faults, result } = await shrink(options, failed);
  const { log } = await simulate({ ...options, onlyFaults: faults, log: true });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `simulation-${options.seed}.log`);
  writeFileSync(path, `${log.join('\n')}\n`);
  const nodes = options.nodes === undefined ? '' : ` --nodes ${options.nodes}`;
  return [
    ...log.slice(-LAST_LINES),
    `seed ${options.seed} failed: ${failed.failure?.stack ?? failed.failure?.message}`,
    `with ${faults.length} of ${failed.plannedFaults} faults: ${result.failure?.message}`,
    `all events: ${path}`,
    `to see it again: pnpm simulate --from ${options.seed} --seeds 1${nodes} --faults ${faults.join() || 'none'}`,
  ];
}

/** A line for each situation, one for those never met, and the figures. */
export function summary(totals: Totals, coverage: Coverage, seconds: number): string[] {
  const { counts, missing } = coverage;
  const hoursPerMinute = totals.virtualMs / 3_600_000 / (seconds / 60);
  return [
    ...Object.entries(counts).map(([name, count]) => `${String(count).padStart(10)}  ${name}`),
    ...(missing.length > 0 ? [`never met: ${missing.join(', ')}`] : []),
    [
      `${totals.seeds} seeds passed in ${seconds.toFixed(1)} s`,
      `${hoursPerMinute.toFixed(2)} simulated hours a minute`,
      `${Math.round(totals.steps / seconds)} events a second`,
      `${counts.leaderChanges} leader changes`,
      `${counts.snapshotsInstalled} snapshot installs`,
      `${counts.jointPhases} joint phases`,
      `${counts.writesTorn} torn writes`,
      `${totals.operations} operations checked`,
    ].join(', '),
  ];
}
