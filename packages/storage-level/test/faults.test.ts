import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { seededRandom } from '@raft/core';
import { levelStorage } from '@raft/storage-level';
import { entry, identity } from './support/model.js';
import { calls, filesOf, obstacle, readReport, strace, writePart } from './support/strace.js';
import type { Call } from './support/strace.js';
import { Victim } from './support/victim.js';

// The I/O of a process that writes, truncates, compacts and takes a snapshot fails, one operation at a time, and so does that of its
// recovery. Whatever comes of it, it is opened again: all that was acknowledged is there, the rest whole or not at all.

/** RAFT_FAULTS=all fails every operation, which takes half an hour; without it, a few that the seed chooses. */
const everyCase = process.env['RAFT_FAULTS'] === 'all';
const seed = Number(process.env['RAFT_SEED'] ?? Math.floor(Math.random() * 1e9));
const random = seededRandom(seed);
const below = (limit: number): number => Math.floor(random() * limit);
const steps = 30;
/** Its writer truncates, compacts and takes a snapshot in that many steps. */
const writerSeed = 5;

interface Fault {
  readonly calls: readonly string[];
  readonly inject: (call: string, at: number) => string;
  /** A part of the bytes gets to the file nevertheless. */
  readonly leavesPart?: true;
}

const writes: readonly Call[] = ['write', 'pwrite64'];
const faults: Record<string, Fault> = {
  'EIO once': { calls, inject: (call, at) => `${call}:error=EIO:when=${at}` },
  'EIO for ever': { calls: [...calls, calls.join()], inject: (call, at) => `${call}:error=EIO:when=${at}+` },
  'ENOSPC once': { calls, inject: (call, at) => `${call}:error=ENOSPC:when=${at}` },
  kill: { calls, inject: (call, at) => `${call}:signal=SIGKILL:when=${at}` },
  'torn write': { calls: writes, leavesPart: true, inject: (call, at) => `${call}:signal=SIGKILL:when=${at}` },
  // Both the C library, which LevelDB writes with, and Node's try to write the rest, which fails then.
  'short write': { calls: writes, leavesPart: true, inject: (call, at) => `${call}:error=EIO:when=${at}+` },
};

let root: string;
let report: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
  report = join(root, 'strace');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A process that has done nothing yet, or what was given. */
function newVictim(from?: Victim): { victim: Victim; directory: string } {
  const directory = mkdtempSync(join(root, 'data-'));
  return { victim: from?.copy(directory) ?? new Victim(directory), directory };
}

interface Undisturbed {
  /** How often each call is made when nothing fails. */
  readonly counts: ReadonlyMap<string, number>;
  /** For each write to LevelDB's files, a size of files that cuts it short. */
  readonly cuts: readonly number[];
}

async function undisturbed(todo: number, from?: Victim): Promise<Undisturbed> {
  const { victim, directory } = newVictim(from);
  await victim.run(writerSeed, todo, strace(report, filesOf(directory)));
  const counts = new Map<string, number>();
  const sizes = new Map<string, number>();
  const cuts: number[] = [];
  for (const { call, path, bytes } of readReport(report)) {
    counts.set(call, (counts.get(call) ?? 0) + 1);
    if (call !== 'write') continue;
    const size = sizes.get(path) ?? 0;
    sizes.set(path, size + bytes.length);
    if (bytes.length > 1) cuts.push(size + 1 + below(bytes.length - 1));
  }
  await victim.verify(`seed ${seed}: nothing failed`);
  return { counts, cuts: cuts.toSorted((a, b) => a - b) };
}

/** Fails the operation; false when there were fewer. */
async function fail(
  { victim, directory }: ReturnType<typeof newVictim>,
  fault: Fault,
  call: string,
  at: number,
  todo: number,
): Promise<boolean> {
  await victim.run(writerSeed, todo, strace(report, filesOf(directory), fault.inject(call, at)));
  if (!/\(INJECTED\)|killed by SIGKILL/.test(readFileSync(report, 'latin1'))) return false;
  if (!fault.leavesPart) return true;
  const cut = readReport(report).find((each) => each.call === call && !each.happened);
  assert.ok(cut && cut.bytes.length > 0, `${call} ${at} was not seen`);
  writePart(cut, below(cut.bytes.length));
  return true;
}

