import { Coverage } from './coverage.js';
import { Journal } from './journal.js';
import { simulate } from './simulation.js';

const LAST_LINES = 60;

export interface BatchOptions {
  readonly from: number;
  readonly seeds: number;
  readonly nodes: number | undefined;
  /** Print the whole journal of every run. */
  readonly journal: boolean;
}

/** Runs many seeds, stops at the first that fails and tells how to run it again. Gives the exit code. */
export function simulateMany(options: BatchOptions, print: (line: string) => void): number {
  const start = performance.now();
  const coverage = new Coverage();
  let [virtualMs, steps] = [0, 0];
  for (let seed = options.from; seed < options.from + options.seeds; seed++) {
    const journal = options.journal ? new Journal() : undefined;
    try {
      const result = simulate({ seed, nodes: options.nodes, journal });
      coverage.add(result.coverage);
      virtualMs += result.virtualMs;
      steps += result.steps;
    } catch (error) {
      print(failureReport(seed, options.nodes, error, options.journal ? Number.POSITIVE_INFINITY : LAST_LINES));
      return 1;
    }
    for (const line of journal?.lines ?? []) print(line);
  }
  const seconds = (performance.now() - start) / 1000;
  for (const [name, count] of Object.entries(coverage.counts)) print(`${String(count).padStart(10)}  ${name}`);
  if (coverage.missing.length > 0) print(`never met: ${coverage.missing.join(', ')}`);
  print(
    `${options.seeds} seeds passed in ${seconds.toFixed(1)} s: ${(virtualMs / 60_000 / seconds).toFixed(2)} virtual hours a minute, ` +
      `${Math.round(steps / seconds)} steps a second`,
  );
  return 0;
}

/** What went wrong, the events that led to it, and how to see it again. */
export function failureReport(seed: number, nodes: number | undefined, error: unknown, lines = LAST_LINES): string {
  const journal = new Journal();
  try {
    simulate({ seed, nodes, journal });
  } catch {
    // The same error again; the journal is what it was run for.
  }
  const replay = `pnpm --filter @raft/core run simulate --from ${seed} --seeds 1${nodes ? ` --nodes ${nodes}` : ''} --journal`;
  return [
    ...journal.lines.slice(-lines),
    `seed ${seed} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    `to see the whole of it: ${replay}`,
  ].join('\n');
}
