import { afterEach, expect, test } from 'vitest';
import { StorageError } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const broken = new StorageError('RAFT_STORAGE_IO', 'fdatasync of log/1 failed: EIO');

test('thesis 11.7.3: a leader whose append fails stops, says why, and acknowledges nothing more', async () => {
  cluster = testCluster();
  const { node, storage, sends } = await cluster.elect();
  const fatal: unknown[] = [];
  node.on('fatal', ({ error }) => fatal.push(error.code, error.cause));
  storage.failAppend = () => broken;

  const outcomes = [watch(node.propose('a')), watch(node.propose('b')), watch(node.read('all'))];
  await cluster.clock.turn();
  const sent = sends.length;
  outcomes.push(watch(node.propose('c')));
  await cluster.clock.settle();

  expect(outcomes.map((outcome) => outcome.end)).toEqual(Array(4).fill('RAFT_NODE_STOPPED'));
  // The followers have a and b, and will commit them under the next leader: nobody may say that they were not done.
  expect(outcomes.map((outcome) => (outcome.error as { maybeDone: boolean }).maybeDone)).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(fatal).toEqual(['RAFT_NODE_STOPPED', broken]);
  expect([node.status().state, storage.isOpen, storage.closes]).toEqual(['stopped', false, 1]);
  await cluster.clock.until(() => cluster.member('2').node.status().role === 'leader', 'node 2 leads');
  await cluster.clock.advance(100);
  expect(sends.length).toBe(sent);
  expect(cluster.member('3').machine.applied.map((entry) => entry.command)).toEqual(['a', 'b']);
  await node.stop();
  expect(storage.closes).toBe(1);
});

test('a follower whose append fails stops and never answers for it', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const follower = cluster.member('2');
  follower.storage.failAppend = () => broken;
  const sent = follower.sends.length;

  const outcome = watch(leader.node.propose('a'));
  await cluster.clock.settle();

  expect(outcome.end).toBe('done');
  expect(follower.node.status().state).toBe('stopped');
  expect(follower.sends.slice(sent).flat()).toEqual([]);
});

test('an append that fails behind others lets the earlier ones count, and nothing after', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node, storage } = await cluster.elect();
  const next = storage.appends.length + 1;
  storage.failAppend = (call) => (call > next ? broken : undefined);
  const first = watch(node.propose('a'));
  await cluster.clock.settle();
  const second = watch(node.propose('b'));
  await cluster.clock.settle();
  expect([first.end, second.end]).toEqual(['done', 'RAFT_NODE_STOPPED']);
});

test('a failed read of the log stops the node', async () => {
  cluster = testCluster({ options: { cacheBytes: 1 } });
  const leader = await cluster.elect();
  await cluster.member('3').node.stop();
  const outcome = watch(leader.node.propose('a'));
  await cluster.clock.settle();
  expect(outcome.end).toBe('done');
  leader.storage.failRead = () => new StorageError('RAFT_STORAGE_CORRUPT', 'log/1 is damaged at byte 12');
  const again = await cluster.remake('3');
  await again.node.start();
  await cluster.clock.advance(200);
  expect(leader.node.status().state).toBe('stopped');
  expect(leader.log.at(-1)?.message).toBe('node 1 stopped: the storage failed: log/1 is damaged at byte 12');
});

test('a storage that fails while the node starts: start tells, nothing runs', async () => {
  cluster = testCluster({ ids: ['1'] });
  const { node, storage } = cluster.member('1');
  storage.failAppend = () => broken;
  await expect(node.start()).rejects.toBe(broken);
  expect([node.status().state, storage.isOpen]).toEqual(['stopped', false]);
  await expect(node.propose('a')).rejects.toMatchObject({ code: 'RAFT_NODE_STOPPED', maybeDone: false });
});

test('a disk that never answers leaves every call its deadline, with an honest end', async () => {
  cluster = testCluster();
  const { node, storage } = await cluster.elect();
  storage.hold();
  const outcomes = [watch(node.propose('a')), watch(node.propose('b', { timeoutMs: 700 })), watch(node.read('all'))];
  await cluster.clock.advance(701);
  expect(outcomes.map((outcome) => outcome.end)).toEqual(['hanging', 'RAFT_UNKNOWN_OUTCOME', 'done']);
  await cluster.clock.advance(5000);
  expect(outcomes[0]?.end).toBe('RAFT_UNKNOWN_OUTCOME');
  storage.release();
});
