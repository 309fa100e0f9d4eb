import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { seededRandom, StorageError, UnknownOutcomeError } from '@raft/core';
import type { LogLevel, NodeId, Random, Storage, StorageInspector } from '@raft/core';
import { encodeSet } from '@raft/kv';
import { fileStorage, inspectFileStorage } from '@raft/storage-file';
import { inspectLevelStorage, levelStorage } from '@raft/storage-level';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { leaderOrNone } from './support/campaigns.js';
import { Cluster } from './support/cluster.js';
import { damage, damageKinds } from './support/damage.js';
import { eventually, pause } from './support/eventually.js';
import { memory } from './support/networks.js';

// Of three nodes one lags: what was acknowledged last is on the other two alone. The directory of one of those is damaged. It is refused
// by name, or starts, and then nothing that was acknowledged is missing in the cluster: not while it runs with the other one that knows
// all, and not when it starts with the one that lags alone, of whom none may lead without it. What was refused is repaired, or removed
// and made anew, and is held to the same.

/** RAFT_DAMAGES=N makes N of each kind, RAFT_SEED=N those of another seed. */
const each = Number(process.env['RAFT_DAMAGES'] ?? 3);
const seed = Number(process.env['RAFT_SEED'] ?? 3);

const endings = ['clean stop', 'killed'] as const;

/** `running`: the other two serve meanwhile. `alone`: it starts with the one that lags, the third comes last. */
const modes = ['running', 'alone'] as const;

interface Kind {
  storage(directory: string): Storage;
  inspect(options: { directory: string }): Promise<StorageInspector>;
}

const options = {
  snapshotThresholdEntries: 20,
  retainedEntries: 15,
  logger: (level: LogLevel, message: string) => void log.push({ level, message }),
};
/** Whoever cannot lead is to show it soon. */
const quick = { heartbeatIntervalMs: 10, electionTimeoutMs: { min: 50, max: 100 } };

let folder: string;
let cluster: Cluster | undefined;
/** What nodes have told since a case began. */
let log: { readonly level: LogLevel; readonly message: string }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'raft-damages-'));
});

afterEach(async () => {
  await cluster?.close().catch(() => 'told by the test');
  rmSync(folder, { recursive: true, force: true });
});

const directoryOf = (id: NodeId): string => join(folder, 'data', id);

function copyTo(name: string, ids: readonly NodeId[]): void {
  for (const id of ids) {
    const options = { recursive: true, filter: (source: string) => basename(source) !== 'LOCK' };
    cpSync(directoryOf(id), join(folder, name, id), options);
  }
}

function clusterOf(kind: Kind, more: Partial<typeof quick> = {}): Cluster {
  const stores = { storage: (id: NodeId) => kind.storage(directoryOf(id)), close: async () => {} };
  cluster = new Cluster(memory(), stores, { node: { ...options, ...more } });
  return cluster;
}

interface Origin {
  readonly expected: ReadonlyMap<string, string>;
  /** Both know all that was acknowledged; the first led. */
  readonly whole: readonly [NodeId, NodeId];
  readonly lagging: NodeId;
}

/** As a client that repeats what has an unknown outcome. */
async function set(made: Cluster, key: string, value: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { node } = await made.leader();
    try {
      await node.propose(encodeSet(Buffer.from(key), Buffer.from(value)));
      return;
    } catch (error) {
      if (!(error instanceof UnknownOutcomeError) || tries === 10) throw error;
    }
  }
}

/** Two lives of a cluster, with copies of its directories as they were at the end. */
async function originOf(kind: Kind): Promise<Origin> {
  const made = clusterOf(kind);
  await made.start();
  const expected = new Map<string, string>();
  const write = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) {
      const [key, value] = [`key-${i % 30}`, `${i} ${'v'.repeat(4000)}`];
      await set(made, key, value);
      expected.set(key, value);
    }
  };
  await write(0, 40);
  await made.converge();
  await made.stop(...made.ids);
  await made.start();
  const { id: leader } = await made.leader();
  const [follower, lagging] = made.ids.filter((id) => id !== leader) as [NodeId, NodeId];
  await write(40, 50);
  await made.converge();
  made.partition([lagging], 'cut');
  await write(50, 58);
  const whole = [leader, follower] as const;
  const { lastIndex } = made.life(leader).node.status();
  await eventually(
    () => whole.every((id) => made.life(id).node.status().appliedIndex === lastIndex),
    'all on two nodes',
  );
  // For what goes on in the background.
  await pause(100);
  copyTo('killed', whole);
  await made.stop(...made.ids);
  copyTo('clean stop', made.ids);
  return { expected, whole, lagging };
}

/** All that a client finds. */
async function served(made: Cluster): Promise<Map<string, string>> {
  const { node } = await made.leader();
  const page = await node.read({ type: 'list', prefix: new Uint8Array(0) });
  assert(page.type === 'list' && !page.more);
  return new Map(page.items.map(({ key, value }) => [Buffer.from(key).toString(), Buffer.from(value).toString()]));
}

