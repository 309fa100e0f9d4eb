import { afterEach, expect, test } from 'vitest';
import type { NodeEvents } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { TestCluster, TestNode } from './support/cluster.js';
import { watch } from './support/outcome.js';
import type { Outcome } from './support/outcome.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const names = ['role', 'commit', 'applied', 'membership', 'fatal'] as const satisfies (keyof NodeEvents)[];

function record(node: TestNode): [string, unknown][] {
  const seen: [string, unknown][] = [];
  for (const name of names) node.on(name, (event: unknown) => seen.push([name, event]));
  return seen;
}

test('an election and a write, as events', async () => {
  cluster = testCluster();
  const seen = record(cluster.member('1').node);
  const leader = await cluster.elect();
  void leader.node.propose('a');
  await cluster.clock.settle();

  const addresses = { 1: '127.0.0.1:7001', 2: '127.0.0.1:7002', 3: '127.0.0.1:7003' };
  const quiet = 'no leader heard of within the election timeout';
  expect(seen).toEqual([
    ['membership', { index: 1, voters: ['1', '2', '3'], learners: [], outgoing: [], addresses }],
    ['role', { role: 'preCandidate', term: 1, leaderId: undefined, reason: quiet }],
    ['role', { role: 'candidate', term: 2, leaderId: undefined, reason: 'a quorum would vote for this node' }],
    ['role', { role: 'leader', term: 2, leaderId: '1', reason: 'elected by a quorum' }],
    ['commit', { index: 2 }],
    ['applied', { index: 2 }],
    ['commit', { index: 3 }],
    ['applied', { index: 3 }],
  ]);
});

test('a follower tells whom it follows, and a leader why it steps down', async () => {
  cluster = testCluster();
  const [first, second] = [record(cluster.member('1').node), record(cluster.member('2').node)];
  await cluster.elect();
  cluster.network.isolate('1');
  await cluster.clock.advance(450);
  expect(second).toContainEqual(['role', { role: 'follower', term: 2, leaderId: '1', reason: '1 leads' }]);
  const reason = 'no quorum answered within the election timeout';
  expect(first).toContainEqual(['role', { role: 'follower', term: 2, leaderId: undefined, reason }]);
});

test('a listener that throws, or whose promise rejects, is logged and harms nobody', async () => {
  cluster = testCluster();
  const { node, log } = cluster.member('1');
  for (const name of names) {
    node.on(name, () => {
      throw new Error('mine');
    });
    node.on(name, () => Promise.reject(new Error('mine, later')) as never);
  }
  const seen = record(node);
  await cluster.elect();
  const outcome = watch(node.propose('a'));
  await cluster.clock.settle();
  expect(outcome.end).toBe('done');
  expect(seen.at(-1)).toEqual(['applied', { index: 3 }]);
  expect(
    log.filter(({ level, message }) => level === 'error' && message === "a listener of 'applied' threw"),
  ).toHaveLength(4);
});

test('a listener that is taken away hears nothing more', async () => {
  cluster = testCluster();
  const { node } = await cluster.elect();
  const seen: number[] = [];
  const end = node.on('applied', ({ index }) => seen.push(index));
  void node.propose('a');
  await cluster.clock.settle();
  end();
  end();
  void node.propose('b');
  await cluster.clock.settle();
  expect(seen).toEqual([3]);
});

for (const name of ['role', 'commit', 'applied', 'membership'] as const) {
  test(`a listener of '${name}' may stop the node: all callers end, no timer is left, nothing more is told`, async () => {
    cluster = testCluster({ ids: ['1'] });
    const { node } = cluster.member('1');
    const outcomes: Outcome<unknown>[] = [watch(node.propose('before'))];
    let stops = 0;
    node.on(name, () => {
      stops++;
      for (let i = 0; i < 3; i++) outcomes.push(watch(node.propose(`c${i}`)), watch(node.read('all')));
      void node.stop();
    });
    const seen = record(node);
    await node.start();
    await cluster.clock.until(() => stops > 0, 'the listener is called');
    await cluster.clock.settle();
    expect(cluster.clock.timers).toBe(0);
    await cluster.clock.advance(2000);
    expect(stops).toBe(1);
    expect(seen.at(-1)?.[0]).toBe(name);
    expect(new Set(outcomes.map((outcome) => outcome.end))).toEqual(new Set(['RAFT_NODE_STOPPED']));
  });
}

test('a listener may propose and read: a new turn serves it', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node } = await cluster.elect();
  const results: unknown[] = [];
  const end = node.on('applied', ({ index }) => {
    if (index >= 6) end();
    void node.propose(`after ${index}`).then((result) => results.push(result));
  });
  void node.propose('a');
  await cluster.clock.settle();
  expect(results).toEqual(['after 3@4', 'after 4@5', 'after 5@6', 'after 6@7']);
});
