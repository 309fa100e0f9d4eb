import { memoryStorage } from '@raft/storage-memory';
import { memoryNetwork } from '@raft/transport-memory';
import type { MemoryNetwork } from '@raft/transport-memory';
import { afterEach, expect, test } from 'vitest';
import { createNode } from '../../src/index.js';
import type { Storage, Transport } from '../../src/index.js';
import type { TestNode } from './support/cluster.js';
import { watch } from './support/outcome.js';
import { recorder } from './support/recorder.js';
import { virtualClock } from './support/virtual-clock.js';
import type { VirtualClock } from './support/virtual-clock.js';

const ids = ['1', '2', '3'] as const;

interface Groups {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly transports: ReadonlyMap<string, Transport>;
  /** By group, the nodes of 1, 2 and 3. */
  readonly nodes: readonly TestNode[][];
  /** Starts the transport of `id` again, after it and its nodes were closed. */
  readonly reconnect: (id: string) => Promise<void>;
  /** The same and its nodes, which it gives. */
  readonly restart: (id: string) => Promise<TestNode[]>;
}

let groups: Groups;
afterEach(async () => {
  await Promise.all(groups.nodes.flat().map((node) => node.stop()));
  for (const transport of groups.transports.values()) await transport.close();
  await groups.clock.settle();
  if (groups.clock.timers > 0) throw new Error(`${groups.clock.timers} timers are left behind`);
});

/** Moves time on in small steps, each for all timers at once: thousands that ring one by one would take long. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    clock.stall(20);
    await clock.settle();
  }
}

/** What three processes would be: each one's groups share its transport. Waits until all groups have a leader and rest. */
async function start(count: number): Promise<Groups> {
  const made = make(count);
  await Promise.all(made.nodes.flat().map((node) => node.start()));
  await pass(made.clock, 2000);
  return made;
}

function make(count: number): Groups {
  const clock = virtualClock();
  const network = memoryNetwork({ clock });
  const transports = new Map<string, Transport>();
  const storages = new Map<string, Storage>();
  const makeNode = (id: string, group: number): TestNode => {
    const storage = storages.get(`${id}/${group}`) ?? memoryStorage();
    storages.set(`${id}/${group}`, storage);
    return createNode({
      ...{ id, groupId: `g${group}`, storage, transport: transports.get(id) as Transport },
      ...{ stateMachine: recorder(), clock, quiesce: true, bootstrap: { '1': 'a', '2': 'b', '3': 'c' } },
      ...{ heartbeatIntervalMs: 50, electionTimeoutMs: { min: 200, max: 400 } },
      // The leaders are spread over the processes.
      random: () => ((Number(id) - 1 + group) % 3) / 3,
    });
  };
  const reconnect = async (id: string): Promise<void> => {
    transports.set(id, network.transport({ nodeId: id }));
    await transports.get(id)?.start();
  };
  for (const id of ids) void reconnect(id);
  const nodes = Array.from({ length: count }, (_, group) => ids.map((id) => makeNode(id, group)));
  const restart = async (id: string): Promise<TestNode[]> => {
    await reconnect(id);
    for (const [group, members] of nodes.entries()) members[ids.indexOf(id as '1')] = makeNode(id, group);
    const own = nodes.map((members) => members[ids.indexOf(id as '1')]!);
    await Promise.all(own.map((node) => node.start()));
    return own;
  };
  groups = { clock, network, transports, nodes, reconnect, restart };
  return groups;
}

const leaderOf = (nodes: readonly TestNode[]): TestNode => {
  const found = nodes.find((node) => node.status().role === 'leader');
  if (found === undefined) throw new Error('nobody leads');
  return found;
};

test('a thousand idle groups of three send no messages and set no timers', { timeout: 60_000 }, async () => {
  const { clock, network, nodes } = await start(1000);
  const leaders = nodes.map((members) => leaderOf(members).id);
  expect(new Set(leaders)).toEqual(new Set(ids));
  const { sent } = network.stats;
  await clock.advance(600_000);
  expect(network.stats.sent - sent).toBe(0);
  expect(clock.timers).toBe(0);
  expect(nodes.map((members) => leaderOf(members).id)).toEqual(leaders);

  // One that has something to do does it at once, and rests again; the others do not notice.
  const written = watch(leaderOf(nodes[7]!).propose('a'));
  await clock.settle();
  expect(written.end).toBe('done');
  await clock.advance(5000);
  const busy = network.stats.sent;
  expect(busy - sent).toBeLessThan(100);
  await clock.advance(60_000);
  expect(network.stats.sent).toBe(busy);
  expect(nodes[7]?.map((node) => node.status().appliedIndex)).toEqual([4, 4, 4]);
});

