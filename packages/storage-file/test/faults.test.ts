import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { RaftError, seededRandom } from '@raft/core';
import type { Storage } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { after, contentOf, doStep, empty, entry, identity, snapshotOf } from './support/model.js';
import type { Content, Step } from './support/model.js';
import { faults, SimulatedDisk } from './support/simulated-disk.js';
import type { Fault } from './support/simulated-disk.js';

const configuration = { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };
const directory = '/data';

/** Some 30 writes over several segments, with truncations, a snapshot and compactions. */
function scenario(): Step[] {
  const steps: Step[] = [];
  const append = (batch: Extract<Step, { type: 'append' }>['batch']): void =>
    void steps.push({ type: 'append', batch });
  const hardState = (term: number, commitIndex = 0): { term: number; votedFor: string; commitIndex: number } => ({
    term,
    votedFor: 'n1',
    commitIndex,
  });
  append({ hardState: hardState(1), entries: [] });
  for (let i = 1; i <= 12; i++) append({ entries: [entry(i, 1, i === 5 ? 70_000 : 4000)] });
  append({ hardState: hardState(2, 8), truncateFrom: 10, entries: [entry(10, 2), entry(11, 2)] });
  for (let i = 12; i <= 18; i++) append({ entries: [entry(i, 2, 9000)] });
  steps.push({
    type: 'snapshot',
    meta: { index: 9, term: 1, configuration, configurationIndex: 1 },
    data: new Uint8Array(300_000).fill(9),
  });
  steps.push({ type: 'compact', through: 8 });
  append({ truncateFrom: 18, entries: [] });
  for (let i = 18; i <= 24; i++) append({ hardState: hardState(3, i - 3), entries: [entry(i, 3, 12_000)] });
  steps.push({
    type: 'snapshot',
    meta: { index: 20, term: 3, configuration, configurationIndex: 1 },
    data: new Uint8Array(10_000).fill(20),
  });
  steps.push({ type: 'compact', through: 20 });
  append({ entries: [entry(25, 3), entry(26, 3)] });
  return steps;
}

interface Outcome {
  /** Steps that were acknowledged, of those that change the log; the later ones were refused or never answered. */
  readonly acknowledged: number;
  readonly snapshot: number;
  /** The storage broke, or its process was killed. */
  readonly ended: boolean;
  /** Refusals since the disk was full, after which the storage went on. */
  readonly refusals: number;
}

/** Runs the steps, two at a time where they are appends, until one fails for good: a full disk is tried again twice. */
async function run(disk: SimulatedDisk, steps: readonly Step[]): Promise<Outcome> {
  const dead = waitForDeath(disk);
  let acknowledged = 0;
  let snapshot = 0;
  let refusals = 0;
  let ended = false;
  const storage = fileStorage({ directory, segmentBytes: 128 * 1024, fileSystem: disk.fileSystem() });
  const work = async (): Promise<void> => {
    await storage.open(identity);
    while (acknowledged < steps.length) {
      const together = steps.slice(acknowledged, acknowledged + 2).every(({ type }) => type === 'append') ? 2 : 1;
      const tried = steps.slice(acknowledged, acknowledged + together);
      const outcomes = await Promise.allSettled(tried.map((step) => doStep(storage, step)));
      const failed = outcomes.findIndex(({ status }) => status === 'rejected');
      const done = failed < 0 ? tried.length : failed;
      // Nothing is done after something that is not.
      assert(outcomes.slice(done).every(({ status }) => status === 'rejected'));
      acknowledged += done;
      for (const step of tried.slice(0, done)) if (step.type === 'snapshot') snapshot = step.meta.index;
      if (failed < 0) continue;
      const { reason } = outcomes[failed] as PromiseRejectedResult;
      if (!isFull(reason) || ++refusals > 2) throw reason;
    }
    await storage.close();
  };
  try {
    await Promise.race([work(), dead.promise]);
  } catch (error) {
    ended = true;
    assert(error instanceof RaftError || error === dead.reason, `not a storage error: ${String(error)}`);
    // What has failed acknowledges nothing any more, unless it said that the disk is full.
    if (error instanceof RaftError && error.code === 'RAFT_STORAGE_IO') await assertFailStop(storage);
    // However it failed, it lets go of its files.
    if (error instanceof RaftError) {
      const closed = storage.close().catch((failed: unknown) => assert(failed instanceof RaftError, String(failed)));
      await Promise.race([closed, dead.promise.catch(() => undefined)]);
      assert.deepEqual(disk.open, []);
      assert(!disk.isLocked);
    }
  } finally {
    dead.stop();
  }
  return { acknowledged, snapshot, ended, refusals };
}

