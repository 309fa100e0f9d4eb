import { afterEach, expect, test } from 'vitest';
import type { Message, ReadLevel } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';
import type { Outcome } from './support/outcome.js';
import { recorder } from './support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

async function write(text: string): Promise<void> {
  const outcome = watch(cluster.member('1').node.propose(text));
  await cluster.clock.settle();
  expect(outcome.end).toBe('done');
}

const read = ({ node }: Member, level: ReadLevel, timeoutMs = 5000): Outcome<readonly string[]> =>
  watch(node.read('all', { level, timeoutMs }));

const sentBy = ({ sends }: Member, type: Message['type']): number =>
  sends.flat().filter((message) => message.type === type).length;

/** Node 3 gets no entries any more, and hears of no commit. */
const holdBack = (): (() => void) =>
  cluster.network.block((message) => message.to === '3' && message.type === 'appendEntries');

test('linearizable on a follower: it asks the leader, and waits until it has applied the index itself', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('3');
  const unblock = holdBack();
  await write('a');
  const answer = read(follower, 'linearizable');
  await cluster.clock.advance(100);
  expect([sentBy(follower, 'readIndex') > 0, answer.end]).toEqual([true, 'hanging']);
  unblock();
  await cluster.clock.advance(100);
  expect(answer.value).toEqual(['a']);
});

test('linearizable on a follower: a thousand reads of one turn are one question', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('3');
  const answers = Array.from({ length: 1000 }, () => read(follower, 'linearizable'));
  await cluster.clock.settle();
  expect(answers.every(({ end }) => end === 'done')).toBe(true);
  expect(sentBy(follower, 'readIndex')).toBe(1);
});

test('reads of a leader or follower that loses its leader wait for the next one', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  await write('a');
  for (const id of ['2', '3']) cluster.network.cutOneWay(id, '1');
  const answers = [read(leader, 'linearizable'), read(cluster.member('3'), 'linearizable')];
  await cluster.clock.advance(100);
  expect(answers.map(({ end }) => end)).toEqual(['hanging', 'hanging']);
  await cluster.clock.until(() => cluster.member('2').node.status().role === 'leader', 'node 2 leads');
  cluster.network.heal();
  await cluster.clock.advance(1000);
  expect(answers.map(({ value }) => value)).toEqual([['a'], ['a']]);
});

test('reads that find no leader end at their deadline', async () => {
  cluster = testCluster();
  await cluster.elect();
  cluster.network.isolate('3');
  await cluster.clock.advance(1000);
  const ends = [
    read(cluster.member('3'), 'linearizable', 100),
    read(cluster.member('3'), 'lease', 100),
    read(cluster.member('3'), { boundedStalenessMs: 10 }, 100),
  ];
  await cluster.clock.advance(99);
  expect(ends.map(({ end }) => end)).toEqual(['hanging', 'hanging', 'hanging']);
  await cluster.clock.advance(1);
  expect(ends.map(({ end }) => end)).toEqual(['RAFT_TIMEOUT', 'RAFT_TIMEOUT', 'RAFT_TIMEOUT']);
});

test('without forwarding a follower still asks its leader, but waits for none', async () => {
  cluster = testCluster({ options: { forward: false } });
  await cluster.elect();
  const follower = cluster.member('3');
  const asked = read(follower, 'linearizable');
  await cluster.clock.settle();
  expect(asked.end).toBe('done');
  cluster.network.isolate('3');
  await cluster.clock.advance(1000);
  const alone = read(follower, 'linearizable');
  await cluster.clock.settle();
  expect(alone.error).toMatchObject({ code: 'RAFT_NOT_LEADER', leaderId: undefined });
});

test('thesis 6.4.1: a lease answers on the leader without a message, and on followers with one question', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  await write('a');
  await cluster.clock.advance(10);
  const sends = leader.sends.length;
  const own = read(leader, 'lease');
  await cluster.clock.settle();
  expect([own.value, leader.sends.length - sends]).toEqual([['a'], 0]);
  const theirs = [1, 2, 3].map(() => read(cluster.member('2'), 'lease'));
  await cluster.clock.settle();
  expect(theirs.map(({ end }) => end)).toEqual(['done', 'done', 'done']);
  expect(
    leader.sends
      .slice(sends)
      .flat()
      .map(({ type }) => type),
  ).toEqual(['readIndexResponse']);
});

test('thesis 6.4.1: a leader that was cut off answers by its lease only until the lease is over', async () => {
  cluster = testCluster({ options: { maxClockDrift: 0.1 } });
  const leader = await cluster.elect();
  await cluster.clock.advance(50);
  cluster.network.isolate('1');
  const early = read(leader, 'lease', 100);
  await cluster.clock.advance(200);
  const late = read(leader, 'lease', 100);
  await cluster.clock.advance(100);
  expect([early.end, late.end]).toEqual(['done', 'RAFT_TIMEOUT']);
});

test('atLeast reads your own writes on any node, without a message', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('3');
  const unblock = holdBack();
  await write('a');
  const sends = follower.sends.length;
  const answers = [read(follower, { atLeast: 3 }), read(follower, { atLeast: 2 }), read(follower, { atLeast: 4 })];
  await cluster.clock.settle();
  expect(answers.map(({ value }) => value)).toEqual([undefined, [], undefined]);
  expect(follower.sends.length).toBe(sends);
  unblock();
  await cluster.clock.advance(100);
  expect(answers.map(({ value }) => value)).toEqual([['a'], [], undefined]);
  await write('b');
  await cluster.clock.advance(100);
  expect(answers[2]?.value).toEqual(['a', 'b']);
});

