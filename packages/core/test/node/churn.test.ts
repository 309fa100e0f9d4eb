import { afterEach, expect, test } from 'vitest';
import { seededRandom } from '../../src/index.js';
import type { NodeId, Random } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { TestCluster } from './support/cluster.js';
import { Ledger } from './support/ledger.js';
import { slowDisk } from './support/slow-disk.js';
import type { SlowDisk } from './support/slow-disk.js';
import { tappedStorage } from './support/tapped-storage.js';

let cluster: TestCluster | undefined;
afterEach(() => cluster?.end());

const steps = 200;

/** Three or five nodes whose network and power fail, while two clients write and read at whichever node. */
async function storm(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const dice = (sides: number): number => Math.floor(random() * sides);
  const ids: NodeId[] = ['1', '2', '3', '4', '5'].slice(0, dice(2) === 0 ? 3 : 5);
  const disks = new Map<NodeId, SlowDisk>();
  const world = testCluster({
    ids,
    options: (id) => ({ random: seededRandom(seed * 10 + Number(id)), ...limits(random) }),
    storage: (id, clock) => {
      const disk = slowDisk(clock, random, 20);
      disks.set(id, disk);
      return tappedStorage(disk);
    },
  });
  cluster = world;
  const ledger = new Ledger();
  for (const id of ids) await restart(id);

  async function restart(id: NodeId): Promise<void> {
    disks.get(id)?.crash();
    const member = await world.remake(id);
    const started = member.node.start();
    await world.clock.advance(50);
    await started;
  }

  async function misfortune(): Promise<void> {
    const leading = world.members.filter((member) => member.node.status().role === 'leader');
    const id = leading[dice(2 * leading.length)]?.id ?? ids[dice(ids.length)] ?? '1';
    const other = ids[dice(ids.length)] as NodeId;
    const kinds: (() => unknown)[] = [
      () => restart(id),
      () => world.network.isolate(id),
      () => world.network.rejoin(id),
      () => world.network.cutOneWay(id, other),
      () => world.network.heal(),
      () => world.network.heal(),
      () => world.clock.stall(dice(500)),
      () => world.network.setFaults({ dropRate: random() * 0.2, duplicateRate: 0.1, delayMs: { min: 0, max: 10 } }),
      () => world.network.setFaults({ reorderRate: 0.3, delayMs: { min: 0, max: 30 } }),
      () => world.network.setFaults(undefined),
    ];
    await kinds[dice(kinds.length)]?.();
  }

  for (let step = 0; step < steps; step++) {
    if (dice(6) === 0) await misfortune();
    for (const { node } of world.members) {
      const calls = node.status().role === 'leader' ? dice(4) : Number(dice(10) === 0);
      for (let i = 0; i < calls; i++) {
        if (dice(2) === 0) ledger.propose(node, { timeoutMs: 1 + dice(1000) });
        else ledger.read(node, { timeoutMs: 1 + dice(1000) });
      }
    }
    await world.clock.advance(dice(30));
  }

  world.network.heal();
  world.network.setFaults(undefined);
  const leader = () => world.members.find((member) => member.node.status().role === 'leader');
  await world.clock.advance(3000);
  const last = leader();
  expect(last, 'someone leads once the faults are over').toBeDefined();
  if (last !== undefined) ledger.propose(last.node);
  await world.clock.advance(6000);

  const logs = world.members.map((member) => member.machine.applied.map((entry) => entry.command));
  for (const log of logs) expect(log).toEqual(logs[0]);
  expect(ledger.problems(logs[0] ?? [])).toEqual([]);
  expect(ledger.acknowledged).toBeGreaterThan(5);
  expect(world.members.filter((member) => member.node.status().state === 'stopped')).toEqual([]);
  await world.end();
  cluster = undefined;
}

function limits(random: Random): {
  cacheBytes: number;
  maxMessageBytes: number;
  checkQuorum: boolean;
  preVote: boolean;
} {
  const tiny = random() < 0.5;
  return {
    cacheBytes: tiny ? 300 : 1_000_000,
    maxMessageBytes: tiny ? 200 : 1_000_000,
    checkQuorum: random() < 0.8,
    preVote: random() < 0.8,
  };
}

const only = process.env['RAFT_TEST_SEED'];
const seeds =
  only === undefined
    ? Array.from({ length: Number(process.env['RAFT_TEST_SEEDS'] ?? 25) }, (_, i) => i + 1)
    : [Number(only)];

test.each(seeds)(
  'seed %i: in a storm every call ends truly, and reads never lie (RAFT_TEST_SEED repeats one)',
  { timeout: 30_000 },
  async (seed) => {
    await storm(seed);
  },
);