function isFull(error: unknown): boolean {
  return error instanceof RaftError && error.code === 'RAFT_STORAGE_FULL';
}

async function assertFailStop(storage: Storage): Promise<void> {
  const again = storage.append({ hardState: { term: 99, votedFor: undefined, commitIndex: 0 }, entries: [] });
  await assert.rejects(Promise.race([again, new Promise((_, reject) => setImmediate(reject))]));
}

/** A killed process answers nothing; so many turns without an operation mean that it is dead. */
function waitForDeath(disk: SimulatedDisk): { promise: Promise<never>; reason: Error; stop: () => void } {
  const reason = new Error('killed');
  let stopped = false;
  const promise = new Promise<never>((_, reject) => {
    let idle = 0;
    let seen = -1;
    const look = (): void => {
      if (stopped) return;
      idle = disk.operations === seen ? idle + 1 : 0;
      seen = disk.operations;
      if (idle > 20) reject(reason);
      else setImmediate(look);
    };
    look();
  });
  promise.catch(() => 'raced');
  return { promise, reason, stop: () => (stopped = true) };
}

/** All that was acknowledged is there, in order and whole; of the rest, whole steps or nothing. */
async function verify(disk: SimulatedDisk, steps: readonly Step[], outcome: Outcome, what: string): Promise<void> {
  const storage = fileStorage({ directory, segmentBytes: 128 * 1024, fileSystem: disk.fileSystem() });
  const restored = await storage.open(identity);
  const found = await contentOf(storage, restored);
  const allowed = contentsAfter(steps).slice(outcome.acknowledged);
  assert(
    allowed.includes(JSON.stringify(found)),
    `${what}: ${outcome.acknowledged} steps were acknowledged; found ${summary(found)}`,
  );
  const snapshot = await snapshotOf(storage);
  assert(snapshot >= outcome.snapshot, `${what}: snapshot ${outcome.snapshot} was acknowledged, ${snapshot} is there`);
  assert.equal(restored.snapshot?.index ?? 0, snapshot);
  // It goes on.
  const next = restored.lastIndex + 1;
  await storage.append({ entries: [entry(next, 9)] });
  assert.equal((await storage.entries(next, next, 1))[0]?.term, 9);
  await storage.close();
}

const known = new Map<readonly Step[], string[]>();

/** What the log holds after none, one, two … of the steps. */
function contentsAfter(steps: readonly Step[]): readonly string[] {
  let contents = known.get(steps);
  if (contents === undefined) {
    let content = empty;
    contents = [content, ...steps.map((step) => (content = after(content, step)))].map((each) => JSON.stringify(each));
    known.set(steps, contents);
  }
  return contents;
}

function summary({ hardState, firstIndex, entries }: Content): string {
  return `${JSON.stringify(hardState)}, entries ${firstIndex} to ${firstIndex + entries.length - 1}`;
}

/** The process ends: alone, or with the machine. */
function end(disk: SimulatedDisk, kind: Fault): void {
  if (kind === 'kill') disk.kill();
  else disk.crash();
}

