// Prints what a run came to, from the test runner's JSON report; fails when anything failed, or when nothing ran.
//   node .ci/count.mjs reports/tests.json <number of steps that failed>
import { existsSync, readFileSync } from 'node:fs';

const [path, brokenSteps] = process.argv.slice(2);
const report = path && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
if (!report) console.log(`There is no report of the tests at ${path}.`);

const passed = report?.numPassedTests ?? 0;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
// A file that fails as a whole, say because it cannot be loaded, has no failed test of its own.
const files = (report?.testResults ?? []).filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
);
for (const file of files) console.log(`failed as a whole: ${file.name}`);
let failed = (report?.numFailedTests ?? 0) + files.length;

// A step that failed without a failed test, such as the checks or an error outside of any test, counts as one.
if (failed === 0 && (Number(brokenSteps) > 0 || !report?.success || passed === 0)) failed = 1;

console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;
