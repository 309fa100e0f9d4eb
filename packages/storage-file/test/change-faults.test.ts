import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { RaftError, seededRandom } from '@raft/core';
import type { StorageInspector } from '@raft/core';
import { fileStorage, inspectFileStorage } from '@raft/storage-file';
import { contentOf, entry, identity } from './support/model.js';
import type { Content } from './support/model.js';
import { faults, SimulatedDisk } from './support/simulated-disk.js';
import type { Fault } from './support/simulated-disk.js';

const configuration = { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };
const directory = '/data';
const segmentBytes = 128 * 1024;
/** RAFT_FAULTS=all fails every operation in every way; without it, one in some that read, and others of those that change for each way. */
const everyCase = process.env['RAFT_FAULTS'] === 'all';
const stride = 3;

interface Case {
  /** Of a sound directory with 60 entries in several segments, some behind a snapshot of 30. */
  damage(disk: SimulatedDisk): void;
  work(inspector: StorageInspector, copyTo: string): Promise<unknown>;
}

const recovery = (inspector: StorageInspector, copyTo: string): Promise<unknown> =>
  inspector.recover({ apply: true, copyTo, clusterId: 'd', configuration });
const repair = (inspector: StorageInspector, copyTo: string): Promise<unknown> =>
  inspector.repair({ apply: true, copyTo });

const cases: Readonly<Record<string, Case>> = {
  'a recovery': { damage: () => undefined, work: recovery },
  'a repair that cuts the log': { damage: (disk) => flip(disk, '0000000002.log', 60_000), work: repair },
  'a repair that begins the log behind the snapshot': { damage: (disk) => erase(disk, '0000000001.log'), work: repair },
  "a repair that makes the store's file": { damage: (disk) => disk.lose('/data/store'), work: repair },
};

function flip(disk: SimulatedDisk, name: string, offset: number): void {
  disk.damage(`${directory}/${name}`, (bytes) => (bytes[offset]! ^= 1));
}

function erase(disk: SimulatedDisk, name: string): void {
  disk.damage(`${directory}/${name}`, (bytes) => bytes.fill(0));
}

async function makeDisk({ damage }: Case): Promise<{ disk: SimulatedDisk; storeId: string }> {
  const disk = new SimulatedDisk(seededRandom(0));
  const storage = fileStorage({ directory, segmentBytes, fileSystem: disk.fileSystem() });
  const { storeId } = await storage.open(identity);
  await storage.append({ hardState: { term: 1, votedFor: 'n1', commitIndex: 0 }, entries: [] });
  for (let i = 1; i <= 60; i++) await storage.append({ entries: [entry(i, 1, 5000)] });
  await storage.append({ hardState: { term: 2, votedFor: 'n2', commitIndex: 55 }, entries: [] });
  const writer = await storage.createSnapshot({ index: 30, term: 1, configuration, configurationIndex: 1 });
  await writer.write(new Uint8Array(1000));
  await writer.commit();
  await storage.close();
  damage(disk);
  return { disk, storeId };
}

/** What a start of either cluster finds, or why it refuses. */
async function start(disk: SimulatedDisk, storeId: string): Promise<Started | RaftError> {
  try {
    return await startAs(disk, 'c', storeId);
  } catch (error) {
    if (!(error instanceof RaftError)) throw error;
    return error.code === 'RAFT_STORAGE_IDENTITY' ? startAs(disk, 'd', storeId) : error;
  }
}

interface Started {
  readonly clusterId: string;
  readonly isOld: boolean;
  readonly content: Content;
}

async function startAs(disk: SimulatedDisk, clusterId: string, storeId: string): Promise<Started> {
  const storage = fileStorage({ directory, segmentBytes, fileSystem: disk.fileSystem() });
  const restored = await storage.open({ ...identity, clusterId });
  const content = await contentOf(storage, restored);
  await storage.close();
  return { clusterId, isOld: restored.storeId === storeId, content };
}

/** Resolves when the work has ended, one way or another, or the process has. */
async function run(disk: SimulatedDisk, { work }: Case, copyTo: string): Promise<'done' | 'failed' | 'killed'> {
  const all = async (): Promise<'done' | 'failed'> => {
    try {
      const inspector = await inspectFileStorage({ directory, fileSystem: disk.fileSystem() });
      try {
        await work(inspector, copyTo);
      } finally {
        await inspector.close();
      }
      return 'done';
    } catch (error) {
      assert(error instanceof RaftError, `not a storage error: ${String(error)}`);
      assert.deepEqual(disk.open, []);
      assert(!disk.isLocked);
      return 'failed';
    }
  };
  return Promise.race([all(), disk.killed().then(() => 'killed' as const)]);
}

function end(disk: SimulatedDisk, kind: Fault): void {
  if (kind === 'kill') disk.kill();
  else disk.crash();
  disk.failAt(0, kind);
}

/** As comparable as can be: an error by what is wrong. */
function outcome(found: Started | RaftError): string {
  return found instanceof RaftError ? `${found.code} ${found.message}` : JSON.stringify(found);
}

describe('storage-file: a repair or a recovery is done as a whole or not at all', { timeout: 180_000 }, () => {
  for (const [name, one] of Object.entries(cases)) {
    test(`${name}, whichever I/O fails`, async () => {
      const { disk: made, storeId } = await makeDisk(one);
      const found = async (disk: SimulatedDisk): Promise<string> => outcome(await start(disk, storeId));
      const changed = made.clone(seededRandom(0));
      assert.equal(await run(changed, one, '/copy'), 'done');
      const { firstChange } = changed;
      const [before, after] = [await found(made.clone(seededRandom(0))), await found(changed)];
      assert.notEqual(before, after);
      const counts = new Map<string, number>();
      for (const [way, kind] of faults.entries()) {
        const next = (at: number): number => {
          if (everyCase) return at + 1;
          // What only reads is read alike, again and again.
          return at < firstChange ? Math.min(at + 17, firstChange + (way % stride)) : at + stride;
        };
        for (let at = 1; ; at = next(at)) {
          const disk = made.clone(seededRandom(at));
          disk.failAt(at, kind);
          const ended = await run(disk, one, '/copy');
          if (disk.operations < at) break;
          end(disk, kind);
          const state = await found(disk);
          const isDone = state === after;
          assert(isDone || state === before, `${kind} at operation ${at}: ${state}`);
          assert(isDone || ended !== 'done', `${kind} at operation ${at}: it was done, but is not`);
          // Whatever is left of it, it can be done in the end.
          if (!isDone) assert.equal(await run(disk, one, '/copy2'), 'done', `${kind} at operation ${at}`);
          assert.equal(await found(disk), after, `${kind} at operation ${at}, done again`);
          const key = `${ended}, ${isDone ? 'done' : 'not done'}`;
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
      }
      console.log(`simplefile, ${name}: ${[...counts].map(([key, count]) => `${count} ${key}`).join('; ')}`);
      assert((counts.get('killed, done') ?? 0) > 5 && (counts.get('killed, not done') ?? 0) > 5);
    });
  }
});
