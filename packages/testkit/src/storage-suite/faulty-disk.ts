import assert from 'node:assert/strict';
import { RaftError } from '@raft/core';
import type { LogBatch, Storage } from '@raft/core';
import { assertHoldsOneOf, NaiveLog } from './model.js';
import { batch, command, commands, opened, pattern, readAll, snapshotMeta } from './world.js';
import type { DiskFault, FaultyDisk, StorageCase, StorageWorld } from './world.js';

type Step = { readonly append: LogBatch } | { readonly compact: number } | { readonly snapshot: number };

const snapshotBytes = 300_000;

/** Writes of all kinds, as few as show everything: each of them is done again for every operation that can fail. */
const steps: readonly Step[] = [
  { append: batch([], { hardState: { term: 1, votedFor: 'n1', commitIndex: 0 } }) },
  { append: batch(commands(1, 2, 1, 4000)) },
  { append: batch([command(3, 1, 70_000)]) },
  { append: batch(commands(4, 6, 1, 9000)) },
  {
    append: batch(commands(5, 8, 2, 9000), { truncateFrom: 5, hardState: { term: 2, votedFor: 'n2', commitIndex: 4 } }),
  },
  { snapshot: 4 },
  { compact: 3 },
  { append: batch(commands(9, 16, 2, 9000)) },
  { append: batch([], { truncateFrom: 15 }) },
  { snapshot: 12 },
  { compact: 12 },
  { append: batch(commands(15, 16, 3, 100), { hardState: { term: 3, votedFor: undefined, commitIndex: 12 } }) },
];

interface Outcome {
  /** Steps that were acknowledged. */
  readonly acknowledged: number;
  readonly snapshot: number;
}

const diedAt: unique symbol = Symbol('the process was killed');

/** Does the steps until one fails for good. A full disk is tried again, a few times. */
async function run(world: StorageWorld, disk: FaultyDisk, todo: readonly Step[]): Promise<Outcome> {
  let acknowledged = 0;
  let snapshot = 0;
  const storage = world.storage();
  const work = async (): Promise<void> => {
    await storage.open({ clusterId: 'c', nodeId: 'n1', groupId: 'g' });
    let refusals = 0;
    for (const step of todo) {
      while (!(await isDone(storage, step))) assert.ok(++refusals <= 3, new RaftError('RAFT_STORAGE_FULL', 'full'));
      acknowledged++;
      if ('snapshot' in step) ({ snapshot } = step);
    }
    await storage.close();
  };
  const killed = disk.killed().then(() => Promise.reject(diedAt));
  try {
    await Promise.race([work(), killed]);
  } catch (error) {
    assert.ok(error instanceof RaftError || error === diedAt, `not a storage error: ${String(error)}`);
    if (error instanceof RaftError && error.code === 'RAFT_STORAGE_IO') await assertFailStop(storage, disk);
  }
  return { acknowledged, snapshot };
}

/** False when there was no space. */
async function isDone(storage: Storage, step: Step): Promise<boolean> {
  try {
    await doStep(storage, step);
    return true;
  } catch (error) {
    if (error instanceof RaftError && error.code === 'RAFT_STORAGE_FULL') return false;
    throw error;
  }
}

async function doStep(storage: Storage, step: Step): Promise<void> {
  if ('append' in step) return storage.append(step.append);
  if ('compact' in step) return storage.compact(step.compact);
  const writer = await storage.createSnapshot(snapshotMeta(step.snapshot));
  try {
    await writer.write(pattern(snapshotBytes, step.snapshot));
    await writer.commit();
  } catch (error) {
    await writer.abort().catch(() => undefined);
    throw error;
  }
}

/** What has failed acknowledges nothing any more, and tries no write again. */
async function assertFailStop(storage: Storage, disk: FaultyDisk): Promise<void> {
  const vote = batch([], { hardState: { term: 99, votedFor: undefined, commitIndex: 0 } });
  const outcome = await Promise.race([
    storage.append(vote).then(
      () => 'acknowledged',
      () => 'refused',
    ),
    disk.killed(),
  ]);
  assert.notEqual(outcome, 'acknowledged', 'a batch was acknowledged after a write that failed');
}

