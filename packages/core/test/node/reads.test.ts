import { afterEach, expect, test } from 'vitest';
import { testCluster } from './support/cluster.js';
import type { TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';
import { recorder } from './support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

test('thesis 6.4: a read waits until its index is applied, not only committed', async () => {
  const gates: (() => void)[] = [];
  const slow = recorder(() => new Promise<void>((resolve) => gates.push(resolve)));
  cluster = testCluster({ options: (id) => (id === '1' ? { stateMachine: slow } : {}) });
  const { node } = await cluster.elect();
  const write = watch(node.propose('a'));
  await cluster.clock.settle();

  const read = watch(node.read('all'));
  await cluster.clock.settle();
  expect(node.status()).toMatchObject({ commitIndex: 3, appliedIndex: 2 });
  expect([write.end, read.end]).toEqual(['hanging', 'hanging']);
  gates[0]?.();
  await cluster.clock.settle();
  expect([write.end, read.value]).toEqual(['done', ['a']]);
});

test('a read sees every write that was acknowledged before it was asked', async () => {
  cluster = testCluster();
  const { node } = await cluster.elect();
  for (let i = 0; i < 20; i++) {
    const write = watch(node.propose(`c${i}`));
    await cluster.clock.settle();
    expect(write.end).toBe('done');
    const read = watch(node.read('all'));
    await cluster.clock.settle();
    expect(read.value?.length).toBe(i + 1);
  }
});

test('a read asked in the turn of a write may miss it, but waits for a round of its own', async () => {
  cluster = testCluster();
  const { node } = await cluster.elect();
  const first = watch(node.read('all'));
  await cluster.clock.turn();
  const write = watch(node.propose('a'));
  const second = watch(node.read('all'));
  await cluster.clock.settle();
  expect([first.value, write.value, second.end]).toEqual([[], 'a@3', 'done']);
});

test('a follower answers a read at an index that it asks its leader for', async () => {
  cluster = testCluster();
  await cluster.elect();
  const read = watch(cluster.member('2').node.read('all'));
  await cluster.clock.settle();
  expect(read.end).toBe('done');
});

test('without forwarding, a node that knows no leader refuses a read', async () => {
  cluster = testCluster({ options: { forward: false } });
  await Promise.all(cluster.members.map((member) => member.node.start()));
  const read = watch(cluster.member('2').node.read('all'));
  await cluster.clock.settle();
  expect(read.error).toMatchObject({ code: 'RAFT_NOT_LEADER', leaderId: undefined });
});

test('thesis 6.4: a leader that was replaced without knowing it answers no read', async () => {
  // Without check quorum the old leader never notices, which is the harder case.
  cluster = testCluster({ options: { checkQuorum: false } });
  const old = await cluster.elect();
  cluster.network.isolate('1');
  await cluster.clock.until(() => cluster.member('2').node.status().role === 'leader', 'node 2 leads');
  const write = watch(cluster.member('2').node.propose('new'));
  await cluster.clock.settle();
  expect(write.end).toBe('done');

  const stale = [watch(old.node.read('all', { timeoutMs: 500 })), watch(old.node.read('all'))];
  await cluster.clock.advance(1000);
  expect(old.node.status().role).toBe('leader');
  expect(stale.map((read) => read.end)).toEqual(['RAFT_TIMEOUT', 'hanging']);
  cluster.network.heal();
  await cluster.clock.advance(200);
  // It learned that another leads, and asked that one.
  expect([old.node.status().role, stale[1]?.value]).toEqual(['follower', ['new']]);
});

test('thesis 6.4: a new leader answers reads only after an entry of its own term is committed', async () => {
  cluster = testCluster();
  const old = await cluster.elect();
  const second = cluster.member('2');
  // The followers get the write, but never hear that it is committed.
  const write = watch(old.node.propose('a'));
  while (write.end === 'hanging') await cluster.clock.turn();
  expect(second.node.status().commitIndex).toBe(2);
  await old.node.stop();
  const unblock = cluster.network.block((message) => message.type === 'appendEntries');
  await cluster.clock.until(() => second.node.status().role === 'leader', 'node 2 leads');
  const read = watch(second.node.read('all'));
  await cluster.clock.settle();
  expect(read.end).toBe('hanging');
  unblock();
  await cluster.clock.advance(100);
  expect(read.value).toEqual(['a']);
});

test('a query that throws, or comes later, or never, concerns only its own read', async () => {
  cluster = testCluster();
  const { node } = await cluster.elect();
  const reads = (['throw', 'later', 'all', 'never'] as const).map((ask) => watch(node.read(ask)));
  await cluster.clock.advance(4999);
  expect(reads.map((read) => read.end)).toEqual(['no such query', 'done', 'done', 'hanging']);
  await cluster.clock.advance(1);
  expect(reads[3]?.end).toBe('RAFT_TIMEOUT');
});

test('reads that nobody confirms cost nothing once their callers have given up, and are limited before', async () => {
  cluster = testCluster({ options: { checkQuorum: false, maxPending: 10 } });
  const { node } = await cluster.elect();
  cluster.network.isolate('1');
  for (let i = 0; i < 30; i++) {
    const reads = Array.from({ length: 11 }, () => watch(node.read('all', { timeoutMs: 10 })));
    await cluster.clock.advance(11);
    expect(reads.map((read) => read.end)).toEqual([...Array<string>(10).fill('RAFT_TIMEOUT'), 'RAFT_OVERLOADED']);
  }
  const write = watch(node.propose('a', { timeoutMs: 10 }));
  await cluster.clock.advance(10);
  expect(write.end).toBe('RAFT_UNKNOWN_OUTCOME');
});

test('reads whose callers gave up make room once the quorum answers', async () => {
  cluster = testCluster({ options: { maxPending: 10 } });
  const { node } = await cluster.elect();
  for (let round = 0; round < 5; round++) {
    cluster.network.isolate('1');
    const lost = Array.from({ length: 10 }, () => watch(node.read('all', { timeoutMs: 10 })));
    await cluster.clock.advance(20);
    expect(lost.every((read) => read.end === 'RAFT_TIMEOUT')).toBe(true);
    cluster.network.heal();
    await cluster.clock.advance(100);
  }
  const read = watch(node.read('all'));
  await cluster.clock.settle();
  expect(read.end).toBe('done');
});
