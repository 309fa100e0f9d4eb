import { memoryStorage } from '@raft/storage-memory';
import { afterEach, expect, test } from 'vitest';
import { OverloadedError, StorageError } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';
import { tappedStorage } from './support/tapped-storage.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const role = (id: string): string => cluster.member(id).node.status().role;
const leader = (): Member | undefined => cluster.members.find(({ node }) => node.status().role === 'leader');
const full = new StorageError('RAFT_STORAGE_FULL', 'no room');

/** No room for entries; hard state alone finds some. */
function fill({ storage }: Member): void {
  storage.failAppend = () => ((storage.appends.at(-1)?.entries.length ?? 0) > 0 ? full : undefined);
}

test('a leader whose disk does not answer for an election timeout gives up the leadership, and does not campaign', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  first.storage.hold();
  void watch(first.node.propose('a'));
  await cluster.clock.advance(1500);
  expect(first.node.status()).toMatchObject({ role: 'follower', healthy: false, state: 'running' });
  expect(['2', '3']).toContain(leader()?.id);
  await cluster.member(leader()?.id ?? '').node.stop();
  await cluster.clock.advance(3000);
  expect(role('1')).toBe('follower');
  first.storage.release();
  await cluster.clock.advance(3000);
  expect(first.node.status()).toMatchObject({ healthy: true });
  expect(leader()).toBeDefined();
});

test('a leader whose event loop did not turn for an election timeout leads no more', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  const reasons: string[] = [];
  first.node.on('role', ({ reason }) => void reasons.push(reason));
  cluster.clock.stall(3000);
  await cluster.clock.settle();
  expect(reasons[0]).toBe('its turn came an election timeout too late');
  await cluster.clock.advance(2000);
  expect(leader()).toBeDefined();
});

test('a follower with a full disk goes on hearing its leader, says so, and goes on by itself when there is room', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  const follower = cluster.member('3');
  const events: boolean[] = [];
  follower.node.on('diskFull', ({ full: isFull }) => void events.push(isFull));
  fill(follower);
  const written = watch(first.node.propose('a'));
  await cluster.clock.advance(3000);
  expect(written.end).toBe('done');
  expect(follower.node.status()).toMatchObject({ state: 'running', diskFull: true, healthy: false, leaderId: '1' });
  expect(follower.machine.applied).toEqual([]);
  expect(follower.storage.appends.length).toBeLessThan(20);
  follower.storage.failAppend = undefined;
  await cluster.clock.advance(1000);
  expect(follower.node.status()).toMatchObject({ diskFull: false, healthy: true });
  expect(follower.machine.applied.map(({ command }) => command)).toEqual(['a']);
  expect(events).toEqual([true, false]);
});

test('a leader with a full disk hands over when it can, and nothing acknowledged is lost', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  await Promise.all([first.node.propose('a'), cluster.clock.advance(100)]);
  fill(first);
  const met = watch(first.node.propose('b', { timeoutMs: 60_000 }));
  await cluster.clock.advance(1500);
  expect(first.node.status()).toMatchObject({ state: 'running', role: 'follower', diskFull: true });
  const next = leader() as Member;
  expect(['2', '3']).toContain(next.id);
  await Promise.all([next.node.propose('c'), cluster.clock.advance(200)]);
  const read = watch(first.node.read('all', { level: 'local' }));
  await cluster.clock.settle();
  expect(read.value).toEqual(['a']);
  first.storage.failAppend = undefined;
  await cluster.clock.advance(2000);
  expect(first.machine.applied.map(({ command }) => command)).toEqual(
    next.machine.applied.map(({ command }) => command),
  );
  expect(met.end).not.toBe('hanging');
});

test('where every disk is full, what is proposed anywhere is told so soon and never done, and what was in the log may be', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  for (const member of cluster.members) fill(member);
  const met = watch(first.node.propose('met', { timeoutMs: 3000 }));
  await cluster.clock.advance(1000);
  const refused = ['1', '2', '3'].map((id) => watch(cluster.member(id).node.propose(`to ${id}`)));
  const change = watch(first.node.changeMembership({ remove: ['3'] }));
  await cluster.clock.advance(100);
  expect([...refused, change].map(({ end }) => end)).toEqual(Array(4).fill('RAFT_STORAGE_FULL'));
  await cluster.clock.advance(3000);
  expect(met.end).toBe('RAFT_UNKNOWN_OUTCOME');
  expect((met.error as Error).message).toContain("the leader's disk is full");
  for (const { storage } of cluster.members) storage.failAppend = undefined;
  await cluster.clock.advance(3000);
  for (const { machine } of cluster.members) expect(machine.applied.map(({ command }) => command)).toEqual(['met']);
});

