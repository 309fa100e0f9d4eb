import { memoryStorage } from '@raft/storage-memory';
import { afterEach, expect, test } from 'vitest';
import type { MembershipChange, MembershipOptions, NodeId } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';
import type { Outcome } from './support/outcome.js';
import { tappedStorage } from './support/tapped-storage.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const address = (id: NodeId): string => `127.0.0.1:700${id}`;
const addressesOf = (...ids: readonly NodeId[]): Record<NodeId, string> =>
  Object.fromEntries(ids.map((id) => [id, address(id)]));

const texts = (member: Member): string[] => member.machine.applied.map((entry) => entry.command);
const voters = (member: Member): readonly NodeId[] => member.node.status().membership.voters;

async function propose(member: Member, ...commands: readonly string[]): Promise<void> {
  const outcomes = commands.map((command) => watch(member.node.propose(command)));
  await cluster.clock.advance(100);
  expect(outcomes.map(({ end }) => end)).toEqual(commands.map(() => 'done'));
}

/** Asks for a change and gives it a second. */
async function change(
  member: Member,
  wanted: MembershipChange,
  options: MembershipOptions = {},
): Promise<Outcome<unknown>> {
  const outcome = watch(member.node.changeMembership(wanted, options));
  await cluster.clock.advance(1000);
  return outcome;
}

const leader = (): Member => {
  const found = cluster.members.find(({ node }) => node.status().role === 'leader');
  if (found === undefined) throw new Error('nobody leads');
  return found;
};

test('a node that waits to be added takes no part, and catches up as a learner before it votes', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  await propose(first, 'a', 'b');
  const joiner = await cluster.join('4');
  await cluster.clock.advance(1000);
  expect(joiner.node.status()).toMatchObject({ role: 'follower', term: 0, membership: { index: 0, voters: [] } });
  const seen: string[] = [];
  first.node.on('membership', ({ voters: v, learners, outgoing }) => {
    seen.push([v, learners, outgoing].map((ids) => ids.join('')).join('/'));
  });
  const outcome = await change(first, { add: ['4'], addresses: addressesOf('4') });
  expect(outcome.value).toMatchObject({ voters: ['1', '2', '3', '4'], learners: [], outgoing: [] });
  expect(seen).toEqual(['123/4/', '1234//123', '1234//']);
  expect(texts(joiner)).toEqual(['a', 'b']);
  expect(joiner.node.status().membership).toEqual(first.node.status().membership);
});

test('addresses travel with the configuration and are told to the transport at once', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  await cluster.join('4');
  await change(first, { learners: ['4'], addresses: { '4': 'far:4' } });
  for (const id of ['2', '3', '4']) {
    expect(cluster.member(id).peers.at(-1)?.get('4')).toBe('far:4');
  }
  const outcome = await change(first, { addresses: { '2': 'moved:2' } });
  expect(outcome.value).toMatchObject({ voters: ['1', '2', '3'], addresses: { '2': 'moved:2', '4': 'far:4' } });
  for (const id of ['1', '3', '4']) expect(cluster.member(id).peers.at(-1)?.get('2')).toBe('moved:2');
});

test('3 → 5 → 3 → all replaced, with writes going on', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  await propose(first, 'a');
  for (const id of ['4', '5', '6']) await cluster.join(id);
  expect((await change(first, { add: ['4', '5'], addresses: addressesOf('4', '5') })).end).toBe('done');
  await propose(first, 'b');
  expect((await change(first, { remove: ['2', '3'] })).end).toBe('done');
  expect(voters(first)).toEqual(['1', '4', '5']);
  await propose(first, 'c');
  const replaced = watch(
    first.node.changeMembership({ add: ['6'], remove: ['1'], addresses: addressesOf('6') }, { timeoutMs: 20_000 }),
  );
  await cluster.clock.advance(3000);
  expect(replaced.value).toMatchObject({ voters: ['4', '5', '6'] });
  expect(first.node.status().role).not.toBe('leader');
  await propose(leader(), 'd');
  for (const id of ['4', '5', '6']) expect(texts(cluster.member(id))).toEqual(['a', 'b', 'c', 'd']);
});

