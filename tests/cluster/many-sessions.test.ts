import { createNode } from '@raft/core';
import type { SnapshotMeta, Storage } from '@raft/core';
import { encodeCompareAndSet, encodeSet, KvStateMachine } from '@raft/kv';
import type { KvResult } from '@raft/kv';
import { memoryStorage } from '@raft/storage-memory';
import { beforeAll, expect, test, vi } from 'vitest';
import { Cluster } from './support/cluster.js';
import { eventually } from './support/eventually.js';
import { clusterId, grpc, memory, tcp } from './support/networks.js';
import { fileStores, levelStores, memoryStores } from './support/stores.js';

// A session table as large as it gets by default: the most sessions, and as many bytes of results as are kept for all of them. It is made
// once, in one node; the snapshot of that node then goes over each transport from each storage to another.

/** RAFT_SESSIONS=all makes the same bytes of more results, and tries each transport with each storage; without it, each once. */
const everyPair = process.env['RAFT_SESSIONS'] === 'all';

const sessions = 10_000;
const results = everyPair ? 25 : 5;
const limitBytes = 32 * 1024 * 1024;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const key = Buffer.from('key');
const value = Buffer.alloc(7500 / results, 'a result');
/** Its result shows the value that is there. */
const show = encodeCompareAndSet(key, { absent: true }, value);
const timing = { heartbeatIntervalMs: 250, electionTimeoutMs: { min: 1500, max: 3000 } };
const timeoutMs = 60_000;

let meta: SnapshotMeta;
let chunks: Uint8Array[];
let ids: number[];
/** What each command gave. */
let shown: string;

function describe(result: KvResult): string {
  if (result.type !== 'compareAndSet' || result.swapped || result.current === undefined) return result.type;
  return `${Buffer.from(result.current.value).toString()} of ${result.current.revision}`;
}

/** So many calls, some hundred at a time. */
async function each<T>(count: number, call: (n: number) => Promise<T>): Promise<T[]> {
  const outcomes: T[] = [];
  for (let at = 0; at < count; at += 250) {
    const some = Array.from({ length: Math.min(250, count - at) }, (_, place) => call(at + place));
    outcomes.push(...(await Promise.all(some)));
  }
  return outcomes;
}

beforeAll(async () => {
  const storage = memoryStorage();
  const network = memory();
  const node = createNode({
    ...{ id: '1', clusterId, storage, stateMachine: new KvStateMachine(), transport: await network.transport('1') },
    ...{ bootstrap: { 1: 'node-1:1' }, snapshotThresholdEntries: 0, snapshotThresholdBytes: 0, retainedEntries: 0 },
  });
  await node.start();
  await eventually(() => node.status().role === 'leader', 'a leader');
  await node.propose(encodeSet(key, value));
  ids = await each(sessions, () => node.registerSession({ timeoutMs }));
  const outcomes = await each(sessions * results, (n) => {
    const session = { id: ids[n % sessions] as number, sequence: 1 + Math.floor(n / sessions) };
    return node.propose(show, { session, timeoutMs });
  });
  shown = describe(outcomes.at(-1) as KvResult);
  await node.snapshot({ timeoutMs });
  const reader = await storage.openSnapshot();
  if (reader === undefined) throw new Error('there is no snapshot');
  chunks = [];
  for await (const chunk of reader.chunks()) chunks.push(chunk);
  if (reader.size < 0.8 * limitBytes) throw new Error(`${reader.size} bytes are not as many as there may be`);
  const { configuration } = reader.meta;
  meta = { ...reader.meta, configuration: { ...configuration, voters: ['1', '2'], stores: {} } };
  await reader.close();
  await node.stop();
});

/** A storage that holds the snapshot and nothing after it. */
async function fill(storage: Storage): Promise<void> {
  await storage.open({ clusterId, nodeId: '1', groupId: 'default' });
  const writer = await storage.createSnapshot(meta);
  for (const chunk of chunks) await writer.write(chunk);
  await writer.commit();
  const { index, term } = meta;
  const hardState = { term, votedFor: undefined, commitIndex: index };
  await storage.append({ hardState, resetTo: { index, term }, entries: [] });
  await storage.close();
}

/** What the node's own session table says: of what is kept, and of what was forgotten although it is known to be done. */
async function check(cluster: Cluster): Promise<void> {
  const { node } = cluster.life('2');
  // Who runs a command again is shown this.
  await node.propose(encodeSet(key, Buffer.from('another value')), { timeoutMs });
  for (const id of [ids[0], ids[sessions / 2], ids.at(-1)] as number[]) {
    const again = await node.propose(show, { session: { id, sequence: results }, timeoutMs });
    expect(describe(again)).toBe(shown);
    const forgotten = node.propose(show, { session: { id, sequence: 1 }, timeoutMs });
    await expect(forgotten).rejects.toMatchObject({ code: 'RAFT_RESULT_FORGOTTEN' });
  }
}

const networks = [memory, tcp, grpc];
const places = [memoryStores, fileStores, levelStores];
const pairs = networks.flatMap((network, n) =>
  places.filter((_, at) => everyPair || at === n).map((stores) => ({ network, stores })),
);

test.each(pairs)(
  'the largest session table comes by $network.name to $stores.name',
  async ({ network, stores: make }) => {
    const stores = await make();
    const cluster = new Cluster(network(), stores, { size: 2, node: timing });
    try {
      await fill(stores.storage('1'));
      await cluster.start();
      await eventually(() => cluster.life('2').node.status().snapshotIndex === meta.index, 'the snapshot', timeoutMs);
      await check(cluster);
      await cluster.stop('2');
      await cluster.start('2');
      await check(cluster);
    } finally {
      await cluster.close();
    }
  },
);
