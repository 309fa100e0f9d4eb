// Runs a built program in this very process, so that signals and exit codes are its own:
//   node scripts/run.mjs [--build] apps/client/dist/main.js …arguments
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';

let [first, ...rest] = process.argv.slice(2);
if (first === '--build') {
  if (!existsSync('packages/core/dist')) console.error('Building, this once …');
  if (!build({ quiet: true })) process.exit(1);
  [first, ...rest] = rest;
}
const program = resolve(first ?? '');
if (!existsSync(program)) {
  console.error(`${first} is not there yet: build it with "pnpm build".`);
  process.exit(1);
}
process.argv = [process.execPath, program, ...rest];
await import(pathToFileURL(program).href);
