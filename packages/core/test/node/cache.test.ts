import { afterEach, expect, test } from 'vitest';
import { testCluster } from './support/cluster.js';
import type { TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

test('a follower far behind is fed from the storage when the cache is tiny, within the size of a message', async () => {
  cluster = testCluster({ options: { cacheBytes: 1, maxMessageBytes: 1000 } });
  const leader = await cluster.elect();
  await cluster.member('3').node.stop();
  const outcomes = Array.from({ length: 200 }, (_, i) => watch(leader.node.propose(`c${i}`.padEnd(100))));
  await cluster.clock.settle();
  expect(outcomes.every((outcome) => outcome.end === 'done')).toBe(true);

  const again = await cluster.remake('3');
  const sends = leader.sends.length;
  await again.node.start();
  await cluster.clock.advance(300);

  expect(leader.storage.reads.length).toBeGreaterThan(10);
  expect(again.machine.applied.map((entry) => entry.command.trim())).toEqual(
    Array.from({ length: 200 }, (_, i) => `c${i}`),
  );
  for (const message of leader.sends.slice(sends).flat()) {
    if (message.type === 'appendEntries') expect(message.entries.length).toBeLessThanOrEqual(10);
  }
});

test('what cannot be applied in time is applied from the storage later', async () => {
  cluster = testCluster({ ids: ['1'], options: { cacheBytes: 1 } });
  const leader = await cluster.elect();
  const outcomes = Array.from({ length: 50 }, (_, i) => watch(leader.node.propose(`c${i}`.padEnd(50_000))));
  await cluster.clock.settle();
  expect(outcomes.map((outcome) => outcome.value?.split('@')[1])).toEqual(
    Array.from({ length: 50 }, (_, i) => String(i + 3)),
  );
  expect(leader.storage.reads.length).toBeGreaterThan(0);
  expect(leader.machine.applied.length).toBe(50);
});

test('writes go on while a slow follower is fed from the storage', async () => {
  cluster = testCluster({ options: { cacheBytes: 1, maxMessageBytes: 500 } });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  for (let i = 0; i < 100; i++) void leader.node.propose(`c${i}`.padEnd(100));
  await cluster.clock.settle();
  cluster.network.heal();
  for (let i = 100; i < 120; i++) {
    const outcome = watch(leader.node.propose(`c${i}`));
    await cluster.clock.advance(10);
    expect(outcome.end).toBe('done');
  }
  await cluster.clock.advance(1000);
  expect(cluster.member('3').machine.applied.map((entry) => entry.index)).toEqual(
    Array.from({ length: 120 }, (_, i) => i + 3),
  );
  expect(leader.node.status().peers.map((peer) => [peer.inflightMessages, peer.inflightBytes])).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

test('a storage that gives other entries than asked stops the node instead of applying them', async () => {
  cluster = testCluster({ ids: ['1'], options: { cacheBytes: 1 } });
  const first = await cluster.elect();
  for (let i = 0; i < 5; i++) {
    void first.node.propose(`c${i}`);
    await cluster.clock.settle();
  }
  for (const wrong of [(from: number) => [from + 1, from + 1], () => undefined] as const) {
    const again = await cluster.remake('1');
    const { entries } = again.storage;
    again.storage.entries = async (from, to, maxBytes) => {
      const range = wrong(from);
      return range === undefined ? [] : entries(range[0] as number, Math.min(to, range[1] as number), maxBytes);
    };
    await again.node.start();
    await cluster.clock.settle();
    expect(again.node.status().state).toBe('stopped');
    expect(again.machine.applied).toEqual([]);
    again.storage.entries = entries;
  }
});