test('a leader that is removed leads until the change is committed, then another one takes over at once', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  const removed: number[] = [];
  first.node.on('removed', ({ index }) => void removed.push(index));
  const outcome = watch(first.node.changeMembership({ remove: ['1'] }));
  await cluster.clock.advance(150);
  expect(outcome.end).toBe('done');
  expect(removed.length).toBe(1);
  expect(first.node.status()).toMatchObject({ removed: true });
  expect(['2', '3']).toContain(leader().id);
  await propose(leader(), 'a');
  const { term } = leader().node.status();
  // It disturbs nobody afterwards.
  await cluster.clock.advance(5000);
  expect(leader().node.status().term).toBe(term);
});

test('2 → 1 and 1 → 3', async () => {
  cluster = testCluster({ ids: ['1', '2'] });
  const first = await cluster.elect();
  expect((await change(first, { remove: ['2'] })).end).toBe('done');
  await cluster.member('2').node.stop();
  await propose(first, 'alone');
  await cluster.join('3');
  await cluster.join('4');
  expect((await change(first, { add: ['3', '4'], addresses: addressesOf('3', '4') })).end).toBe('done');
  await propose(first, 'three');
  expect(texts(cluster.member('4'))).toEqual(['alone', 'three']);
});

test('one change at a time: the next is refused, with what is under way', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  const slow = watch(first.node.changeMembership({ add: ['9'] }, { timeoutMs: 3000 }));
  await cluster.clock.advance(100);
  const second = watch(first.node.changeMembership({ remove: ['2'] }));
  await cluster.clock.settle();
  expect(second.error).toMatchObject({
    code: 'RAFT_CHANGE_IN_PROGRESS',
    message: expect.stringContaining('another change waits for 9'),
  });
  expect(() => first.node.previewMembership({ remove: ['2'] })).toThrow('another change waits for 9');
  await cluster.clock.advance(3000);
  expect(slow.end).toBe('RAFT_LEARNER_BEHIND');
  expect((await change(first, { remove: ['9'] })).end).toBe('done');
});

test('a joint phase that another leader left behind is named, and ended by the present one', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  for (const id of ['2', '3']) cluster.member(id).storage.hold();
  void watch(first.node.changeMembership({ remove: ['1'] }));
  await cluster.clock.advance(60);
  expect(cluster.member('3').node.status().membership.outgoing).toEqual(['1', '2', '3']);
  await first.node.stop();
  for (const id of ['2', '3']) cluster.member(id).storage.release();
  await cluster.clock.until(() => cluster.members.some(({ node }) => node.status().role === 'leader'), 'another leads');
  await cluster.clock.advance(1000);
  expect(leader().node.status().membership).toMatchObject({ voters: ['2', '3'], outgoing: [] });
});

test('compare-and-set: another configuration than the expected one is left alone', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  const { index } = first.node.status().membership;
  await cluster.join('4');
  expect((await change(first, { learners: ['4'] }, { expected: index })).end).toBe('done');
  const late = await change(first, { remove: ['4'] }, { expected: index });
  const now = first.node.status().membership.index;
  expect(late.error).toMatchObject({
    code: 'RAFT_CONFIGURATION_CONFLICT',
    message: `the configuration in force is that of index ${now}: look at it before you change it`,
  });
  expect(() => first.node.previewMembership({ remove: ['4'] }, { expected: index })).toThrow('is that of index');
  expect(first.node.status().membership.learners).toEqual(['4']);
});

test('a learner that never catches up: the deadline ends the call, tells the lag, and adds no voter', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  await propose(first, 'a', 'b', 'c');
  const outcome = watch(first.node.changeMembership({ add: ['4'] }, { timeoutMs: 2000 }));
  await cluster.clock.advance(2000);
  expect(outcome.error).toMatchObject({
    code: 'RAFT_LEARNER_BEHIND',
    message: expect.stringMatching(/4 \(\d+ entries behind\) to catch up/),
  });
  expect(first.node.status().membership).toMatchObject({ voters: ['1', '2', '3'], learners: ['4'] });
  // Asked again once it is there, it goes on from that.
  await cluster.join('4');
  expect((await change(first, { add: ['4'] })).end).toBe('done');
});

