/** Time, as the node sees it; a simulator passes its own. */
export interface Clock {
  /** Milliseconds on a clock that never goes back and does not follow the wall clock. */
  now(): number;
  /** Runs `task` once when `now()` has reached `at` (milliseconds). */
  setTimer(at: number, task: () => void): Timer;
  /** Runs `task` after everything that is ready in this turn of the event loop: what makes a batch. */
  defer(task: () => void): void;
}

export interface Timer {
  cancel(): void;
}

/** A number from [0, 1). */
export type Random = () => number;

interface Host {
  setTimeout(task: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
  setImmediate?: (task: () => void) => unknown;
  performance: { now(): number };
}

/** The longest delay that a host counts, in milliseconds: a longer one would be over at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The clock of the process, or of the browser's page. */
export function systemClock(): Clock {
  return theClock;
}

const theClock = makeClock();

function makeClock(): Clock {
  const host = globalThis as unknown as Host;
  return {
    now: () => host.performance.now(),
    setTimer(at, task) {
      let timer: unknown;
      // Hosts count whole milliseconds of another clock and may be a little early.
      const arm = (): void => {
        const delayMs = Math.ceil(at - host.performance.now());
        timer = host.setTimeout(ring, Math.min(Math.max(0, delayMs), MAX_DELAY_MS));
      };
      const ring = (): void => (host.performance.now() < at ? arm() : task());
      arm();
      return { cancel: () => host.clearTimeout(timer) };
    },
    defer,
  };
}

/** How long what was deferred runs, in milliseconds, before the host may look for what has arrived. */
const SLICE_MS = 10;

let deferred: (() => void)[] = [];
let isPlanned = false;

/** All that is deferred in the process runs in one go, and not one by one: what many groups send to one peer then leaves together. */
function defer(task: () => void): void {
  deferred.push(task);
  if (!isPlanned) planDeferred();
}

function planDeferred(): void {
  isPlanned = true;
  const { setImmediate, setTimeout } = globalThis as unknown as Host;
  if (setImmediate) setImmediate(runDeferred);
  else setTimeout(runDeferred, 0);
}

function runDeferred(): void {
  const tasks = deferred;
  const { performance } = globalThis as unknown as Host;
  const until = performance.now() + SLICE_MS;
  deferred = [];
  isPlanned = false;
  let next = 0;
  try {
    do (tasks[next++] as () => void)();
    while (next < tasks.length && performance.now() < until);
  } finally {
    // Also when one has thrown: that is not the others' fault.
    if (next < tasks.length) {
      deferred = [...tasks.slice(next), ...deferred];
      if (!isPlanned) planDeferred();
    }
  }
}

/** Pseudo-random numbers that repeat for the same seed (mulberry32); for tests and simulations. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  };
}