test('a process that ends is noticed by the groups that it led, and by no others', async () => {
  const { clock, transports, nodes } = await start(9);
  const before = nodes.map((members) => ({ leader: leaderOf(members).id, term: leaderOf(members).status().term }));
  await transports.get('2')?.close();
  await Promise.all(nodes.map((members) => members[1]!.stop()));
  await pass(clock, 3000);
  for (const [group, { leader, term }] of before.entries()) {
    const survivors = nodes[group]!.filter(({ id }) => id !== '2');
    const now = leaderOf(survivors);
    if (leader === '2') expect(now.status().term).toBeGreaterThan(term);
    else expect([now.id, now.status().term]).toEqual([leader, term]);
    const written = watch(now.propose('a'));
    await clock.advance(100);
    expect(written.end).toBe('done');
  }
});

test('a leader at rest that stops is noticed though its process and its connections live on', async () => {
  const { clock, nodes } = await start(2);
  const [members = [], others = []] = nodes;
  const [stopped, left] = [leaderOf(members), leaderOf(others)];
  await stopped.stop();
  await pass(clock, 3000);
  const alive = members.filter((node) => node !== stopped);
  expect(new Set(alive.map((node) => node.status().leaderId))).toEqual(new Set([leaderOf(alive).id]));
  expect(leaderOf(others)).toBe(left);
});

test('a follower wakes its group for a read and for a command', async () => {
  const { clock, nodes } = await start(1);
  const leader = leaderOf(nodes[0]!);
  const follower = nodes[0]!.find(({ id }) => id !== leader.id)!;
  const read = watch(follower.read('all'));
  const written = watch(follower.propose('a'));
  await clock.advance(300);
  expect([read.end, written.end]).toEqual(['done', 'done']);
});

test('groups rest without a process that has ended, and all of them again when it is back', async () => {
  const { clock, network, transports, nodes, restart } = await start(30);
  await transports.get('2')?.close();
  await Promise.all(nodes.map((members) => members[1]!.stop()));
  await pass(clock, 3000);
  const leaders = nodes.map((members) => leaderOf(members.filter(({ id }) => id !== '2')));
  let { sent } = network.stats;
  await clock.advance(600_000);
  expect([network.stats.sent - sent, clock.timers]).toEqual([0, 0]);
  const written = watch(leaders[5]!.propose('a'));
  await pass(clock, 1000);
  expect(written.end).toBe('done');
  const terms = leaders.map((leader) => leader.status().term);

  const back = await restart('2');
  await pass(clock, 3000);
  expect(leaders.map((leader) => [leader.status().role, leader.status().term])).toEqual(
    terms.map((term) => ['leader', term]),
  );
  expect(back.map((node) => node.status().appliedIndex)).toEqual(leaders.map((leader) => leader.status().appliedIndex));
  ({ sent } = network.stats);
  await clock.advance(600_000);
  expect([network.stats.sent - sent, clock.timers]).toEqual([0, 0]);
});

test(
  'groups that begin all at once elect in turns, sixty-four of a process at a time',
  { timeout: 60_000 },
  async () => {
    const { clock, network, nodes } = make(240);
    network.setFaults({ delayMs: { min: 30, max: 30 } });
    await Promise.all(nodes.flat().map((node) => node.start()));
    let most = 0;
    for (let passed = 0; passed < 600; passed += 20) {
      clock.stall(20);
      await clock.settle();
      for (const place of ids.keys()) {
        const campaigning = nodes.filter((members) => members[place]!.status().role.endsWith('andidate'));
        most = Math.max(most, campaigning.length);
      }
    }
    expect(most).toBe(64);
    network.setFaults(undefined);
    await pass(clock, 2000);
    for (const members of nodes) leaderOf(members);
  },
);

test('a group that somebody waits for does not stand in line to elect behind hundreds for which nobody does', async () => {
  const { clock, nodes } = make(400);
  // Nobody answers, so that each holds its turn for an election timeout.
  const own = nodes.map((members) => members[0]!);
  await Promise.all(own.map((node) => node.start()));
  await pass(clock, 500);
  // Of those whose timeouts are the longest, so that it is the last in line.
  const wanted = own[398]!;
  expect(wanted.status().role).toBe('follower');
  const call = watch(wanted.propose('a', { timeoutMs: 450 }));
  await pass(clock, 420);
  expect(wanted.status().role).toBe('preCandidate');
  await pass(clock, 100);
  expect(call.end).not.toBe('done');
});

test(
  'resting leaders look in turns for a process that is back, sixty-four of a process at a time',
  { timeout: 60_000 },
  async () => {
    const { clock, transports, nodes, reconnect } = await start(200);
    await transports.get('2')?.close();
    await Promise.all(nodes.map((members) => members[1]!.stop()));
    await pass(clock, 2000);
    const looks = new Set<number>();
    await reconnect('2');
    for (const group of nodes.keys())
      transports.get('2')?.attach(`g${group}`, { receive: () => void looks.add(group) });
    await pass(clock, 300);
    // Nobody answers, so that each holds its turn for an election timeout.
    expect(looks.size).toBe(128);
    await pass(clock, 2000);
    expect(looks.size).toBe(200);
  },
);
