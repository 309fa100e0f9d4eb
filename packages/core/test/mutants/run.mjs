// pnpm --filter @raft/core run mutants [--only TEXT] [--seeds N] [--skip-simulation]
// Applies each mutant of mutants.json to a copy of the sources and tells which unit test and which seed of the simulator kill it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '500' },
    'skip-simulation': { type: 'boolean', default: false },
    'skip-unit': { type: 'boolean', default: false },
  },
});

const core = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'raft-mutants-'));
const copy = join(folder, 'packages/core');

function prepare() {
  mkdirSync(copy, { recursive: true });
  for (const part of ['src', 'test/consensus', 'test/sim'])
    cpSync(join(core, part), join(copy, part), { recursive: true });
  symlinkSync(join(core, '../../node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'vitest.config.mjs'), 'export default {};\n');
}

/** The name of a test that fails, or undefined. */
function killingTest() {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const run = spawnSync(
    'vitest',
    ['run', 'packages/core/test/consensus', '--bail=1', '--reporter=json', `--outputFile=${report}`],
    { cwd: folder, timeout: 120_000 },
  );
  if (run.status === 0) return undefined;
  const failed = JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${name.replace(/.*\//, '')}: ${fullName}`),
  );
  return failed[0] ?? 'the tests do not run';
}

/** The seed that fails and what it says, or undefined. */
function killingSeed() {
  const run = spawnSync('node', ['test/sim/simulate.mjs', '--seeds', values.seeds], {
    cwd: copy,
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (run.status === 0) return undefined;
  return /seed \d+ failed: .*/.exec(run.stdout)?.[0] ?? `the simulator does not run: ${run.stdout}${run.stderr}`;
}

function examine({ file, find, replace }) {
  const path = join(copy, 'src/consensus', file);
  const original = readFileSync(path, 'utf8');
  if (original.split(find).length !== 2) return { error: `its text is not once in ${file}` };
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  const test = values['skip-unit'] ? undefined : killingTest();
  const seed = values['skip-simulation'] ? undefined : killingSeed();
  writeFileSync(path, original);
  return { test, seed };
}

let survivors = 0;
try {
  prepare();
  if (!values['skip-unit'] && killingTest() !== undefined) throw new Error('the tests fail without any mutant');
  const mutants = JSON.parse(readFileSync(new URL('mutants.json', import.meta.url), 'utf8'));
  for (const mutant of mutants.filter(({ name }) => name.includes(values.only))) {
    const { error, test, seed } = examine(mutant);
    const isKilled = test !== undefined || seed !== undefined;
    if (!isKilled) survivors++;
    console.log(`${isKilled ? 'killed  ' : 'SURVIVES'}  ${mutant.name}${error ? ` (${error})` : ''}`);
    if (test !== undefined) console.log(`          by ${test}`);
    if (seed !== undefined) console.log(`          by ${seed}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(survivors === 0 ? 'every mutant was killed' : `${survivors} mutants survive`);
process.exitCode = survivors === 0 ? 0 : 1;