/** Fails one operation after the other, in copies of the one that is given. Gives how many there were. */
async function failEach(
  kind: string,
  todo: number,
  { counts }: Undisturbed,
  few: number,
  from?: Victim,
): Promise<number> {
  const fault = faults[kind]!;
  let cases = 0;
  const chosen = everyCase ? fault.calls : shuffled(fault.calls).slice(0, few);
  for (const call of chosen) {
    const count = counts.get(call) ?? 10;
    for (let at = everyCase ? 1 : 1 + below(count); ; at++) {
      const made = newVictim(from);
      if (!(await fail(made, fault, call, at, todo))) break;
      await made.victim.verify(`seed ${seed}: ${kind} at ${call} ${at}`);
      await goesOn(made.directory);
      rmSync(made.directory, { recursive: true });
      cases++;
      if (!everyCase) break;
    }
  }
  return cases;
}

/** Files may not grow beyond a size, which cuts one write after the other short. */
async function limitEach(todo: number, { cuts }: Undisturbed, few: number, from?: Victim): Promise<number> {
  let cases = 0;
  for (const limit of everyCase ? cuts : shuffled(cuts).slice(0, few)) {
    const { victim, directory } = newVictim(from);
    // Node ignores the signal that a process gets for it.
    const { failed } = await victim.run(writerSeed, todo, ['prlimit', `--fsize=${limit}`]);
    // How many steps go into one write differs from run to run, and with it the size, a little.
    if (failed) cases++;
    await victim.verify(`seed ${seed}: files of ${limit} bytes at most`);
    await goesOn(directory);
    rmSync(directory, { recursive: true });
  }
  return cases;
}

/** What has been opened after a failure takes more, which is there again. */
async function goesOn(directory: string): Promise<void> {
  const storage = levelStorage({ directory });
  const { lastIndex, hardState } = await storage.open(identity);
  await storage.append({ entries: [entry(lastIndex + 1, hardState.term + 1)] });
  await storage.close();
  const restored = await storage.open(identity);
  assert.equal(restored.lastIndex, lastIndex + 1);
  assert.deepEqual(restored.repairs, []);
  await storage.close();
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

describe('storage-level: the N-th I/O fails', { timeout: everyCase ? 7_200_000 : 600_000 }, () => {
  let normally: Promise<Undisturbed> | undefined;

  test.for(Object.keys(faults))('%s: all that was acknowledged is there', async (kind, context) => {
    const reason = obstacle();
    if (reason !== undefined) return context.skip(reason);
    const cases = await failEach(kind, steps, await (normally ??= undisturbed(steps)), 3);
    console.log(`level, ${kind}: ${cases} cases (seed ${seed})`);
    assert.ok(cases > (everyCase ? 100 : 0));
  });

  test('files may not grow: all that was acknowledged is there', async (context) => {
    const reason = obstacle();
    if (reason !== undefined) return context.skip(reason);
    const cases = await limitEach(steps, await (normally ??= undisturbed(steps)), 3);
    console.log(`level, short write at a limit of the file size: ${cases} cases (seed ${seed})`);
    assert.ok(cases > (everyCase ? 100 : 0));
  });

  // LevelDB takes an error for the end of its log, and then deletes it.
  test.for(['openat', 'read'])('%s of the log fails while it recovers: nothing is skipped', async (call, context) => {
    const reason = obstacle();
    if (reason !== undefined) return context.skip(reason);
    const killed = newVictim();
    await fail(killed, faults['kill']!, 'write', 40, steps);
    const logs = readdirSync(join(killed.directory, 'db')).filter((name) => name.endsWith('.log'));
    for (let at = 1; ; at += everyCase || call === 'openat' ? 1 : 3) {
      const { victim, directory } = newVictim(killed.victim);
      const files = logs.map((name) => join(directory, 'db', name));
      await victim.run(writerSeed, 0, strace(report, files, `${call}:error=EIO:when=${at}`));
      await victim.verify(`EIO at ${call} ${at} of the log`);
      rmSync(directory, { recursive: true });
      if (!readFileSync(report, 'latin1').includes('(INJECTED)')) {
        // The storage's own, and LevelDB's.
        assert.ok(at > 2, `${at - 1} cases`);
        return undefined;
      }
    }
  });

  test('and again while it recovers', async (context) => {
    const reason = obstacle();
    if (reason !== undefined) return context.skip(reason);
    let cases = 0;
    for (let killedAt = everyCase ? 10 : 10 + below(100); ; killedAt += everyCase ? 60 : 1000) {
      const killed = newVictim();
      if (!(await fail(killed, faults['torn write']!, 'write', killedAt, steps))) break;
      const normally = await undisturbed(0, killed.victim);
      for (const kind of Object.keys(faults)) cases += await failEach(kind, 0, normally, 1, killed.victim);
      cases += await limitEach(0, normally, 2, killed.victim);
      if (everyCase) console.log(`level, ${cases} failures of recoveries, up to the one killed at write ${killedAt}`);
    }
    console.log(`level, failures while it recovers: ${cases} cases (seed ${seed})`);
    assert.ok(cases > (everyCase ? 200 : 2));
  });
});
