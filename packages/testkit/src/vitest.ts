import { describe, test } from 'vitest';
import type { Suite } from './suite.js';

/** Hands a suite to vitest: one test for each case. */
export function testSuite({ name, cases }: Suite): void {
  describe(name, () => {
    for (const { name: what, skipped, timeoutMs, run } of cases) {
      test(what, { timeout: timeoutMs }, async (context) => {
        if (skipped !== undefined) context.skip(skipped);
        await run();
      });
    }
  });
}
