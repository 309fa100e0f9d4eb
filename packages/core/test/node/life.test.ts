import { memoryNetwork } from '@raft/transport-memory';
import { afterEach, expect, test } from 'vitest';
import { createNode } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';
import { recorder } from './support/recorder.js';
import { tappedStorage } from './support/tapped-storage.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

test('calls before the start, and after the stop, are refused as certainly not done', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node } = cluster.member('1');
  const refused = { code: 'RAFT_NODE_STOPPED', maybeDone: false };
  await expect(node.propose('a')).rejects.toMatchObject(refused);
  await expect(node.read('all')).rejects.toMatchObject(refused);
  await cluster.elect();
  await node.stop();
  await expect(node.propose('a')).rejects.toMatchObject(refused);
  await expect(node.read('all')).rejects.toMatchObject(refused);
});

test('a node starts once', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node } = await cluster.elect();
  await expect(node.start()).rejects.toMatchObject({ code: 'RAFT_INVALID_ARGUMENT' });
  expect(node.status()).toMatchObject({ state: 'running', role: 'leader' });
  await node.stop();
  await expect(node.start()).rejects.toMatchObject({ code: 'RAFT_INVALID_ARGUMENT' });
});

test('stop twice, and disposal, close the storage once', async () => {
  cluster = testCluster();
  const { node, storage } = await cluster.elect();
  await Promise.all([node.stop(), node.stop(), node[Symbol.asyncDispose]()]);
  expect([storage.closes, storage.isOpen]).toEqual([1, false]);
});

test('a stopped node takes no part: it sends nothing, writes nothing, and leaves no timer', async () => {
  cluster = testCluster();
  const { node, storage, sends } = await cluster.elect();
  await node.stop();
  const before = [sends.length, storage.appends.length];
  await cluster.clock.advance(5000);
  expect([sends.length, storage.appends.length]).toEqual(before);
  expect(node.status()).toMatchObject({ state: 'stopped', role: 'follower', leaderId: undefined, peers: [] });
  for (const member of cluster.members) await member.node.stop();
  expect(cluster.clock.timers).toBe(0);
});

test('a node stopped before its start does not touch the storage', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node, storage } = cluster.member('1');
  await node.stop();
  expect(storage.closes).toBe(0);
});

test('a node stopped while its storage opens lets go of it afterwards, and never runs', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node, storage, sends } = cluster.member('1');
  let opened = (): void => {};
  storage.opening = new Promise((resolve) => (opened = resolve));
  const started = watch(node.start());
  await cluster.clock.settle();
  const stopped = watch(node.stop());
  await cluster.clock.settle();
  expect([storage.closes, stopped.end]).toEqual([0, 'hanging']);
  opened();
  await cluster.clock.settle();
  expect([started.end, stopped.end]).toEqual(['RAFT_NODE_STOPPED', 'done']);
  expect([storage.closes, storage.isOpen]).toEqual([1, false]);
  await cluster.clock.advance(2000);
  expect(sends).toEqual([]);
});

test('a node stopped while it writes its first entry waits for that write', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node, storage } = cluster.member('1');
  storage.hold();
  const started = watch(node.start());
  await cluster.clock.settle();
  const stopped = watch(node.stop());
  await cluster.clock.settle();
  expect(storage.isOpen).toBe(true);
  storage.release();
  await cluster.clock.settle();
  expect([started.end, stopped.end, storage.isOpen]).toEqual(['RAFT_NODE_STOPPED', 'done', false]);
});

test('a node may be stopped at any turn of its start', async () => {
  const ends = new Set<string>();
  for (let at = 0; at < 12; at++) {
    cluster = testCluster({ ids: ['1'] });
    const { node, storage } = cluster.member('1');
    const started = watch(node.start());
    // Promises settle one step at a time, finer than turns.
    for (let step = 0; step < at; step++) await Promise.resolve();
    const stopped = watch(node.stop());
    await cluster.clock.advance(6000);
    expect([stopped.end, storage.isOpen, cluster.clock.timers]).toEqual(['done', false, 0]);
    ends.add(started.end);
    await cluster.end();
  }
  expect([...ends]).toEqual(['RAFT_NODE_STOPPED', 'done']);
});

test('a storage that another node has open is left to it', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node, storage } = await cluster.elect();
  const second = createNode({
    id: '1',
    storage,
    transport: memoryNetwork().transport({ nodeId: '1' }),
    stateMachine: recorder(),
  });
  await expect(second.start()).rejects.toMatchObject({ code: 'RAFT_STORAGE_IN_USE' });
  const outcome = watch(node.propose('a'));
  await cluster.clock.settle();
  expect(outcome.value).toBe('a@3');
});

test('a node that finds its group taken on a shared transport leaves the other attached', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const transport = cluster.transport('1');
  const storage = tappedStorage();
  const second = createNode({ id: '1', storage, transport, stateMachine: recorder(), clock: cluster.clock });
  await expect(second.start()).rejects.toMatchObject({ code: 'RAFT_INVALID_ARGUMENT' });
  expect(storage.isOpen).toBe(false);
  const outcome = watch(leader.node.propose('a'));
  await cluster.clock.settle();
  expect(outcome.value).toBe('a@3');
});

test('a group that was stopped may be taken up again on the same transport', async () => {
  cluster = testCluster();
  const { node, storage } = await cluster.elect();
  await node.stop();
  await cluster.clock.until(() => cluster.member('2').node.status().role === 'leader', 'node 2 leads');
  const second = createNode({
    ...{ id: '1', storage, transport: cluster.transport('1'), stateMachine: recorder(), clock: cluster.clock },
    ...{ heartbeatIntervalMs: 50, electionTimeoutMs: { min: 200, max: 400 } },
  });
  await second.start();
  await cluster.clock.advance(1000);
  expect(second.status()).toMatchObject({ state: 'running', leaderId: '2' });
  await second.stop();
});

test('the error that ended the start is told, also when the close fails too', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node, storage, log } = cluster.member('1');
  storage.failAppend = () => new Error('first');
  storage.failClose = () => new Error('second');
  await expect(node.start()).rejects.toThrow('first');
  expect(log.at(-1)).toMatchObject({ level: 'error', message: 'closing the storage failed' });
  await expect(node.stop()).rejects.toThrow('second');
});

test('a machine that fails on what the log held at the start stops the node', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node } = await cluster.elect();
  for (const text of ['a', 'b']) {
    void node.propose(text);
    await cluster.clock.settle();
  }
  const refuse = (): void => {
    throw new Error('cannot');
  };
  const again = await cluster.remake('1', { stateMachine: recorder(refuse) });
  const fatal: string[] = [];
  again.node.on('fatal', ({ error }) => fatal.push(error.message));
  await again.node.start();
  await cluster.clock.settle();
  expect(fatal).toEqual(['node 1 stopped: applying the log failed: cannot']);
  expect(again.storage.isOpen).toBe(false);
});
