import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Coverage } from './coverage.js';
import { faultNames } from './faults.js';
import { failureReport, summary } from './report.js';
import { simulate } from './simulation.js';
import type { SimulationOptions, SimulationResult } from './simulation.js';

export interface BatchOptions {
  readonly from: number;
  readonly seeds: number;
  /** Default: any number from 1 to 9, by the seed. */
  readonly nodes?: number | undefined;
  /** Threads. Default: as many as there are processors. */
  readonly workers?: number | undefined;
  readonly onlyFaults?: readonly number[] | undefined;
  /** As of {@link SimulationOptions}; with either, all runs are in this thread. */
  readonly stateMachine?: SimulationOptions['stateMachine'];
  readonly storage?: SimulationOptions['storage'];
  /** Whether a situation that was never met is a failure. Default false. */
  readonly demandCoverage?: boolean | undefined;
  /** Prints each seed's hash. Default false. */
  readonly hashes?: boolean | undefined;
  /** Where the log of a failing run is written. Default `reports`. */
  readonly logFolder?: string | undefined;
  /** What runs a batch from a command line; for the report of a failure. Default: the call of `simulate`. */
  readonly command?: string | undefined;
}

/** Runs many seeds, stops at the first that fails and tells how to run it again. Gives the exit code. */
export async function simulateMany(options: BatchOptions, print: (line: string) => void): Promise<number> {
  const start = performance.now();
  const coverage = new Coverage(faultNames);
  const totals = { seeds: 0, steps: 0, virtualMs: 0, operations: 0 };
  const failed = await runAll(options, (result) => {
    coverage.add(result.counts, result.strikes);
    totals.seeds++;
    totals.steps += result.steps;
    totals.virtualMs += result.virtualMs;
    totals.operations += result.operations;
    if (options.hashes === true) print(`${result.seed} ${result.hash}`);
  });
  if (failed !== undefined) {
    const { logFolder = 'reports', command } = options;
    const lines = await failureReport(optionsOf(options, failed.seed), failed, logFolder, command);
    for (const line of lines) print(line);
    return 1;
  }
  for (const line of summary(totals, coverage, (performance.now() - start) / 1000)) print(line);
  return options.demandCoverage === true && coverage.missing.length > 0 ? 1 : 0;
}

function optionsOf({ nodes, onlyFaults, stateMachine, storage }: BatchOptions, seed: number): SimulationOptions {
  return {
    seed,
    nodes,
    onlyFaults,
    // A thread could not be sent them.
    ...(stateMachine === undefined ? {} : { stateMachine }),
    ...(storage === undefined ? {} : { storage }),
  };
}

/** Gives the first that failed, if any. */
async function runAll(
  options: BatchOptions,
  passed: (result: SimulationResult) => void,
): Promise<SimulationResult | undefined> {
  const workers = Math.min(options.workers ?? availableParallelism(), options.seeds);
  let next = options.from;
  let failed: SimulationResult | undefined;
  /** One thread's work: a seed at a time. */
  const lane = async (run: (options: SimulationOptions) => Promise<SimulationResult>): Promise<void> => {
    while (next < options.from + options.seeds && failed === undefined) {
      const result = await run(optionsOf(options, next++));
      if (result.failure === undefined) passed(result);
      else failed ??= result;
    }
  };
  const isOwn = options.stateMachine !== undefined || options.storage !== undefined;
  if (workers <= 1 || isOwn) await lane(simulate);
  else await Promise.all(Array.from({ length: workers }, () => inWorker(lane)));
  return failed;
}

async function inWorker(
  lane: (run: (options: SimulationOptions) => Promise<SimulationResult>) => Promise<void>,
): Promise<void> {
  const worker = new Worker(new URL('worker.js', import.meta.url));
  let settle: { resolve: (result: SimulationResult) => void; reject: (error: unknown) => void } | undefined;
  worker.on('message', (result: SimulationResult) => settle?.resolve(result));
  worker.on('error', (error) => settle?.reject(error));
  try {
    await lane(
      (options) =>
        new Promise((resolve, reject) => {
          settle = { resolve, reject };
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
          worker.postMessage(options);
        }),
    );
  } finally {
    await worker.terminate();
  }
}
