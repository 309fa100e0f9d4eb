import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './files.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'raft-count-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the counter on a report and gives its last line and exit code. */
function count(report: object | undefined, brokenSteps = 0): { line: string | undefined; code: number | null } {
  const path = join(folder, report ? 'report.json' : 'missing.json');
  if (report) writeFileSync(path, JSON.stringify(report));
  const args = [join(root, '.ci/count.mjs'), path, String(brokenSteps)];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { line: stdout.trimEnd().split('\n').at(-1), code: status };
}

function report(passed: number, failed: number, more: object = {}): object {
  const counts = { numPassedTests: passed, numFailedTests: failed, numPendingTests: 0, numTodoTests: 0 };
  return { success: failed === 0, testResults: [], ...counts, ...more };
}

describe('the last line of a CI run', () => {
  it('counts what passed and what was skipped', () => {
    expect(count(report(7, 0))).toEqual({ line: '7 passed, 0 failed', code: 0 });
    expect(count(report(7, 0, { numPendingTests: 2 }))).toEqual({ line: '7 passed, 0 failed, 2 skipped', code: 0 });
  });

  it('counts what failed', () => {
    expect(count(report(7, 2), 1)).toEqual({ line: '7 passed, 2 failed', code: 1 });
  });

  it('counts a file that could not be loaded', () => {
    const testResults = [{ name: 'a.test.ts', status: 'failed', assertionResults: [] }];
    expect(count(report(7, 0, { success: false, testResults }))).toEqual({ line: '7 passed, 1 failed', code: 1 });
  });

  it('is no success when a check failed, when an error was nobody’s, when nothing ran, and without a report', () => {
    expect(count(report(7, 0), 1)).toEqual({ line: '7 passed, 1 failed', code: 1 });
    expect(count(report(7, 0, { success: false }))).toEqual({ line: '7 passed, 1 failed', code: 1 });
    expect(count(report(0, 0))).toEqual({ line: '0 passed, 1 failed', code: 1 });
    expect(count(undefined)).toEqual({ line: '0 passed, 1 failed', code: 1 });
  });
});