test('a node that is alone with a full disk refuses writes, serves reads, and takes writes again', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node, storage } = await cluster.elect();
  await Promise.all([node.propose('a'), cluster.clock.advance(10)]);
  fill(cluster.member('1'));
  const met = watch(node.propose('b', { timeoutMs: 60_000 }));
  await cluster.clock.advance(100);
  const refused = watch(node.propose('c'));
  const read = watch(node.read('all', { level: 'local' }));
  await cluster.clock.settle();
  expect(refused.error).toBeInstanceOf(OverloadedError);
  expect(refused.error).toMatchObject({ code: 'RAFT_STORAGE_FULL', message: expect.stringContaining('disk is full') });
  expect(read.value).toEqual(['a']);
  storage.failAppend = undefined;
  await cluster.clock.advance(3000);
  expect(met.end).not.toBe('hanging');
  const again = watch(node.propose('d'));
  await cluster.clock.advance(100);
  expect(again.end).toBe('done');
});

test('several writes in flight when the disk fills are all written again, in order', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('3');
  fill(follower);
  const outcomes: ReturnType<typeof watch>[] = [];
  for (let i = 0; i < 20; i++) {
    outcomes.push(watch(cluster.member('1').node.propose(`c${i}`)));
    await cluster.clock.turn();
  }
  await cluster.clock.advance(700);
  follower.storage.failAppend = undefined;
  await cluster.clock.advance(2000);
  expect(new Set(outcomes.map(({ end }) => end))).toEqual(new Set(['done']));
  expect(follower.machine.applied.map(({ command }) => command)).toEqual(outcomes.map((_, i) => `c${i}`));
});

test('an entry that was compacted while it was read from the disk is no reason to stop', async () => {
  cluster = testCluster({ options: { cacheBytes: 1, snapshotThresholdEntries: 0, retainedEntries: 0 } });
  const first = await cluster.elect();
  cluster.network.isolate('3');
  for (let i = 0; i < 10; i++) await Promise.all([first.node.propose(`c${i}`), cluster.clock.settle()]);
  first.storage.failRead = () => {
    first.storage.failRead = undefined;
    void first.node.snapshot();
    return new StorageError('RAFT_STORAGE_COMPACTED', 'entry 3 is gone');
  };
  cluster.network.heal();
  await cluster.clock.advance(3000);
  expect(first.node.status().state).toBe('running');
  expect(cluster.member('3').machine.applied.length).toBe(10);
});

test('no room to compact the log is told, and stops nobody', async () => {
  const inner = memoryStorage();
  inner.compact = () => Promise.reject(full);
  cluster = testCluster({ ids: ['1'], options: { retainedEntries: 0 }, storage: () => tappedStorage(inner) });
  const { node, log } = await cluster.elect();
  await Promise.all([node.propose('a'), cluster.clock.settle()]);
  const info = watch(node.snapshot());
  await cluster.clock.advance(100);
  expect([info.end, node.status().state]).toEqual(['done', 'running']);
  expect(log.at(-1)?.message).toBe('no room to compact the log: no room');
});

test('a compaction that fails stops the node', async () => {
  const inner = memoryStorage();
  inner.compact = () => Promise.reject(new StorageError('RAFT_STORAGE_IO', 'remove log/1: EIO'));
  cluster = testCluster({ ids: ['1'], options: { retainedEntries: 0 }, storage: () => tappedStorage(inner) });
  const { node, log } = await cluster.elect();
  await Promise.all([node.propose('a'), cluster.clock.settle()]);
  void watch(node.snapshot());
  await cluster.clock.advance(100);
  expect(node.status().state).toBe('stopped');
  expect(log.at(-1)?.message).toBe('node 1 stopped: the storage failed: remove log/1: EIO');
});
