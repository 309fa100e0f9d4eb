import { afterEach, expect, test } from 'vitest';
import type { Message } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const messagesTo = (member: Member, to: string, since: number): Message[] =>
  member.sends
    .slice(since)
    .flat()
    .filter((message) => message.to === to);

const entriesIn = (messages: readonly Message[]): number =>
  messages.reduce((sum, message) => sum + (message.type === 'appendEntries' ? message.entries.length : 0), 0);

test('a thousand proposals of one turn are one append and one message to each follower', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const [appends, sends] = [leader.storage.appends.length, leader.sends.length];

  const results = Promise.all(Array.from({ length: 1000 }, (_, i) => leader.node.propose(`c${i}`)));
  expect(cluster.clock.deferred).toBe(1);
  await cluster.clock.turn();

  expect(leader.storage.appends.length - appends).toBe(1);
  expect(leader.storage.appends.at(-1)?.entries.length).toBe(1000);
  for (const to of ['2', '3']) {
    const messages = messagesTo(leader, to, sends);
    expect([messages.length, entriesIn(messages)]).toEqual([1, 1000]);
  }
  await cluster.clock.settle();
  expect((await results)[999]).toBe('c999@1002');
});

test('a batch is one append, one answer and one apply on a follower', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const follower = cluster.member('2');
  const [appends, sends] = [follower.storage.appends.length, follower.sends.length];

  const results = Promise.all(Array.from({ length: 100 }, (_, i) => leader.node.propose(`c${i}`)));
  await cluster.clock.settle();
  await results;
  await cluster.clock.until(() => follower.machine.batches.length > 0, 'the follower hears of the commit');

  expect(follower.storage.appends.length - appends).toBe(1);
  expect(entriesIn(messagesTo(leader, '2', 0))).toBe(101);
  expect(follower.machine.batches).toEqual([100]);
  // One answer promises the entries; the other follows the message that tells of the commit, if that asks for one.
  expect(messagesTo(follower, '1', sends).length).toBeLessThanOrEqual(2);
  expect(leader.machine.batches).toEqual([100]);
});

test('what gathers while a write is under way is the next batch', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  leader.storage.hold();
  const before = leader.storage.appends.length;

  const first = leader.node.propose('first');
  await cluster.clock.turn();
  const rest = [leader.node.propose('second'), leader.node.propose('third')];
  await cluster.clock.turn();
  leader.storage.release();
  await cluster.clock.settle();

  expect(leader.storage.appends.slice(before).map((batch) => batch.entries.length)).toEqual([1, 2]);
  expect(await Promise.all([first, ...rest])).toEqual(['first@3', 'second@4', 'third@5']);
});

test('reads of one turn share one round of messages', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const sends = leader.sends.length;

  const answers = Promise.all(Array.from({ length: 500 }, () => leader.node.read('all')));
  await cluster.clock.settle();
  await answers;

  expect(messagesTo(leader, '2', sends).length).toBe(1);
  expect(messagesTo(leader, '3', sends).length).toBe(1);
});

test('a quiet cluster exchanges one heartbeat and one answer an interval, and writes nothing', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const appends = cluster.members.map((member) => member.storage.appends.length);
  const sends = cluster.members.map((member) => member.sends.length);

  await cluster.clock.advance(500);

  expect(cluster.members.map((member) => member.storage.appends.length)).toEqual(appends);
  expect(messagesTo(leader, '2', sends[0] as number).length).toBe(10);
  expect(messagesTo(cluster.member('2'), '1', sends[1] as number).length).toBe(10);
});
