import { afterEach, expect, test } from 'vitest';
import { EntryType } from '../../../src/index.js';
import { encodeSessionEntry } from '../../../src/node/sessions/entries.js';
import { testCluster } from '../support/cluster.js';
import type { Member, TestCluster } from '../support/cluster.js';
import { watch } from '../support/outcome.js';
import { recorder } from '../support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const texts = ({ machine }: Member): string[] => machine.applied.map(({ command }) => command);

test('a command that is proposed twice with one place in a session is applied once, and both get the first result', async () => {
  cluster = testCluster({ options: () => ({ stateMachine: recorder() }) });
  const leader = await cluster.elect();
  const registered = watch(leader.node.registerSession());
  await cluster.clock.settle();
  const id = registered.value as number;
  const session = { id, sequence: 1 };
  const twice = [watch(leader.node.propose('a', { session })), watch(leader.node.propose('a', { session }))];
  await cluster.clock.settle();
  const later = watch(leader.node.propose('a', { session }));
  await cluster.clock.advance(100);
  const result = `a@${id + 1}`;
  expect([...twice, later].map(({ value }) => value)).toEqual([result, result, result]);
  for (const member of cluster.members) expect(texts(member)).toEqual(['a']);
});

test('a session lives on after a restart and a failover, with its results', async () => {
  cluster = testCluster({ options: () => ({ stateMachine: recorder() }) });
  const leader = await cluster.elect();
  const registered = watch(leader.node.registerSession());
  await cluster.clock.settle();
  const session = { id: registered.value as number, sequence: 1 };
  const first = watch(leader.node.propose('a', { session }));
  await cluster.clock.advance(100);
  await leader.node.stop();
  const second = cluster.member('2');
  await cluster.clock.until(() => second.node.status().role === 'leader', 'node 2 leads');
  const again = watch(second.node.propose('a', { session }));
  await cluster.clock.advance(100);
  expect(again.value).toBe(first.value);

  const restarted = await cluster.remake('1', { stateMachine: recorder() });
  await restarted.node.start();
  await cluster.clock.advance(500);
  for (const member of cluster.members) expect(texts(member)).toEqual(['a']);
});

test('a session that is closed, or was never opened, is refused by name', async () => {
  cluster = testCluster();
  const { node } = await cluster.elect();
  const registered = watch(node.registerSession());
  await cluster.clock.settle();
  const id = registered.value as number;
  const ends = [watch(node.keepSession(id)), watch(node.closeSession(id)), watch(node.closeSession(id))];
  ends.push(watch(node.keepSession(id)));
  await cluster.clock.settle();
  const late = watch(node.propose('a', { session: { id, sequence: 1 } }));
  const never = watch(node.propose('a', { session: { id: 1000, sequence: 1 } }));
  await cluster.clock.settle();
  expect(ends.map(({ end }) => end)).toEqual(['done', 'done', 'done', 'RAFT_SESSION_EXPIRED']);
  expect([late, never].map(({ end }) => end)).toEqual(['RAFT_SESSION_EXPIRED', 'RAFT_SESSION_EXPIRED']);
  expect(never.error).toMatchObject({
    message: 'session 1000 is closed or expired: open a new one, and read before you repeat',
  });
  expect(texts(cluster.member('1'))).toEqual([]);
});

test('a place in a session that cannot be never enters the log', async () => {
  cluster = testCluster();
  const { node } = await cluster.elect();
  const bad = [0, -1, 1.5, Number.NaN, 2 ** 53].flatMap((number) => [
    { id: number, sequence: 1 },
    { id: 1, sequence: number },
    { id: 1, sequence: 1, firstUnacknowledged: number === 0 ? -1 : number },
  ]);
  const outcomes = bad.map((session) => watch(node.propose('a', { session })));
  outcomes.push(watch(node.keepSession(0)) as never, watch(node.closeSession(1.5)) as never);
  await cluster.clock.settle();
  expect(outcomes.map(({ end }) => end)).toEqual(outcomes.map(() => 'RAFT_INVALID_ARGUMENT'));
  expect(node.status().lastIndex).toBe(2);
});

test('the limit of sessions is that of the node on which a session is registered', async () => {
  cluster = testCluster({ options: { maxSessions: 2 } });
  const { node } = await cluster.elect();
  const registered = [1, 2, 3].map(() => watch(node.registerSession()));
  await cluster.clock.settle();
  const kept = registered.map(({ value }) => watch(node.keepSession(value as number)));
  await cluster.clock.settle();
  expect(kept.map(({ end }) => end)).toEqual(['RAFT_SESSION_EXPIRED', 'done', 'done']);
});

test('an expiry that is not committed yet is not proposed again', async () => {
  cluster = testCluster({ options: { sessionTimeoutMs: 800 } });
  const leader = await cluster.elect();
  const registered = watch(leader.node.registerSession());
  await cluster.clock.settle();
  // They answer that they are there, but not that they have what is new.
  for (const id of ['2', '3']) cluster.member(id).storage.hold();
  const before = leader.node.status().lastIndex;
  await cluster.clock.advance(5000);
  expect(leader.node.status()).toMatchObject({ role: 'leader', lastIndex: before + 1 });
  for (const id of ['2', '3']) cluster.member(id).storage.release();
  await cluster.clock.advance(100);
  const kept = watch(leader.node.keepSession(registered.value as number));
  await cluster.clock.settle();
  expect(kept.end).toBe('RAFT_SESSION_EXPIRED');
});

test('sessions that are not used expire, by the clock of the leader but decided by the log', async () => {
  cluster = testCluster({ options: { sessionTimeoutMs: 8000 } });
  const leader = await cluster.elect();
  const registered = [watch(leader.node.registerSession()), watch(leader.node.registerSession())];
  await cluster.clock.settle();
  const [used, unused] = registered.map(({ value }) => value as number) as [number, number];
  for (let second = 0; second < 12; second++) {
    await cluster.clock.advance(1000);
    void leader.node.keepSession(used);
  }
  const ends = [watch(leader.node.keepSession(used)), watch(leader.node.keepSession(unused))];
  await cluster.clock.settle();
  expect(ends.map(({ end }) => end)).toEqual(['done', 'RAFT_SESSION_EXPIRED']);
  const expired = leader.storage.appends
    .flatMap(({ entries }) => entries)
    .filter(({ type, data }) => type === EntryType.session && data[1] === 4);
  expect(expired.map(({ data }) => data)).toEqual([
    encodeSessionEntry({ kind: 'expire', id: unused, lastUsedIndex: unused }),
  ]);
});
