import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { Victim } from './support/victim.js';

// LevelDB's own system calls fail one by one, made to by strace(1): of a process that writes, truncates, compacts and takes a
// snapshot. What cannot be made so is a short write: what strace does not let happen has not happened at all.

/** RAFT_FAULTS=all fails every operation, which takes an hour; without it, one in some dozens. */
const everyCase = process.env['RAFT_FAULTS'] === 'all';
const stride = everyCase ? 1 : 41;
const steps = 30;
const calls = 'openat,write,pwrite64,fdatasync,fsync,rename,unlink';
const faults = {
  'EIO once': (at: number) => `error=EIO:when=${at}`,
  'EIO for ever': (at: number) => `error=EIO:when=${at}+`,
  'ENOSPC once': (at: number) => `error=ENOSPC:when=${at}`,
  kill: (at: number) => `signal=SIGKILL:when=${at}`,
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** strace's words for what may be touched: it knows no patterns. */
function pathsIn(directory: string): string[] {
  const database = join(directory, 'db');
  const numbers = Array.from({ length: 40 }, (_, i) => String(i + 1).padStart(6, '0'));
  const names = numbers.flatMap((number) => [
    ...['log', 'ldb', 'dbtmp'].map((kind) => `${number}.${kind}`),
    `MANIFEST-${number}`,
  ]);
  const paths = [...names, 'CURRENT'].map((name) => join(database, name));
  return [directory, database, ...paths, join(directory, 'raft-level'), join(directory, 'raft-level.tmp')];
}

/** Fails the operation; false when there were fewer. */
async function fail(victim: Victim, directory: string, fault: string, seed: number, todo: number): Promise<boolean> {
  const report = join(root, 'strace');
  const paths = pathsIn(directory).flatMap((path) => ['-P', path]);
  const inject = ['-e', `trace=${calls}`, '-e', `inject=${calls}:${fault}`];
  await victim.run(seed, todo, ['strace', '-f', '-o', report, ...inject, ...paths]);
  return /\(INJECTED\)|killed by SIGKILL/.test(readFileSync(report, 'utf8'));
}

function obstacle(): string | undefined {
  const { status } = spawnSync('strace', ['-f', '-o', join(root, 'probe'), 'true']);
  return status === 0 ? undefined : 'needs strace, and the right to trace processes';
}

describe('storage-level: the N-th I/O fails', { timeout: everyCase ? 7_200_000 : 600_000 }, () => {
  test.for(Object.entries(faults))('%s: all that was acknowledged is there', async ([kind, fault], context) => {
    const reason = obstacle();
    if (reason !== undefined) return context.skip(reason);
    let cases = 0;
    for (let at = everyCase ? 1 : 1 + ((kind.length * 7) % stride); ; at += stride) {
      const directory = join(root, `${at}`);
      mkdirSync(directory);
      const victim = new Victim(directory);
      if (!(await fail(victim, directory, fault(at), 1, steps))) break;
      await victim.verify(`${kind} at operation ${at}`);
      cases++;
    }
    console.log(`level, ${kind}: ${cases} cases`);
    assert.ok(cases >= 200 / stride, `only ${cases} cases`);
  });

  test('and again while it recovers', async (context) => {
    const reason = obstacle();
    if (reason !== undefined) return context.skip(reason);
    let cases = 0;
    for (let first = 30; ; first += everyCase ? 10 : 120) {
      let reached = true;
      for (const [kind, fault] of Object.entries(faults)) {
        for (let at = 1 + (first % 7); reached; at += everyCase ? 1 : 15) {
          const directory = join(root, `${first}-${kind.replaceAll(' ', '-')}-${at}`);
          mkdirSync(directory);
          const victim = new Victim(directory);
          reached = await fail(victim, directory, faults.kill(first), 1, steps);
          if (!reached || !(await fail(victim, directory, fault(at), 1, 0))) break;
          await victim.verify(`killed at ${first}, then ${kind} at ${at} of the recovery`);
          cases++;
        }
      }
      if (!reached) break;
    }
    console.log(`level, failures while it recovers: ${cases} cases`);
    assert.ok(cases > 8, `only ${cases} cases`);
  });
});