test('failIfBehind refuses at once, with the lag, and changes nothing', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  const { membership } = first.node.status();
  const stranger = await change(first, { add: ['4'] }, { failIfBehind: true });
  expect(stranger.error).toMatchObject({
    code: 'RAFT_LEARNER_BEHIND',
    message: expect.stringContaining('4 was never'),
  });
  expect(first.node.status().membership).toEqual(membership);
  const joiner = await cluster.join('4');
  await change(first, { learners: ['4'] });
  cluster.network.isolate('4');
  const many = Array.from({ length: 1200 }, (_, i) => watch(first.node.propose(`c${i}`)));
  await cluster.clock.advance(100);
  expect(many.at(-1)?.end).toBe('done');
  const behind = await change(first, { add: ['4'] }, { failIfBehind: true });
  expect(behind.error).toMatchObject({ code: 'RAFT_LEARNER_BEHIND', message: expect.stringContaining('4 lacks 12') });
  cluster.network.heal();
  await cluster.clock.advance(1000);
  expect((await change(first, { add: ['4'] }, { failIfBehind: true })).end).toBe('done');
  expect(joiner.node.status().membership.voters).toContain('4');
});

test('a learner that is dead is not taken for one that has caught up', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  await cluster.join('4');
  await change(first, { learners: ['4'] });
  cluster.network.isolate('4');
  await cluster.clock.advance(1000);
  const outcome = watch(first.node.changeMembership({ add: ['4'] }, { timeoutMs: 1000 }));
  await cluster.clock.advance(1000);
  expect(outcome.end).toBe('RAFT_LEARNER_BEHIND');
  expect(voters(first)).toEqual(['1', '2', '3']);
});

test('a preview tells the quorum before and after, whether it takes a joint phase, and who is behind', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  const { membership } = first.node.status();
  expect(first.node.previewMembership({ add: ['4', '5'], remove: ['2'] })).toEqual({
    before: { voters: ['1', '2', '3'], learners: [], quorum: 2 },
    after: { voters: ['1', '3', '4', '5'], learners: [], quorum: 3 },
    joint: true,
    behind: [
      { id: '4', lag: undefined },
      { id: '5', lag: undefined },
    ],
  });
  expect(first.node.status().membership).toEqual(membership);
  expect(() => cluster.member('2').node.previewMembership({ remove: ['3'] })).toThrow('node 1 at 127.0.0.1:7001 leads');
});

test('what makes no sense is refused and says why', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  const invalid: [MembershipChange, string][] = [
    [{ remove: ['1', '2', '3'] }, 'nobody would be left to vote'],
    [{ remove: ['9'] }, 'node 9 is no member'],
    [{ add: ['4'], remove: ['4'] }, 'node 4 is named twice'],
    [{ addresses: { '9': 'x' } }, 'an address was given for node 9'],
    [{ add: 'four' as never }, 'add must be a list of node ids'],
    [{ addresses: ['x'] as never }, 'addresses must give an address by node id'],
    [{ add: ['x'.repeat(65)] }, 'a node id has 1 to 64 characters'],
  ];
  for (const [wanted, message] of invalid) {
    const outcome = await change(first, wanted);
    expect(outcome.error).toMatchObject({ code: 'RAFT_INVALID_ARGUMENT', message: expect.stringContaining(message) });
    expect(() => first.node.previewMembership(wanted)).toThrow(message);
  }
  const elsewhere = await change(cluster.member('2'), { remove: ['3'] });
  expect(elsewhere.error).toMatchObject({ code: 'RAFT_NOT_LEADER', leaderId: '1' });
});

test('a change that changes nothing is done, also once its entry is compacted', async () => {
  cluster = testCluster({ options: { retainedEntries: 0 } });
  const first = await cluster.elect();
  await propose(first, 'a');
  const taken = watch(first.node.snapshot());
  await cluster.clock.advance(100);
  expect(taken.end).toBe('done');
  expect(first.node.status().firstIndex).toBeGreaterThan(2);
  const { lastIndex, membership } = first.node.status();
  expect((await change(first, { add: ['1', '2'] })).value).toEqual(membership);
  expect(first.node.status().lastIndex).toBe(lastIndex);
});

test('a caller that gives up is told what may yet happen', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  for (const id of ['2', '3']) cluster.network.isolate(id);
  const controller = new AbortController();
  const aborted = watch(first.node.changeMembership({ remove: ['3'] }, { signal: controller.signal }));
  await cluster.clock.advance(50);
  controller.abort();
  await cluster.clock.settle();
  expect(aborted.end).toBe('RAFT_UNKNOWN_OUTCOME');
});

