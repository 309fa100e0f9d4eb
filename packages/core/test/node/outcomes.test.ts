import { getEventListeners } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { EntryType } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';
import { recorder } from './support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const applied = (member: Member): string[] => member.machine.applied.map((entry) => entry.command);

test('NotLeader, without forwarding, names the leader and its address, or nobody', async () => {
  cluster = testCluster({ options: { forward: false } });
  await cluster.elect();
  const { node } = cluster.member('3');
  const refused = watch(node.propose('a'));
  await cluster.clock.settle();
  expect(refused.error).toMatchObject({
    code: 'RAFT_NOT_LEADER',
    leaderId: '1',
    leaderAddress: '127.0.0.1:7001',
    message: 'node 1 at 127.0.0.1:7001 leads: send it there',
  });
  cluster.network.isolate('3');
  await cluster.clock.advance(1000);
  const alone = watch(node.propose('b'));
  await cluster.clock.settle();
  expect(alone.error).toMatchObject({ code: 'RAFT_NOT_LEADER', leaderId: undefined, leaderAddress: undefined });
  expect(cluster.member('1').node.status().lastIndex).toBe(2);
});

test('Overloaded: what is not yet committed is limited by bytes, and room comes back with the commit', async () => {
  cluster = testCluster({ options: { maxUncommittedBytes: 1000 } });
  const leader = await cluster.elect();
  for (const id of ['2', '3']) cluster.member(id).storage.hold();
  const text = 'x'.repeat(300);
  const outcomes = Array.from({ length: 5 }, () => watch(leader.node.propose(text)));
  await cluster.clock.settle();
  expect(outcomes.map((outcome) => outcome.end)).toEqual([
    ...['hanging', 'hanging'],
    ...['RAFT_OVERLOADED', 'RAFT_OVERLOADED', 'RAFT_OVERLOADED'],
  ]);
  for (const id of ['2', '3']) cluster.member(id).storage.release();
  await cluster.clock.settle();
  outcomes.push(watch(leader.node.propose(text)));
  await cluster.clock.settle();
  expect(outcomes.filter((outcome) => outcome.end === 'done').length).toBe(3);
  expect(applied(leader).length).toBe(3);
});

test('Overloaded: calls that wait are counted, and every end of a call gives its place back', async () => {
  cluster = testCluster({ options: { maxPending: 4 } });
  const { node } = await cluster.elect();
  const signal = AbortSignal.abort();
  for (let round = 0; round < 5; round++) {
    const outcomes = [
      watch(node.propose('done')),
      watch(node.propose('x'.repeat(5_000_000))),
      watch(node.propose('aborted', { signal })),
      watch(node.read('all')),
      watch(node.read('throw')),
      watch(node.read('never', { timeoutMs: 50 })),
      watch(node.propose('one too many')),
      watch(node.read('all')),
    ];
    await cluster.clock.advance(60);
    expect(outcomes.map((outcome) => outcome.end)).toEqual([
      ...['done', 'RAFT_INVALID_ARGUMENT', 'RAFT_ABORTED', 'done', 'no such query', 'RAFT_TIMEOUT'],
      ...['RAFT_OVERLOADED', 'RAFT_OVERLOADED'],
    ]);
  }
});

test('InvalidArgument: what is too large, is no bytes or has no deadline never enters the log', async () => {
  cluster = testCluster({ options: { maxEntryBytes: 10 } });
  const { node } = await cluster.elect();
  const invalid = { code: 'RAFT_INVALID_ARGUMENT' };
  await expect(node.propose('12345678901')).rejects.toMatchObject({
    ...invalid,
    message: 'the command has 11 bytes; at most 10 are taken (maxEntryBytes)',
  });
  for (const timeoutMs of [Number.NaN, Number.POSITIVE_INFINITY]) {
    await expect(node.propose('a', { timeoutMs })).rejects.toMatchObject(invalid);
    await expect(node.read('all', { timeoutMs })).rejects.toMatchObject(invalid);
  }
  const stateMachine = { ...recorder(), codec: undefined };
  const raw = await cluster.remake('2', { stateMachine: stateMachine as never });
  await raw.node.start();
  await expect(raw.node.propose('a')).rejects.toMatchObject(invalid);
  const fits = watch(node.propose('1234567890'));
  await cluster.clock.settle();
  expect(fits.value).toBe('1234567890@3');
  expect(node.status().lastIndex).toBe(3);
});

