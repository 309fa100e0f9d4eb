import { vi } from 'vitest';

const { setImmediate } = globalThis;

/**
 * Runs something to its end while time, for `setTimeout` and the clock of the process, goes on by `ms` milliseconds in all, and then
 * stands still: what waits for more hangs. So it is told apart from what does not wait, on a machine of any speed.
 */
export async function withinTimers<T>(ms: number, run: () => Promise<T>): Promise<T> {
  const from = performance.now();
  let passed = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const now = vi.spyOn(performance, 'now').mockImplementation(() => from + passed);
  try {
    let isOver = false;
    const end = run().finally(() => (isOver = true));
    while (passed < ms && !isOver) {
      // Sockets get their turn between two milliseconds.
      await new Promise((resolve) => setImmediate(resolve));
      passed += 1;
      vi.advanceTimersByTime(1);
    }
    return await end;
  } finally {
    now.mockRestore();
    vi.useRealTimers();
  }
}
