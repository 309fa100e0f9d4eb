import type { Reporter, TestCase, Vitest } from 'vitest/node';

/** Names each skipped test and why, in one line: a test is left out with `context.skip('needs root')`, never in silence. */
export default class SkipReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    // With `-t name` all others are skipped, which nobody needs to be told.
    if (result.state !== 'skipped' || this.#vitest?.config.testNamePattern) return;
    const reason = result.note ?? 'no reason given';
    this.#vitest?.logger.log(`skipped: ${test.module.relativeModuleId} > ${test.fullName}: ${reason}`);
  }
}