/** RAFT_FAULTS=all tries every case of a failing recovery, which takes minutes; without it, one in some dozens. */
const everyCase = process.env['RAFT_FAULTS'] === 'all';
/** An operation of the scenario that writes entries behind others. */
const anAppend = 140;

describe('storage-file: the N-th I/O fails, for every N', { timeout: everyCase ? 3_600_000 : 180_000 }, () => {
  const steps = scenario();
  for (const kind of faults) {
    test(kind, async () => {
      let refusals = 0;
      let at = 1;
      for (; ; at++) {
        const disk = new SimulatedDisk(seededRandom(at));
        disk.failAt(at, kind);
        const outcome = await run(disk, steps);
        if (disk.operations < at) break;
        refusals += outcome.refusals;
        // A full disk ends a storage that is open only where it overwrites its small file, or syncs a directory.
        if (kind === 'ENOSPC once' && outcome.ended && outcome.acknowledged > 0) {
          assert.match(disk.failed, /^(write|sync) \/data\/store$|^sync directory$/, `operation ${at}`);
        }
        end(disk, kind);
        disk.failAt(0, kind);
        await verify(disk, steps, outcome, `${kind} at operation ${at}`);
      }
      console.log(`simplefile, ${kind}: ${at - 1} cases, ${refusals} refusals after which it went on`);
      assert(at > 140, `only ${at - 1} operations were tried`);
      assert(refusals > 0 || !/ENOSPC|short/.test(kind));
    });
  }

  test('what a recovery gives is durable: the machine may go right after it', async () => {
    let first = 1;
    for (let reached = true; reached; first++) {
      for (let luck = 0; luck < 3 && reached; luck++) {
        const disk = new SimulatedDisk(seededRandom(first * 1000 + luck));
        disk.failAt(first, 'kill');
        const outcome = await run(disk, steps);
        reached = disk.operations >= first;
        disk.kill();
        disk.failAt(0, 'kill');
        await run(disk, []);
        disk.crash();
        await verify(disk, steps, outcome, `killed at ${first}, recovered, then a crash, luck ${luck}`);
      }
    }
    assert(first > 140, `only ${first - 1} operations were tried`);
  });

  test('a recovery whose cut is cut short can be done again', async () => {
    for (let luck = 0; luck < 100; luck++) {
      for (let change = 0; change < 3; change++) {
        const disk = new SimulatedDisk(seededRandom(luck));
        disk.failAt(anAppend, 'kill');
        const outcome = await run(disk, steps);
        disk.kill();
        const trial = disk.clone(seededRandom(luck));
        await run(trial, []);
        disk.failAt(trial.firstChange + change, 'short write');
        await run(disk, []);
        disk.crash();
        await verify(disk, steps, outcome, `luck ${luck}, change ${change} cut short`);
      }
    }
  });

  test('and again while it recovers', async () => {
    let cases = 0;
    for (let first = 5; ; first += everyCase ? 1 : 35) {
      const fault = first % 2 === 0 ? 'kill' : 'torn write';
      let reached = true;
      for (const kind of everyCase ? faults : faults.filter((each) => !each.endsWith('for ever'))) {
        for (let at = 1; ; at++) {
          const disk = new SimulatedDisk(seededRandom(first * 1000 + at));
          disk.failAt(first, fault);
          const outcome = await run(disk, steps);
          reached = disk.operations >= first;
          if (!reached) break;
          end(disk, fault);
          disk.failAt(at, kind);
          const recovery = await run(disk, []);
          if (!recovery.ended && disk.operations < at) break;
          end(disk, kind);
          disk.failAt(0, kind);
          await verify(disk, steps, outcome, `${fault} at ${first}, then ${kind} at ${at} of the recovery`);
          cases++;
        }
      }
      if (!reached) break;
    }
    console.log(`simplefile, failures while it recovers: ${cases} cases`);
    assert(cases > 500, `only ${cases} cases`);
  });
});