/** Tells of the keys that differ, not of all. */
function compare(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>, what: string): void {
  const keys = [...new Set([...found.keys(), ...expected.keys()])].filter(
    (key) => found.get(key) !== expected.get(key),
  );
  const differing = keys.map(
    (key) => `${key}: ${found.get(key)?.slice(0, 4)} instead of ${expected.get(key)?.slice(0, 4)}`,
  );
  assert.deepEqual(differing, [], what);
}

/** Undefined: it runs. Otherwise what the refusal says, which must name the place. */
async function refusal(made: Cluster, id: NodeId, what: string): Promise<string | undefined> {
  try {
    await made.start(id);
    return undefined;
  } catch (error) {
    assert(error instanceof StorageError && error.code === 'RAFT_STORAGE_CORRUPT', `${what}: ${String(error)}`);
    assert(error.message.includes(directoryOf(id)), `${what}: ${error.message}`);
    return error.message;
  }
}

/** False: there is nothing that could be repaired. */
async function repaired(kind: Kind, directory: string): Promise<boolean> {
  try {
    const inspector = await kind.inspect({ directory });
    try {
      await inspector.repair({ apply: true, copyTo: `${directory}-before` });
      return true;
    } finally {
      await inspector.close();
    }
  } catch (error) {
    assert(error instanceof StorageError, String(error));
    return false;
  }
}

interface Row {
  'all there': number;
  mended: number;
  'snapshot fetched': number;
  refused: number;
  repaired: number;
  'made anew': number;
  'led with all': number;
  'led by none': number;
}

function howStarted(): 'all there' | 'mended' | 'snapshot fetched' {
  if (log.some(({ message }) => message.startsWith('the snapshot cannot be read'))) return 'snapshot fetched';
  return log.some(({ level }) => level === 'warn') ? 'mended' : 'all there';
}

/** Damages the node's directory; everything that must not be is an assertion that fails. */
async function judge(
  kind: Kind,
  origin: Origin,
  number: number,
  row: Row,
  random: Random,
  name: string,
): Promise<void> {
  const { expected, whole, lagging } = origin;
  const ending = endings[number % 2]!;
  const mode = modes[(number >> 1) % 2]!;
  const [damaged, other] = random() < 0.5 ? whole : ([whole[1], whole[0]] as const);
  rmSync(join(folder, 'data'), { recursive: true });
  for (const id of [damaged, other, lagging]) {
    cpSync(join(folder, id === damaged ? ending : 'clean stop', id), directoryOf(id), { recursive: true });
  }
  const what = `seed ${seed}, ${number} after ${ending}, ${mode}, ${damage(directoryOf(damaged), name, random)}`;
  const made = clusterOf(kind, quick);
  if (mode === 'running') {
    await made.start(other, lagging);
    compare(await served(made), expected, what);
  }
  log = [];
  const told = await refusal(made, damaged, what);
  row[told === undefined ? howStarted() : 'refused']++;
  if (told !== undefined) {
    if (mode === 'running') compare(await served(made), expected, what);
    const isRepaired = random() < 0.7 && (await repaired(kind, directoryOf(damaged)));
    row[isRepaired ? 'repaired' : 'made anew']++;
    if (!isRepaired) rmSync(directoryOf(damaged), { recursive: true });
    await made.start(damaged);
  }
  if (mode === 'alone') {
    await made.start(lagging);
    const leads = (await leaderOrNone(made, [damaged, lagging])) !== undefined;
    if (leads) compare(await served(made), expected, what);
    row[leads ? 'led with all' : 'led by none']++;
    await made.start(other);
  }
  compare(await served(made), expected, what);
  compare(await made.converge(), expected, what);
  assert.deepEqual(made.failures, [], what);
  await made.close();
  rmSync(`${directoryOf(damaged)}-before`, { recursive: true, force: true });
}

describe.each<[string, Kind]>([
  [
    'simplefile',
    { storage: (directory) => fileStorage({ directory, segmentBytes: 128 * 1024 }), inspect: inspectFileStorage },
  ],
  ['level', { storage: (directory) => levelStorage({ directory }), inspect: inspectLevelStorage }],
])('seeded damages of one node of a cluster (%s)', (name, kind) => {
  test(
    'nothing that was acknowledged is lost or wrong in the cluster',
    async () => {
      const origin = await originOf(kind);
      const random = seededRandom(seed);
      const table: Record<string, Row> = {};
      let number = 0;
      for (const damageKind of damageKinds) {
        const row = {
          'all there': 0,
          mended: 0,
          'snapshot fetched': 0,
          refused: 0,
          repaired: 0,
          'made anew': 0,
          'led with all': 0,
          'led by none': 0,
        };
        table[damageKind] = row;
        for (let i = 0; i < each; i++) await judge(kind, origin, number++, row, random, damageKind);
      }
      console.log(`${name}: ${number} damages of a node in a cluster (seed ${seed})`);
      console.table(table);
    },
    180_000 + each * 16_000,
  );
});
