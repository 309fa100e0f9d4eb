import { afterEach, expect, test } from 'vitest';
import { testCluster } from './support/cluster.js';
import type { TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const role = (id: string): string => cluster.member(id).node.status().role;

test('the leadership goes to the target, which is brought up to date first; proposals are held, not lost', async () => {
  cluster = testCluster({ options: { forward: true } });
  const leader = await cluster.elect();
  const before = ['a', 'b'].map((text) => watch(leader.node.propose(text)));
  const handed = watch(leader.node.transferLeadership('3'));
  await cluster.clock.turn();
  const during = ['c', 'd'].map((text) => watch(leader.node.propose(text)));
  await cluster.clock.advance(300);
  expect(handed.end).toBe('done');
  expect([role('1'), role('3')]).toEqual(['follower', 'leader']);
  const ends = [...before, ...during].map(({ end }) => end);
  expect(ends).toEqual(['done', 'done', 'done', 'done']);
  expect(cluster.member('3').machine.applied.map(({ command }) => command)).toEqual(['a', 'b', 'c', 'd']);
});

test('without a target the voter that knows most takes over', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  cluster.network.isolate('2');
  await cluster.clock.settle();
  await Promise.all([leader.node.propose('a'), cluster.clock.settle()]);
  const handed = watch(leader.node.transferLeadership());
  await cluster.clock.advance(300);
  expect([handed.end, role('3')]).toEqual(['done', 'leader']);
});

test('a target that does not take over: the leadership stays, proposals go on, and the caller is told', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  const handed = watch(leader.node.transferLeadership('3'));
  await cluster.clock.settle();
  const held = watch(leader.node.propose('a'));
  await cluster.clock.advance(1500);
  expect(handed.error).toMatchObject({
    code: 'RAFT_TRANSFER_FAILED',
    message: expect.stringContaining('3 did not take over within an election timeout'),
  });
  expect([role('1'), held.end]).toEqual(['leader', 'done']);
});

test('who does not lead, or is asked for a stranger, refuses; a second request is refused while one is under way', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  const first = watch(leader.node.transferLeadership('3', { timeoutMs: 60 }));
  await cluster.clock.settle();
  const refused = [
    watch(cluster.member('2').node.transferLeadership('3')),
    watch(leader.node.transferLeadership('2')),
    watch(leader.node.transferLeadership('9')),
  ];
  await cluster.clock.advance(60);
  const codes = refused.map(({ end }) => end);
  expect(codes).toEqual(['RAFT_NOT_LEADER', 'RAFT_TRANSFER_FAILED', expect.stringMatching(/RAFT_(INVALID|TRANSFER)/)]);
  expect(first.error).toMatchObject({ code: 'RAFT_TRANSFER_FAILED', message: expect.stringContaining('in time') });
  await cluster.clock.advance(1000);
  const stranger = watch(leader.node.transferLeadership('9'));
  await cluster.clock.settle();
  expect(stranger.end).toBe('RAFT_INVALID_ARGUMENT');
});

test('a caller that gives up, and a stop, end the call', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  const controller = new AbortController();
  const aborted = watch(leader.node.transferLeadership('3', { signal: controller.signal }));
  await cluster.clock.settle();
  controller.abort();
  await cluster.clock.advance(1000);
  const stopped = watch(leader.node.transferLeadership('3'));
  await cluster.clock.settle();
  await leader.node.stop();
  await cluster.clock.settle();
  expect([aborted.end, stopped.end]).toEqual(['RAFT_ABORTED', 'RAFT_NODE_STOPPED']);
});

test('a voter of a higher priority gets the leadership, one of priority 0 never campaigns', async () => {
  cluster = testCluster({ options: (id) => ({ priority: { '1': 1, '2': 0, '3': 5 }[id] ?? 1 }) });
  await cluster.elect();
  await cluster.clock.until(() => role('3') === 'leader', 'node 3 leads');
  await cluster.clock.advance(2000);
  expect(role('3')).toBe('leader');
  await cluster.member('3').node.stop();
  await cluster.clock.until(() => role('1') === 'leader', 'node 1 leads');
  await cluster.member('1').node.stop();
  await cluster.clock.advance(5000);
  expect(role('2')).toBe('follower');
});
