import { describe, test } from 'vitest';
import type { Suite } from './suite.js';

/** Hands a suite to vitest: one test for each case, and one that is skipped for each reason to skip some. */
export function testSuite({ name, cases }: Suite): void {
  describe(name, () => {
    for (const { name: what, skipped, timeoutMs, run } of cases) {
      if (skipped === undefined) test(what, { timeout: timeoutMs }, run);
    }
    for (const reason of new Set(cases.flatMap(({ skipped }) => skipped ?? []))) {
      const count = cases.filter(({ skipped }) => skipped === reason).length;
      test(`${count} cases that cannot be run here`, (context) => context.skip(reason));
    }
  });
}
