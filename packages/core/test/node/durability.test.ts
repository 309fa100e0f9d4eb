import { afterEach, expect, test } from 'vitest';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

/** The highest index that the member has told its leader to be on its disk. */
function promised(member: Member): number {
  const answers = member.sends.flat().filter((message) => message.type === 'appendEntriesResponse');
  return Math.max(0, ...answers.map((answer) => answer.matchIndex));
}

/** Votes that the member has granted. */
const votes = (member: Member): number =>
  member.sends.flat().filter((message) => message.type === 'requestVoteResponse' && message.granted && !message.preVote)
    .length;

test("thesis 10.2.1: the leader's messages leave before its own write is done", async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  leader.storage.hold();

  const outcome = watch(leader.node.propose('x'));
  await cluster.clock.settle();

  expect(
    cluster
      .member('2')
      .storage.appends.at(-1)
      ?.entries.map((entry) => entry.index),
  ).toEqual([3]);
  expect(leader.node.status().commitIndex).toBe(3);
  expect(outcome.end).toBe('hanging');
  leader.storage.release();
  await cluster.clock.settle();
  expect(outcome.end).toBe('done');
});

test("a leader's own entry does not count before its own disk has it", async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  leader.storage.hold();
  cluster.network.isolate('3');
  cluster.member('2').storage.hold();

  void leader.node.propose('x').catch(() => {});
  await cluster.clock.settle();
  expect(leader.node.status().commitIndex).toBe(2);
  cluster.member('2').storage.release();
  await cluster.clock.settle();
  expect(leader.node.status().commitIndex).toBe(2);
  leader.storage.release();
  await cluster.clock.settle();
  expect(leader.node.status().commitIndex).toBe(3);
});

test('a follower promises entries only when its append has resolved', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const followers = [cluster.member('2'), cluster.member('3')];
  for (const { storage } of followers) storage.hold();

  const outcome = watch(leader.node.propose('x'));
  await cluster.clock.advance(120);

  expect(followers.map((member) => member.storage.appends.at(-1)?.entries.length)).toEqual([1, 1]);
  expect(followers.map(promised)).toEqual([2, 2]);
  expect(outcome.end).toBe('hanging');
  for (const { storage } of followers) storage.release();
  await cluster.clock.settle();
  expect(followers.map(promised)).toEqual([3, 3]);
  expect(outcome.value).toBe('x@3');
});

test('a follower with a slow disk answers heartbeats all the same, so its leader stays', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  for (const id of ['2', '3']) cluster.member(id).storage.hold();
  const outcome = watch(leader.node.propose('x'));

  await cluster.clock.advance(2000);

  expect(leader.node.status()).toMatchObject({ role: 'leader', term: 2 });
  for (const id of ['2', '3']) cluster.member(id).storage.release();
  await cluster.clock.settle();
  expect(outcome.end).toBe('done');
});

test('paper 5.2: a vote is told only when it is on the disk', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const [second, third] = [cluster.member('2'), cluster.member('3')];
  third.storage.hold();
  const before = votes(third);

  await leader.node.stop();
  await cluster.clock.until(() => second.node.status().role === 'candidate', 'node 2 campaigns');
  await cluster.clock.settle();
  expect(third.storage.appends.at(-1)?.hardState).toMatchObject({ votedFor: '2' });
  expect(votes(third)).toBe(before);
  third.storage.release();
  await cluster.clock.settle();
  expect(votes(third)).toBe(before + 1);
  expect(second.node.status().role).toBe('leader');
});

test('paper 5.2: a candidate asks for votes only when its own term and vote are on the disk', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const second = cluster.member('2');
  second.storage.hold();
  const sends = second.sends.length;
  const requests = (): boolean =>
    second.sends
      .slice(sends)
      .flat()
      .some((message) => message.type === 'requestVote' && !message.preVote);

  await leader.node.stop();
  await cluster.clock.until(() => second.node.status().role === 'candidate', 'node 2 campaigns');
  await cluster.clock.settle();
  expect(requests()).toBe(false);
  second.storage.release();
  await cluster.clock.settle();
  expect(requests()).toBe(true);
});
