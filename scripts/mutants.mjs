// pnpm test:mutants [--only TEXT] [--seeds N] [--all] [--part K/N]     seeds: of the simulator of whole clusters, default 40
// Breaks a copy of the sources in one place at a time (tests/mutants/*.json and packages/core/test/mutants/mutants.json) and shows what notices: the
// simulator of whole clusters, the simulator of the consensus, or a test. With --all each of them is asked, else the first that notices is enough.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mutants } from './mutants-list.mjs';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '40' },
    all: { type: 'boolean', default: false },
    part: { type: 'string', default: '1/1' },
  },
});

const root = resolve(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'raft-mutants-'));
const timeoutMs = 600_000;
const notCopied = new Set(['.git', 'node_modules', 'reports']);

function prepare() {
  for (const part of readdirSync(root).filter((name) => !notCopied.has(name)))
    cpSync(join(root, part), join(copy, part), { recursive: true, verbatimSymlinks: true });
  // Other people's packages are those of the original; ours, links within the repository, lead into the copy.
  mkdirSync(join(copy, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules')).filter((name) => name !== '@raft'))
    symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name));
  cpSync(join(root, 'node_modules/@raft'), join(copy, 'node_modules/@raft'), {
    recursive: true,
    verbatimSymlinks: true,
  });
}

const packageOf = (file) => /^(packages\/[^/]+|proto)\//.exec(file)?.[1];

const testsOf = ({ tests, file }) => tests ?? [`${packageOf(file)}/test`];

/** Types are not checked: a mutant may leave a name unused. */
function compile(folder) {
  const flags = ['--noCheck', '--composite', 'false', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
  execFileSync('tsc', ['-p', join(copy, folder), ...flags], { stdio: 'pipe' });
}

const run = (command, args, cwd = copy) =>
  spawnSync(command, args, { cwd, encoding: 'utf8', timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 });

/** Each gives what noticed, or undefined. */
const killers = [
  {
    name: 'simulator of clusters',
    ask() {
      const { status, stdout } = run('node', ['packages/testkit/dist/simulator/main.js', '--seeds', values.seeds]);
      return status === 0 ? undefined : (/seed \d+.*/.exec(stdout)?.[0] ?? 'does not come to an end');
    },
  },
  {
    name: 'simulator of the consensus',
    ask({ file }) {
      if (packageOf(file) !== 'packages/core') return undefined;
      const { status, stdout } = run('node', ['test/sim/simulate.mjs', '--seeds', '300'], join(copy, 'packages/core'));
      return status === 0 ? undefined : (/seed \d+ failed: .*/.exec(stdout)?.[0] ?? 'does not come to an end');
    },
  },
  {
    name: 'test',
    ask(mutant) {
      return runTests(testsOf(mutant));
    },
  },
];

/** What fails, if anything does. */
function runTests(paths) {
  // Where vitest.config.ts says.
  const report = join(copy, 'reports/tests.json');
  rmSync(report, { force: true });
  // Power cuts take long, and tell nothing of a mutant that the faults of a simulated disk do not.
  const { status } = run('vitest', ['run', '--project', 'unit', '--bail=1', '--exclude=**/power.test.ts', ...paths]);
  return status === 0 ? undefined : (failedTest(report) ?? 'an error outside any test');
}

function failedTest(report) {
  try {
    const failed = JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'failed')
        .map(
          ({ fullName, failureMessages: [message = ''] }) =>
            `${name.replace(/.*\//, '')}: ${fullName}: ${message.split('\n', 1)[0]}`,
        ),
    );
    return failed[0];
  } catch {
    return undefined;
  }
}

/** @param {import('./mutants-list.mjs').Mutant} mutant */
function examine(mutant) {
  const path = join(copy, mutant.file);
  const original = readFileSync(path, 'utf8');
  if (original.split(mutant.find).length !== 2)
    throw new Error(`the text of "${mutant.name}" is not once in ${mutant.file}`);
  writeFileSync(
    path,
    original.replace(mutant.find, () => mutant.replace),
  );
  compile(packageOf(mutant.file));
  const found = [];
  for (const { name, ask } of killers) {
    const notice = ask(mutant);
    if (notice !== undefined) found.push(`${name}: ${notice}`);
    if (found.length > 0 && !values.all) break;
  }
  writeFileSync(path, original);
  compile(packageOf(mutant.file));
  return found;
}

const counts = { killed: 0, bySimulators: 0, survivors: 0 };
try {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
  prepare();
  const before = killers[0]?.ask();
  if (before !== undefined) throw new Error(`the simulator fails without any mutant: ${before}`);
  const [part, parts] = values.part.split('/').map(Number);
  const chosen = mutants().filter(({ name }, place) => name.includes(values.only) && place % parts === part - 1);
  const failing = runTests([...new Set(chosen.flatMap(testsOf))]);
  if (failing !== undefined) throw new Error(`a test fails without any mutant: ${failing}`);
  for (const mutant of chosen) {
    const found = examine(mutant);
    if (found.length === 0) counts.survivors++;
    else counts.killed++;
    if (found.some((notice) => notice.startsWith('simulator'))) counts.bySimulators++;
    console.log(`${found.length > 0 ? 'killed  ' : 'SURVIVES'}  ${mutant.name} (${mutant.why})`);
    for (const notice of found) console.log(`          by ${notice.slice(0, 200)}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const total = counts.killed + counts.survivors;
console.log(`${counts.killed} of ${total} mutants killed, ${counts.bySimulators} of them by a simulator`);
process.exitCode = counts.survivors === 0 && total > 0 ? 0 : 1;
