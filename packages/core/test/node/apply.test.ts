import { afterEach, expect, test } from 'vitest';
import { testCluster } from './support/cluster.js';
import type { TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';
import { recorder } from './support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const alone = (before: Parameters<typeof recorder>[0]): TestCluster =>
  testCluster({ ids: ['1'], options: { stateMachine: recorder(before) } });

test('commits of one turn are applied as one batch, in order', async () => {
  cluster = testCluster();
  const { node, machine } = await cluster.elect();
  const results = Promise.all(['a', 'b', 'c'].map((text) => node.propose(text)));
  await cluster.clock.settle();

  expect(await results).toEqual(['a@3', 'b@4', 'c@5']);
  expect(machine.batches).toEqual([3]);
  expect(machine.applied.map(({ index, term }) => [index, term])).toEqual([
    [3, 2],
    [4, 2],
    [5, 2],
  ]);
});

test('a machine that applies asynchronously gets one batch at a time, and later commits wait as one', async () => {
  const gates: (() => void)[] = [];
  cluster = alone(() => new Promise<void>((resolve) => gates.push(resolve)));
  const { node, machine } = await cluster.elect();

  const first = watch(node.propose('a'));
  await cluster.clock.settle();
  const rest = ['b', 'c', 'd'].map((text) => watch(node.propose(text)));
  await cluster.clock.settle();
  expect(gates.length).toBe(1);
  expect(node.status()).toMatchObject({ commitIndex: 6, appliedIndex: 2 });

  gates[0]?.();
  await cluster.clock.settle();
  expect(first.value).toBe('a@3');
  expect(rest.map((outcome) => outcome.end)).toEqual(['hanging', 'hanging', 'hanging']);
  expect(gates.length).toBe(2);
  gates[1]?.();
  await cluster.clock.settle();
  expect(rest.map((outcome) => outcome.value)).toEqual(['b@4', 'c@5', 'd@6']);
  expect(machine.batches).toEqual([1, 3]);
});

test('a long batch is applied in parts, with turns between them', async () => {
  cluster = alone(undefined);
  const { node, machine } = await cluster.elect();
  const results = Promise.all(Array.from({ length: 30 }, () => node.propose('x'.repeat(100_000))));
  while (machine.batches.length === 0) await cluster.clock.turn();
  expect(machine.batches.length).toBe(1);
  await cluster.clock.turn();
  expect(machine.batches.length).toBe(2);
  await cluster.clock.settle();
  expect((await results).length).toBe(30);
  expect(Math.max(...machine.batches)).toBeLessThanOrEqual(11);
});

for (const [how, fail] of [
  [
    'throws',
    () => {
      throw new Error('cannot');
    },
  ],
  ['rejects', () => Promise.reject(new Error('cannot'))],
] as const) {
  test(`a machine that ${how} stops its node: all callers end, nothing is acknowledged, the storage is closed`, async () => {
    cluster = testCluster({ options: (id) => (id === '1' ? { stateMachine: recorder(fail) } : {}) });
    const { node, storage, sends, log } = await cluster.elect();
    const fatal: string[] = [];
    node.on('fatal', ({ error }) => fatal.push(error.message));

    const outcomes = [watch(node.propose('a')), watch(node.propose('b')), watch(node.read('never'))];
    await cluster.clock.settle();

    expect(outcomes.map((outcome) => outcome.end)).toEqual(Array(3).fill('RAFT_NODE_STOPPED'));
    expect(outcomes.map((outcome) => (outcome.error as { maybeDone: boolean }).maybeDone)).toEqual([true, true, false]);
    expect(fatal).toEqual(['node 1 stopped: applying the log failed: cannot']);
    expect(log.at(-1)).toEqual({ level: 'error', message: fatal[0] });
    expect(node.status().state).toBe('stopped');
    expect(storage.isOpen).toBe(false);

    const sent = sends.length;
    await cluster.clock.advance(1000);
    expect(sends.length).toBe(sent);
    await expect(node.propose('c')).rejects.toMatchObject({ code: 'RAFT_NODE_STOPPED', maybeDone: false });
    // The others go on; with the same command they would stop too, but theirs is another machine.
    expect(cluster.member('2').machine.applied.map((entry) => entry.command)).toEqual(['a', 'b']);
  });
}

test('a batch has a limit of entries too, however small they are', async () => {
  cluster = alone(undefined);
  const { node, machine } = await cluster.elect();
  const results = Promise.all(Array.from({ length: 2500 }, () => node.propose('x')));
  await cluster.clock.settle();
  expect((await results).length).toBe(2500);
  expect(machine.batches.every((size) => size <= 1024)).toBe(true);
});

test('a stopped node leaves its machine alone, and tells nothing of what was under way', async () => {
  const gates: (() => void)[] = [];
  cluster = alone(() => new Promise<void>((resolve) => gates.push(resolve)));
  const { node } = await cluster.elect();
  const seen: number[] = [];
  node.on('applied', ({ index }) => seen.push(index));
  const outcomes = [watch(node.propose('a'))];
  await cluster.clock.settle();
  outcomes.push(watch(node.propose('b')));
  await cluster.clock.settle();

  await node.stop();
  gates[0]?.();
  await cluster.clock.settle();
  expect(outcomes.map((outcome) => outcome.end)).toEqual(['RAFT_NODE_STOPPED', 'RAFT_NODE_STOPPED']);
  expect([gates.length, seen, node.status().appliedIndex]).toEqual([1, [], 2]);
});

test('a machine that gives too few results stops its node', async () => {
  const machine = { ...recorder(), apply: () => [] };
  cluster = testCluster({ ids: ['1'], options: { stateMachine: machine } });
  const { node, log } = await cluster.elect();
  const outcome = watch(node.propose('a'));
  await cluster.clock.settle();
  expect(outcome.end).toBe('RAFT_NODE_STOPPED');
  expect(log.at(-1)?.message).toContain('gave 0 results for 1 commands');
});

test('a command whose own result is rejected by its encoding never enters the log', async () => {
  const stateMachine = recorder();
  const codec = {
    ...stateMachine.codec,
    encode: () => {
      throw new Error('no such command');
    },
    decode: () => 'x',
  };
  cluster = testCluster({ ids: ['1'], options: { stateMachine: { ...stateMachine, codec } } });
  const { node } = await cluster.elect();
  await expect(node.propose('a')).rejects.toThrow('no such command');
  expect(node.status()).toMatchObject({ state: 'running', lastIndex: 2 });
});