test('atLeast of an index that does not come ends at its deadline, and leaves nothing behind', async () => {
  cluster = testCluster({ options: { maxPending: 10 } });
  const leader = await cluster.elect();
  for (let round = 0; round < 5; round++) {
    const reads = Array.from({ length: 10 }, () => read(leader, { atLeast: 1000 }, 10));
    await cluster.clock.advance(10);
    expect(reads.map(({ error }) => (error as Error).message)).toEqual(
      reads.map(() => 'index 1000 was not applied here in time: try again'),
    );
  }
});

test('boundedStaleness answers at once while a confirmation that was asked for within the bound is applied', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('3');
  await write('a');
  await cluster.clock.advance(100);
  const first = read(follower, 'linearizable');
  await cluster.clock.settle();
  expect(first.end).toBe('done');
  const questions = sentBy(follower, 'readIndex');
  cluster.network.isolate('3');
  await write('b');

  await cluster.clock.advance(79);
  const fresh = read(follower, { boundedStalenessMs: 80 }, 50);
  await cluster.clock.settle();
  expect([fresh.value, sentBy(follower, 'readIndex')]).toEqual([['a'], questions]);
  // 'b' was acknowledged as long ago as this read may lag behind.
  await cluster.clock.advance(1);
  const stale = read(follower, { boundedStalenessMs: 80 }, 50);
  await cluster.clock.advance(50);
  expect(stale.end).toBe('RAFT_TIMEOUT');
  cluster.network.heal();
  const again = read(follower, { boundedStalenessMs: 80 });
  await cluster.clock.advance(500);
  expect(again.value).toEqual(['a', 'b']);
});

test('boundedStaleness: all that want a new confirmation share one, also one that is under way', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('3');
  await cluster.clock.advance(1000);
  const questions = sentBy(follower, 'readIndex');
  const unblock = cluster.network.block((message) => message.type === 'readIndexResponse');
  const answers = Array.from({ length: 100 }, () => read(follower, { boundedStalenessMs: 40 }));
  await cluster.clock.advance(20);
  answers.push(...Array.from({ length: 100 }, () => read(follower, { boundedStalenessMs: 40 })));
  await cluster.clock.settle();
  expect(sentBy(follower, 'readIndex') - questions).toBe(1);
  unblock();
  await cluster.clock.advance(200);
  expect(answers.every(({ end }) => end === 'done')).toBe(true);
});

test('boundedStaleness waits for the application of a confirmation that is fresh enough', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('3');
  const unblock = holdBack();
  await write('a');
  const confirmed = read(follower, 'linearizable');
  await cluster.clock.advance(10);
  const questions = sentBy(follower, 'readIndex');
  const bounded = read(follower, { boundedStalenessMs: 20 });
  await cluster.clock.settle();
  expect([confirmed.end, bounded.end, sentBy(follower, 'readIndex') - questions]).toEqual(['hanging', 'hanging', 0]);
  unblock();
  await cluster.clock.advance(100);
  expect([confirmed.value, bounded.value]).toEqual([['a'], ['a']]);
});

test('boundedStaleness does not rest on leases: only on confirmations of a quorum', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const leased = read(leader, 'lease');
  await cluster.clock.settle();
  expect(leased.end).toBe('done');
  const sends = leader.sends.length;
  const bounded = read(leader, { boundedStalenessMs: 1000 });
  await cluster.clock.settle();
  expect([bounded.end, leader.sends.length > sends]).toEqual(['done', true]);
});

test('local answers at once from what this node has, with a leader or without', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('3');
  holdBack();
  await write('a');
  cluster.network.isolate('3');
  const answer = read(follower, 'local');
  await Promise.resolve();
  await Promise.resolve();
  expect(answer.value).toEqual([]);
});

test('while the machine is behind, only reads that ask for more wait', async () => {
  const gates: (() => void)[] = [];
  const slow = recorder(() => new Promise<void>((resolve) => gates.push(resolve)));
  cluster = testCluster({ ids: ['1'], options: { stateMachine: slow } });
  const leader = await cluster.elect();
  const outcome = watch(leader.node.propose('a'));
  await cluster.clock.settle();
  const reads = [
    read(leader, 'linearizable'),
    read(leader, 'lease'),
    read(leader, { atLeast: 3 }),
    read(leader, 'local'),
  ];
  await cluster.clock.settle();
  expect(reads.map(({ end }) => end)).toEqual(['hanging', 'hanging', 'hanging', 'done']);
  gates[0]?.();
  await cluster.clock.settle();
  expect([outcome.end, ...reads.map(({ value }) => value?.length)]).toEqual(['done', 1, 1, 1, 0]);
});

test('a level that is none is refused by name', async () => {
  cluster = testCluster();
  const { node } = await cluster.elect();
  const bad = [
    'strong',
    { atLeast: -1 },
    { atLeast: 1.5 },
    { boundedStalenessMs: -1 },
    { boundedStalenessMs: Number.NaN },
  ];
  const ends = [...bad, {}, null].map((level) => watch(node.read('all', { level: level as never })));
  await cluster.clock.settle();
  expect(ends.map(({ end }) => end)).toEqual(ends.map(() => 'RAFT_INVALID_ARGUMENT'));
  expect(ends[0]?.error).toMatchObject({ message: expect.stringContaining('not "strong"') });
});
