import { vi } from 'vitest';

const { clearTimeout, setImmediate, setTimeout } = globalThis;

/** Longer than any machine takes for what waits for no timer. */
const guardMs = 20_000;

/**
 * Runs something to its end while time, for `setTimeout` and the clock of the process, goes on by `ms` milliseconds in all, and then
 * stands still: what waits for more never ends. So it is told apart from what does not wait, on a machine of any speed.
 */
export async function withinTimers<T>(ms: number, run: () => Promise<T>): Promise<T> {
  const from = performance.now();
  let passed = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const now = vi.spyOn(performance, 'now').mockImplementation(() => from + passed);
  let guard: NodeJS.Timeout | undefined;
  try {
    let isOver = false;
    const end = run().finally(() => (isOver = true));
    while (passed < ms && !isOver) {
      // Sockets get their turn between two milliseconds.
      await new Promise((resolve) => setImmediate(resolve));
      passed += 1;
      vi.advanceTimersByTime(1);
    }
    const hangs = new Promise<never>((_, reject) => {
      guard = setTimeout(() => reject(new Error(`it waits for timers of more than ${ms} ms`)), guardMs);
    });
    return await Promise.race([end, hangs]);
  } finally {
    clearTimeout(guard);
    now.mockRestore();
    vi.useRealTimers();
  }
}