/** All that was acknowledged is there, in order and whole; of the rest, whole steps or nothing. */
async function verify(world: StorageWorld, outcome: Outcome, what: string): Promise<void> {
  const twin = new NaiveLog();
  const states = [twin.clone()];
  for (const step of steps) {
    if ('append' in step) twin.append(step.append);
    else if ('compact' in step) twin.compact(step.compact);
    states.push(twin.clone());
  }
  const { storage, restored } = await opened(world);
  await assertHoldsOneOf(storage, restored, states.slice(outcome.acknowledged), what);
  const reader = await storage.openSnapshot();
  const index = reader?.meta.index ?? 0;
  assert.ok(index >= outcome.snapshot, `${what}: snapshot ${outcome.snapshot} was acknowledged, ${index} is there`);
  assert.equal(restored.snapshot?.index ?? 0, index, what);
  if (reader) {
    const data = await readAll(reader.chunks());
    assert.ok(data.equals(pattern(snapshotBytes, index)), `${what}: the data of snapshot ${index} differ`);
    await reader.close();
  }
  await storage.append(batch([command(restored.lastIndex + 1, 9)]));
  await storage.close();
}

function diskOf(world: StorageWorld): FaultyDisk {
  assert.ok(world.disk && world.crash, 'a world with the ability faultyDisk has a disk, and a method crash');
  return world.disk;
}

/** Fails the first operation, then the second one, and so on until all are done. */
async function failEach(fault: DiskFault, world: StorageWorld, fresh: () => Promise<StorageWorld>): Promise<void> {
  let here = world;
  for (let at = 1; ; at++) {
    const disk = diskOf(here);
    disk.failAt(at, fault);
    const outcome = await run(here, disk, steps);
    const isUntouched = disk.operations < at;
    await here.crash?.();
    disk.failAt(0, fault);
    await verify(here, outcome, `${fault} at operation ${at}`);
    if (here !== world) await here.dispose();
    if (isUntouched) {
      assert.ok(at > steps.length, `only ${at - 1} operations were done: the disk does not count them`);
      return;
    }
    here = await fresh();
  }
}

/** The process is killed while it works, and killed again while it recovers. */
async function failTwice(world: StorageWorld, fresh: () => Promise<StorageWorld>): Promise<void> {
  let here = world;
  for (let first = 12, tried = 0; tried < 6; first += 17, tried++) {
    for (let at = 1; ; at++) {
      const disk = diskOf(here);
      disk.failAt(first, 'torn write');
      const outcome = await run(here, disk, steps);
      await here.crash?.();
      disk.failAt(at, at % 2 === 0 ? 'kill' : 'torn write');
      await run(here, disk, []);
      const isUntouched = disk.operations < at;
      await here.crash?.();
      disk.failAt(0, 'kill');
      await verify(here, outcome, `torn write at operation ${first}, killed at operation ${at} of the recovery`);
      if (here !== world) await here.dispose();
      here = await fresh();
      if (isUntouched) break;
    }
  }
  await here.dispose();
}

const faults: readonly DiskFault[] = [
  'EIO once',
  'EIO for ever',
  'ENOSPC once',
  'ENOSPC for ever',
  'short write',
  'kill',
  'torn write',
];

/** The N-th operation of the disk fails, for every N ("How SQLite is tested"). */
export const faultyDiskCases: readonly StorageCase[] = [
  ...faults.map((fault) => ({
    name: `no operation of the disk may fail so that anything acknowledged is lost: ${fault}`,
    needs: 'faultyDisk' as const,
    run: (world: StorageWorld, fresh: () => Promise<StorageWorld>) => failEach(fault, world, fresh),
  })),
  { name: 'nor may it fail so while the storage recovers', needs: 'faultyDisk', run: failTwice },
];
