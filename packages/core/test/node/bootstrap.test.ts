import { afterEach, expect, test } from 'vitest';
import { EntryType } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

test('the first entry is the configuration, byte for byte the same on every node, in whatever order it was given', async () => {
  const ids = ['a', 'b', 'c'];
  cluster = testCluster({
    ids,
    options: (id) => ({
      bootstrap: Object.fromEntries(ids.toSorted(() => (id === 'b' ? -1 : 1)).map((each) => [each, `host-${each}:1`])),
    }),
  });
  await cluster.elect();
  const firsts = cluster.members.map((member) => member.storage.appends[0]);
  expect(firsts[0]).toMatchObject({
    hardState: { term: 1, votedFor: undefined, commitIndex: 0 },
    entries: [{ index: 1, term: 1, type: EntryType.configuration }],
  });
  expect(new Set(firsts.map((batch) => text(batch?.entries[0]?.data))).size).toBe(1);
  expect(
    cluster.members.map((member) => member.storage.appends.filter((batch) => batch.entries.length > 0).length),
  ).toEqual([2, 2, 2]);
});

test('a single voter elects itself, commits and reads', async () => {
  cluster = testCluster({ ids: ['only'] });
  const { node } = await cluster.elect();
  const write = watch(node.propose('a'));
  await cluster.clock.settle();
  const read = watch(node.read('all'));
  await cluster.clock.settle();
  expect([write.value, read.value]).toEqual(['a@3', ['a']]);
});

test('a node without bootstrap waits: it never campaigns, and joins when a leader writes to it', async () => {
  cluster = testCluster({ options: (id) => (id === '3' ? { bootstrap: undefined as never } : {}) });
  const third = cluster.member('3');
  await cluster.transport('3').start();
  await third.node.start();
  await cluster.clock.advance(10_000);
  expect(third.sends).toEqual([]);
  expect(third.storage.appends).toEqual([]);
  expect(third.node.status()).toMatchObject({ role: 'follower', term: 0, lastIndex: 0, membership: { voters: [] } });

  const leader = await cluster.elect();
  const write = watch(leader.node.propose('a'));
  await cluster.clock.advance(100);
  expect(write.end).toBe('done');
  expect(third.node.status()).toMatchObject({ leaderId: '1', lastIndex: 3, membership: { voters: ['1', '2', '3'] } });
  expect(third.machine.applied.map((entry) => entry.command)).toEqual(['a']);
});

async function write(leader: Member, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i++) {
    const outcome = watch(leader.node.propose(`c${i}`));
    await cluster.clock.settle();
    expect(outcome.end).toBe('done');
  }
}

const applied = (member: Member): number[] => member.machine.applied.map((entry) => entry.index);

test('a restarted node applies everything once, in order, and goes on', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  await write(leader, 1, 10);
  const again = await cluster.remake('3');
  await again.node.start();
  await cluster.clock.settle();
  // What it knew to be committed it applies before it hears of a leader.
  expect(applied(again)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
  await write(leader, 11, 12);
  await cluster.clock.advance(200);
  expect(applied(again)).toEqual(Array.from({ length: 12 }, (_, i) => i + 3));
});

test('all nodes restarted: nothing acknowledged is lost, nothing is applied twice', async () => {
  cluster = testCluster();
  await write(await cluster.elect(), 1, 10);
  for (const { id } of cluster.members) await cluster.remake(id);
  for (const { node } of cluster.members) await node.start();
  await cluster.clock.until(() => cluster.member('1').node.status().role === 'leader', 'node 1 leads again');
  await cluster.clock.advance(200);
  await write(cluster.member('1'), 11, 11);
  await cluster.clock.advance(200);
  const commands = Array.from({ length: 11 }, (_, i) => `c${i + 1}`);
  for (const { machine } of cluster.members) {
    expect(machine.applied.map((entry) => entry.command)).toEqual(commands);
    expect(new Set(machine.applied.map((entry) => entry.index)).size).toBe(11);
  }
});

test('term and vote outlive a restart: nobody votes twice in a term', async () => {
  cluster = testCluster();
  await cluster.elect();
  const { term } = cluster.member('2').node.status();
  await cluster.member('1').node.stop();
  await cluster.member('3').node.stop();
  const again = await cluster.remake('2');
  await again.node.start();
  expect(again.node.status().term).toBe(term);
  cluster.transport('1').send('default', [
    {
      ...{ type: 'requestVote', from: '3', to: '2', term, preVote: false, transfer: false },
      ...{ lastLogIndex: 100, lastLogTerm: term, storeId: '' },
    },
  ]);
  await cluster.clock.settle();
  expect(again.sends.flat()).toEqual([
    { type: 'requestVoteResponse', from: '2', to: '3', term, preVote: false, granted: false, storeId: '' },
  ]);
});

test('addresses given at a restart count more than those of the log, while the members are the same', async () => {
  cluster = testCluster();
  await cluster.elect();
  const moved = { 1: 'moved:1', 2: 'moved:2', 3: 'moved:3' };
  const again = await cluster.remake('3', { bootstrap: moved, forward: false });
  await again.node.start();
  await cluster.clock.advance(200);
  const refused = watch(again.node.propose('a'));
  await cluster.clock.settle();
  expect(refused.error).toMatchObject({ leaderId: '1', leaderAddress: 'moved:1' });
});

test('members given at a restart do not change the cluster: its log says who takes part', async () => {
  cluster = testCluster();
  await cluster.elect();
  const again = await cluster.remake('3', { bootstrap: { 3: 'alone:3' }, forward: false });
  await again.node.start();
  await cluster.clock.advance(3000);
  const status = again.node.status();
  expect(status).toMatchObject({ role: 'follower', leaderId: '1', membership: { voters: ['1', '2', '3'] } });
  const refused = watch(again.node.propose('a'));
  await cluster.clock.settle();
  expect(refused.error).toMatchObject({ leaderAddress: '127.0.0.1:7001' });
});