test("ProposalDropped: another leader's entry was committed in the command's place", async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  cluster.network.isolate('1');
  const outcome = watch(leader.node.propose('mine'));
  await cluster.clock.settle();
  cluster.network.heal();
  // In one turn node 1 hears of a leader of term 7 and that its entry 3 is committed.
  const data = new TextEncoder().encode('theirs');
  cluster.transport('2').send('default', [
    {
      ...{ type: 'appendEntries', from: '2', to: '1', term: 7 },
      ...{ prevLogIndex: 2, prevLogTerm: 2, leaderCommit: 3, round: 1, quiesce: false },
      entries: [{ index: 3, term: 7, type: EntryType.command, data }],
    },
  ]);
  await cluster.clock.settle();
  expect(applied(leader)).toEqual(['theirs']);
  expect(outcome.end).toBe('RAFT_PROPOSAL_DROPPED');
});

test('UnknownOutcome: at the deadline, the command is in the log and is done later', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  for (const id of ['2', '3']) cluster.member(id).storage.hold();
  const outcome = watch(leader.node.propose('a', { timeoutMs: 300 }));
  await cluster.clock.advance(299);
  expect(outcome.end).toBe('hanging');
  await cluster.clock.advance(1);
  expect(outcome.end).toBe('RAFT_UNKNOWN_OUTCOME');
  for (const id of ['2', '3']) cluster.member(id).storage.release();
  await cluster.clock.advance(100);
  expect(applied(leader)).toEqual(['a']);
});

test('UnknownOutcome: at an abort, once the command is in the log', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  for (const id of ['2', '3']) cluster.member(id).storage.hold();
  const { signal, abort } = aborting();
  const outcome = watch(leader.node.propose('a', { signal }));
  await cluster.clock.settle();
  abort();
  await cluster.clock.settle();
  expect(outcome.end).toBe('RAFT_UNKNOWN_OUTCOME');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  for (const id of ['2', '3']) cluster.member(id).storage.release();
  await cluster.clock.settle();
  expect(applied(leader)).toEqual(['a']);
});

test('UnknownOutcome: a leader that reaches nobody steps down and says so before the deadline', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  cluster.network.isolate('1');
  const outcome = watch(leader.node.propose('a'));
  await cluster.clock.advance(500);
  expect(outcome.end).toBe('RAFT_UNKNOWN_OUTCOME');
  expect(leader.node.status().role).not.toBe('leader');
});

test('Aborted: before the turn that would propose it, the command is certainly not done', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const { signal, abort } = aborting();
  const outcomes = [watch(leader.node.propose('a', { signal })), watch(leader.node.read('all', { signal }))];
  abort();
  await cluster.clock.settle();
  expect(outcomes.map((outcome) => outcome.end)).toEqual(['RAFT_ABORTED', 'RAFT_ABORTED']);
  await expect(leader.node.propose('b', { signal })).rejects.toMatchObject({ code: 'RAFT_ABORTED' });
  await cluster.clock.settle();
  expect(leader.node.status().lastIndex).toBe(2);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test(
  'Timeout: what a blocked event loop could not propose in time is certainly not done',
  { timeout: 10_000 },
  async () => {
    cluster = testCluster();
    const leader = await cluster.elect();
    const outcomes = Array.from({ length: 50_000 }, (_, i) => watch(leader.node.propose(`c${i}`)));
    cluster.clock.stall(6000);
    await cluster.clock.advance(3000);
    expect(new Set(outcomes.map((outcome) => outcome.end))).toEqual(new Set(['RAFT_TIMEOUT']));
    expect(applied(cluster.member('2'))).toEqual([]);
  },
);

test('a call that is done lets go of its signal and its deadline', async () => {
  cluster = testCluster();
  const { node } = await cluster.elect();
  const { signal, abort } = aborting();
  const outcomes = [watch(node.propose('a', { signal })), watch(node.read('all', { signal }))];
  await cluster.clock.settle();
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  abort();
  await cluster.clock.advance(6000);
  expect(outcomes.map((outcome) => outcome.end)).toEqual(['done', 'done']);
});

function aborting(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
