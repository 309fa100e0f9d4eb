// Everything that can be said about the code without running it; `pnpm check` is what CI runs before the tests.
// All steps run even when one fails, and only those that fail show what they printed.
import { spawnSync } from 'node:child_process';

const steps = [
  ['build', 'node scripts/build.mjs'],
  ['format', 'oxfmt --check'],
  ['lint', 'oxlint --type-aware --deny-warnings --report-unused-disable-directives'],
  ['types', 'tsc -p tsconfig.check.json'],
  ['layering and tidiness', 'vitest run --project repo --reporter=dot'],
  ['generated code', 'pnpm --silent --filter @raft/proto run generate:check'],
  ['unused files, exports and dependencies', 'knip --no-progress'],
  ['packages as published', 'node scripts/check-packages.mjs'],
];

const failed = [];
for (const [name, command] of steps) {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(command, { shell: true, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (status === 0) continue;
  failed.push(name);
  console.log(`$ ${command}\n${stdout}${stderr}`);
}
if (failed.length > 0) {
  console.log(`check failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
