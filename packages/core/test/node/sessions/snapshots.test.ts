import { afterEach, expect, test } from 'vitest';
import { testCluster } from '../support/cluster.js';
import type { Member, Options, TestCluster } from '../support/cluster.js';
import { watch } from '../support/outcome.js';
import { recorder } from '../support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const few: Partial<Options> = { retainedEntries: 0, snapshotThresholdEntries: 0, snapshotThresholdBytes: 0 };

async function done<T>(promise: Promise<T>): Promise<T> {
  const outcome = watch(promise);
  await cluster.clock.advance(200);
  if (outcome.end !== 'done') throw new Error(`it ended in ${outcome.end}`);
  return outcome.value as T;
}

async function isCompacted({ node }: Member): Promise<void> {
  await done(node.snapshot());
  await cluster.clock.advance(500);
  expect(node.status().firstIndex).toBeGreaterThan(3);
}

test('a restart from a snapshot knows the sessions and the results that it held', async () => {
  cluster = testCluster({ ids: ['1'], options: () => ({ ...few, stateMachine: recorder() }) });
  const leader = await cluster.elect();
  const id = await done(leader.node.registerSession());
  const first = await done(leader.node.propose('a', { session: { id, sequence: 1 } }));
  await isCompacted(leader);

  const again = await cluster.remake('1', { stateMachine: recorder() });
  await again.node.start();
  await cluster.clock.until(() => again.node.status().role === 'leader', 'node 1 leads again');
  expect(await done(again.node.propose('a', { session: { id, sequence: 1 } }))).toBe(first);
  await done(again.node.propose('b', { session: { id, sequence: 2 } }));
  expect(again.machine.applied.map(({ command }) => command)).toEqual(['a', 'b']);
});

test('a follower that was brought back by a snapshot knows the sessions when it leads', async () => {
  cluster = testCluster({ options: () => ({ ...few, stateMachine: recorder() }) });
  const leader = await cluster.elect();
  cluster.network.isolate('2');
  const id = await done(leader.node.registerSession());
  const first = await done(leader.node.propose('a', { session: { id, sequence: 1 } }));
  await isCompacted(leader);
  cluster.network.heal();
  const second = cluster.member('2');
  await cluster.clock.until(() => second.node.status().snapshotIndex > 0, 'node 2 has the snapshot');
  await cluster.clock.advance(500);
  await leader.node.stop();
  await cluster.member('3').node.stop();
  const third = await cluster.remake('3', { stateMachine: recorder(), priority: 0 });
  await third.node.start();
  await cluster.clock.until(() => second.node.status().role === 'leader', 'node 2 leads');
  expect(await done(second.node.propose('a', { session: { id, sequence: 1 } }))).toBe(first);
  expect(second.machine.applied.map(({ command }) => command)).toEqual(['a']);
});

test('UnknownOutcome: a snapshot came in place of the entry that a follower waits for', async () => {
  cluster = testCluster({ options: () => ({ ...few, stateMachine: recorder() }) });
  const leader = await cluster.elect();
  const third = cluster.member('3');
  const unblock = cluster.network.block(({ to, type }) => to === '3' && type === 'appendEntries');
  const outcome = watch(third.node.propose('a', { timeoutMs: 60_000 }));
  await cluster.clock.advance(50);
  expect(leader.machine.applied.length).toBe(1);
  cluster.network.isolate('3');
  unblock();
  await done(leader.node.propose('b'));
  await isCompacted(leader);
  cluster.network.heal();
  await cluster.clock.advance(2000);
  expect([outcome.end, third.node.status().snapshotIndex > 0]).toEqual(['RAFT_UNKNOWN_OUTCOME', true]);
  expect(outcome.error).toMatchObject({ message: expect.stringContaining('a snapshot came in place of the entry') });
});
