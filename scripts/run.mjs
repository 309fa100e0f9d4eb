// Runs a built program in this very process, so that signals and exit codes are its own:
//   node scripts/run.mjs [--build] apps/client/dist/main.js …arguments
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

let [first, ...rest] = process.argv.slice(2);
if (first === '--build') {
  build();
  [first, ...rest] = rest;
}
const program = resolve(first ?? '');
if (!existsSync(program)) {
  console.error(`${first} is not there yet: build it with "pnpm build".`);
  process.exit(1);
}
process.argv = [process.execPath, program, ...rest];
await import(pathToFileURL(program).href);

/** Builds what has changed; says a word only when there is something to wait for or something wrong. */
function build() {
  const turbo = createRequire(import.meta.url).resolve('turbo/bin/turbo');
  if (!existsSync('apps/server/dist')) console.error('Building, this once …');
  const result = spawnSync(process.execPath, [turbo, 'run', 'build', '--output-logs=errors-only'], {
    encoding: 'utf8',
  });
  if (result.status === 0) return;
  console.error(`${result.stdout}${result.stderr}\nThe build failed; its messages are above.`);
  process.exit(1);
}
