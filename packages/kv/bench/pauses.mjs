// What the event loop does while something goes on.
import { readFileSync } from 'node:fs';
import { createHistogram, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** Nanoseconds that this thread has had a processor; undefined where the system does not tell. */
function ownTime() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]);
  } catch {
    return undefined;
  }
}

/**
 * Runs `work` and tells of the pauses of the event loop meanwhile: as a clock sees them, and the longest turn by what this
 * thread itself has worked in it, which does not count the time that it waited for a processor that others had.
 */
export async function measured(name, work) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  let longestTurn = 0;
  let last = ownTime();
  let turn = setImmediate(function look() {
    const now = ownTime();
    longestTurn = Math.max(longestTurn, now - last);
    last = now;
    turn = setImmediate(look);
  });
  const gcs = createHistogram();
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) gcs.record(Math.max(1, Math.round(duration * 1000)));
  });
  observer.observe({ entryTypes: ['gc'] });
  delays.enable();
  const begun = performance.now();
  const more = await work();
  const seconds = (performance.now() - begun) / 1000;
  clearImmediate(turn);
  delays.disable();
  observer.disconnect();
  report(name, {
    seconds,
    longestTurnMs: longestTurn / 1e6,
    longestPauseMs: delays.max / 1e6 - 1,
    p999PauseMs: delays.percentile(99.9) / 1e6 - 1,
    longestGcMs: gcs.count === 0 ? 0 : gcs.max / 1000,
    ...more,
  });
}

export function report(name, figures) {
  const parts = Object.entries(figures).map(([name, figure]) => `${name} ${Math.round(figure * 100) / 100}`);
  console.log(`${name}: ${parts.join(', ')}`);
}

export function heapMiB() {
  return process.memoryUsage().heapUsed / 2 ** 20;
}
