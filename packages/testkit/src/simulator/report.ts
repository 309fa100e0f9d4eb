import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeHistory } from '../checker/history.js';
import type { Coverage } from './coverage.js';
import { featureNames, mayMeet } from './features.js';
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
  command: string | undefined,
): Promise<string[]> {
  const { faults, result } = await shrink(options, failed);
  const { log, history } = await simulate({ ...options, onlyFaults: faults, log: true });
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): string => {
    const path = join(folder, `simulation-${options.seed}${name}`);
    writeFileSync(path, text);
    return path;
  };
  const logPath = write('.log', `${log.join('\n')}\n`);
  const historyPath = write('.history.jsonl', writeHistory(history));
  return [
    ...log.slice(-LAST_LINES),
    `seed ${options.seed} failed: ${failed.failure?.stack ?? failed.failure?.message}`,
    `with ${faults.length} of ${failed.plannedFaults} faults: ${result.failure?.message}`,
    ...log.filter((line) => / \*\* (?:no more )?fault \d+: /.test(line)),
    `all events: ${logPath}`,
    `what the callers saw: ${historyPath}`,
    `to see it again: ${replay(options, faults, command)}`,
  ];
}

function replay({ seed, nodes }: SimulationOptions, faults: readonly number[], command: string | undefined): string {
  if (command === undefined) {
    const count = nodes === undefined ? '' : `nodes: ${nodes}, `;
    return `simulate({ seed: ${seed}, ${count}onlyFaults: [${faults.join(', ')}], log: true, … })`;
  }
  const count = nodes === undefined ? '' : ` --nodes ${nodes}`;
  return `${command} --from ${seed} --seeds 1${count} --faults ${faults.join() || 'none'}`;
}

/** A row for each fault, a column for each feature: how often they met. */
function strikeTable({ strikes }: Coverage): string[] {
  const row = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(24) + cells.map((cell) => String(cell).padStart(11)).join('');
  return [
    row('faults while in use:', featureNames),
    ...Object.entries(strikes).map(([fault, counts]) => {
      const cells = featureNames.map((feature) => (mayMeet(fault, feature) ? (counts[feature] ?? 0) : '-'));
      return row(fault, cells);
    }),
  ];
}

/** The faults by the features, a line for each situation, one for those never met, and the figures. */
export function summary(totals: Totals, coverage: Coverage, seconds: number): string[] {
  const { counts, missing } = coverage;
  const hoursPerMinute = totals.virtualMs / 3_600_000 / (seconds / 60);
  return [
    ...strikeTable(coverage),
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