test('a leader that dies with the change in its log: the next one finishes it, and who waits on a survivor hears of it', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  // It hears nobody any more, but what it sent has arrived.
  const outcome = watch(first.node.changeMembership({ remove: ['3'] }, { timeoutMs: 20_000 }));
  await cluster.clock.turn();
  cluster.network.cutOneWay('2', '1');
  cluster.network.cutOneWay('3', '1');
  await cluster.clock.advance(2000);
  cluster.network.heal();
  await cluster.clock.advance(3000);
  expect(outcome.value).toMatchObject({ voters: ['1', '2'], outgoing: [] });
});

test('a deposed leader that gets a snapshot in place of its own log does not take the change for done', async () => {
  cluster = testCluster({ options: { retainedEntries: 0 } });
  const first = await cluster.elect();
  cluster.network.isolate('1');
  const outcome = watch(first.node.changeMembership({ remove: ['3'] }, { timeoutMs: 60_000 }));
  await cluster.clock.advance(2000);
  const second = leader();
  expect(second.id).not.toBe('1');
  await propose(second, 'a', 'b', 'c');
  const taken = watch(second.node.snapshot());
  await cluster.clock.advance(100);
  expect(taken.end).toBe('done');
  cluster.network.heal();
  await cluster.clock.advance(3000);
  expect(texts(first)).toEqual(['a', 'b', 'c']);
  expect(voters(first)).toEqual(['1', '2', '3']);
  expect(outcome.end).toBe('RAFT_UNKNOWN_OUTCOME');
});

test('a stop ends the call', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  for (const id of ['2', '3']) cluster.network.isolate(id);
  const logged = watch(first.node.changeMembership({ remove: ['3'] }));
  await cluster.clock.advance(50);
  await first.node.stop();
  await cluster.clock.settle();
  expect(logged.error).toMatchObject({ code: 'RAFT_NODE_STOPPED', maybeDone: true });
  expect(() => first.node.previewMembership({ remove: ['3'] })).toThrow('is stopped');
});

test('a node that was removed and comes back does not raise the term, and may be added again', async () => {
  cluster = testCluster();
  const first = await cluster.elect();
  cluster.network.isolate('3');
  expect((await change(first, { remove: ['3'] })).end).toBe('done');
  cluster.network.heal();
  await cluster.clock.advance(5000);
  expect(first.node.status()).toMatchObject({ role: 'leader', term: 2 });
  expect((await change(first, { add: ['3'], addresses: addressesOf('3') })).end).toBe('done');
  await propose(first, 'a');
  expect(texts(cluster.member('3'))).toEqual(['a']);
  expect(cluster.member('3').node.status().removed).toBe(false);
});

// Identity

const identified = (): TestCluster =>
  testCluster({ storage: () => tappedStorage(memoryStorage(), { hasIdentity: true }) });

test('a member that comes back wiped is told of, has no vote, and is brought back by itself', async () => {
  cluster = identified();
  const first = await cluster.elect();
  await propose(first, 'a');
  const wiped: NodeId[] = [];
  first.node.on('wiped', ({ id }) => void wiped.push(id));
  const again = await cluster.remake('3', {}, tappedStorage(memoryStorage(), { hasIdentity: true }));
  await again.node.start();
  const seen: string[] = [];
  first.node.on('membership', ({ voters: v, learners }) => void seen.push(`${v.join('')}/${learners.join('')}`));
  await cluster.clock.advance(3000);
  expect(wiped).toEqual(['3']);
  expect(seen.filter((text, i) => text !== seen[i - 1])).toEqual(['123/3', '12/3', '123/', '123/'].slice(1, 3));
  expect(texts(again)).toEqual(['a']);
  expect(voters(first)).toEqual(['1', '2', '3']);
  // From now on its vote counts again.
  await cluster.member('2').node.stop();
  await propose(first, 'b');
});

test('with readmitWiped off, a wiped member stays without a vote until it is removed and added', async () => {
  cluster = testCluster({
    storage: () => tappedStorage(memoryStorage(), { hasIdentity: true }),
    options: { readmitWiped: false },
  });
  const first = await cluster.elect();
  await propose(first, 'a');
  const again = await cluster.remake('3', {}, tappedStorage(memoryStorage(), { hasIdentity: true }));
  await again.node.start();
  const { membership } = first.node.status();
  await cluster.clock.advance(3000);
  expect(first.node.status().membership).toEqual(membership);
  await cluster.member('2').node.stop();
  const alone = watch(first.node.propose('b', { timeoutMs: 1000 }));
  await cluster.clock.advance(2000);
  expect(alone.end).toBe('RAFT_UNKNOWN_OUTCOME');
});
