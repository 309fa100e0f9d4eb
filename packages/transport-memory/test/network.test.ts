import { InvalidArgumentError, seededRandom, TransportError } from '@raft/core';
import type { Message, Transport } from '@raft/core';
import { memoryNetwork } from '@raft/transport-memory';
import type { MemoryNetwork, MemoryNetworkOptions } from '@raft/transport-memory';
import { describe, expect, test } from 'vitest';
import { inbox, numbered, pattern, withData } from '../../testkit/src/transport-suite/world.js';
import type { Inbox } from '../../testkit/src/transport-suite/world.js';
import { virtualClock } from './support/virtual-clock.js';
import type { VirtualClock } from './support/virtual-clock.js';

interface Setting {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly nodes: Record<string, { readonly transport: Transport; readonly box: Inbox }>;
  /** Sends a numbered message. */
  send(from: string, to: string, number: number): void;
  /** The numbers that a node got since the last call. */
  received(node: string): number[];
}

function setting(options: MemoryNetworkOptions = {}, count = 3): Setting {
  const clock = virtualClock();
  const network = memoryNetwork({ clock, ...options });
  const nodes: Setting['nodes'] = {};
  for (let i = 1; i <= count; i += 1) {
    const transport = network.transport({ nodeId: String(i) });
    const box = inbox();
    transport.attach('g', box);
    void transport.start();
    nodes[String(i)] = { transport, box };
  }
  return {
    clock,
    network,
    nodes,
    send: (from, to, number) => nodes[from]?.transport.send('g', [numbered(from, to, number)]),
    received: (node) => (nodes[node]?.box.messages.splice(0) ?? []).map(({ term }) => term),
  };
}

/** Which of the three hear which, as `from>to`. */
function reach({ send, received, clock }: Setting): string[] {
  const pairs: string[] = [];
  for (const from of ['1', '2', '3']) {
    for (const to of ['1', '2', '3']) {
      send(from, to, 1);
      clock.advance(1);
      if (received(to).length > 0) pairs.push(`${from}>${to}`);
    }
  }
  return pairs;
}

const all = ['1>2', '1>3', '2>1', '2>3', '3>1', '3>2'];

describe('without faults', () => {
  test('messages arrive after the turn they were sent in, in order, those of a turn together', () => {
    const { clock, nodes, send, received } = setting();
    for (let i = 1; i <= 5; i += 1) send('1', '2', i);
    expect(nodes['2']?.box.calls.length).toBe(0);
    clock.advance(0);
    expect(nodes['2']?.box.calls.length).toBe(1);
    expect(received('2')).toEqual([1, 2, 3, 4, 5]);
  });

  test('holds a bounded number of bytes for each pair, and drops the newest', () => {
    const { clock, network, nodes, send, received } = setting({ maxQueuedBytes: 10_000 });
    for (let i = 1; i <= 10; i += 1) nodes['1']?.transport.send('g', [withData('1', '2', i, pattern(3000, i))]);
    send('1', '3', 5);
    clock.advance(0);
    expect(nodes['2']?.box.messages.map((message) => message.type === 'appendEntries' && message.prevLogIndex)).toEqual(
      [0, 1, 2],
    );
    expect(network.stats).toEqual({ sent: 11, delivered: 4, dropped: 7 });
    expect(received('3')).toEqual([5]);
    received('2');
    send('1', '2', 6);
    clock.advance(0);
    expect(received('2')).toEqual([6]);
  });

  test('an id and an address belong to one started transport at a time', async () => {
    const network = memoryNetwork();
    const one = network.transport({ nodeId: '1', address: 'a:1' });
    await one.start();
    await expect(network.transport({ nodeId: '1' }).start()).rejects.toThrow(TransportError);
    await expect(network.transport({ nodeId: '2', address: 'a:1' }).start()).rejects.toMatchObject({
      code: 'RAFT_ADDRESS_IN_USE',
    });
    await expect(one.start()).rejects.toMatchObject({ code: 'RAFT_TRANSPORT' });
    await one.close();
    await network.transport({ nodeId: '1', address: 'a:1' }).start();
    expect(() => one.attach('g', inbox())).not.toThrow();
    expect(() => one.attach('g', inbox())).toThrow(InvalidArgumentError);
  });
});

describe('cuts', () => {
  test('between two, in one direction or both, until healed', () => {
    const s = setting();
    expect(reach(s)).toEqual(all);
    s.network.cutOneWay('1', '2');
    expect(reach(s)).toEqual(all.filter((pair) => pair !== '1>2'));
    s.network.cut('2', '3');
    expect(reach(s)).toEqual(['1>3', '2>1', '3>1']);
    s.network.heal('2', '3');
    s.network.heal('2', '1');
    expect(reach(s)).toEqual(all);
  });

  test('around a node', () => {
    const s = setting();
    s.network.isolate('2');
    expect(reach(s)).toEqual(['1>3', '3>1']);
    s.network.rejoin('2');
    expect(reach(s)).toEqual(all);
  });

  test('into groups, of which those that are not named form one more; a new partition replaces the old', () => {
    const s = setting();
    s.network.partition(['1', '2'], ['3']);
    expect(reach(s)).toEqual(['1>2', '2>1']);
    s.network.partition(['1']);
    expect(reach(s)).toEqual(['2>3', '3>2']);
    s.network.cut('2', '3');
    s.network.isolate('1');
    s.network.heal();
    expect(reach(s)).toEqual(all);
  });

  test('lose what is under way, and last when a node comes back', async () => {
    const { clock, network, nodes, send, received } = setting({ faults: { delayMs: { min: 10, max: 10 } } });
    send('1', '2', 1);
    clock.advance(5);
    network.cut('1', '2');
    clock.advance(20);
    expect(received('2')).toEqual([]);
    expect(network.stats.dropped).toBe(1);
    await nodes['2']?.transport.close();
    const again = network.transport({ nodeId: '2' });
    const box = inbox();
    again.attach('g', box);
    await again.start();
    send('1', '2', 2);
    clock.advance(20);
    expect(box.messages.length).toBe(0);
    network.heal();
    send('1', '2', 3);
    clock.advance(20);
    expect(box.messages.map(({ term }) => term)).toEqual([3]);
  });

  test('by hand, message by message', () => {
    const { clock, network, send, received } = setting();
    const end = network.block((message: Message, group) => group === 'g' && message.term % 2 === 0);
    for (let i = 1; i <= 6; i += 1) send('1', '2', i);
    clock.advance(0);
    expect(received('2')).toEqual([1, 3, 5]);
    end();
    send('1', '2', 8);
    clock.advance(0);
    expect(received('2')).toEqual([8]);
  });
});

describe('faults', () => {
  const many = 2000;
  const burst = (s: Setting): number[] => {
    for (let i = 1; i <= many; i += 1) s.send('1', '2', i);
    s.clock.advance(10_000);
    return s.received('2');
  };

  test('a delay keeps the order, and is kept to the millisecond by the clock', () => {
    const s = setting({ faults: { delayMs: { min: 10, max: 50 } } });
    const arrivals: number[] = [];
    s.nodes['2']?.transport.detach('g');
    s.nodes['2']?.transport.attach('g', {
      receive: (messages) => void arrivals.push(...messages.map(() => s.clock.now())),
    });
    for (let i = 1; i <= 100; i += 1) {
      s.send('1', '2', i);
      s.clock.advance(3);
    }
    s.clock.advance(100);
    expect(arrivals.length).toBe(100);
    for (const [i, at] of arrivals.entries()) {
      expect(at - i * 3).toBeGreaterThanOrEqual(10);
      expect(at - i * 3).toBeLessThanOrEqual(50);
    }
    expect(burst(s)).toEqual([]);
  });

  test('keep the order but where they reorder', () => {
    expect(burst(setting({ faults: { delayMs: { min: 0, max: 100 } } }))).toEqual(
      Array.from({ length: many }, (_, i) => i + 1),
    );
    const shuffled = burst(setting({ faults: { delayMs: { min: 0, max: 100 }, reorderRate: 0.5 } }));
    expect(shuffled.length).toBe(many);
    const backward = shuffled.filter((number, i) => i > 0 && number < (shuffled[i - 1] ?? 0)).length;
    expect(backward).toBeGreaterThan(many / 10);
  });

  test('drop and duplicate as often as told', () => {
    const dropped = burst(setting({ faults: { dropRate: 0.3 } }));
    expect(dropped.length / many).toBeCloseTo(0.7, 1);
    expect(dropped).toEqual(dropped.toSorted((a, b) => a - b));
    const twice = burst(setting({ faults: { duplicateRate: 0.3 } }));
    expect(twice.length / many).toBeCloseTo(1.3, 1);
    expect(new Set(twice).size).toBe(many);
    expect(burst(setting({ faults: { dropRate: 1 } }))).toEqual([]);
  });

  test('repeat with the seed, and differ with another', () => {
    const faults = { dropRate: 0.1, duplicateRate: 0.1, reorderRate: 0.3, delayMs: { min: 0, max: 30 } };
    const run = (seed: number): number[] => burst(setting({ random: seededRandom(seed), faults }));
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  test('may change while messages are under way, without disorder', () => {
    const s = setting();
    s.send('1', '2', 1);
    s.network.setFaults({ delayMs: { min: 50, max: 50 } });
    s.send('1', '2', 2);
    s.network.setFaults(undefined);
    s.send('1', '2', 3);
    s.clock.advance(0);
    expect(s.received('2')).toEqual([1]);
    s.clock.advance(50);
    expect(s.received('2')).toEqual([2, 3]);
    s.send('1', '2', 4);
    s.clock.advance(0);
    expect(s.received('2')).toEqual([4]);
  });

  test.each([
    [{ dropRate: 1.1 }, /dropRate/],
    [{ duplicateRate: -1 }, /duplicateRate/],
    [{ reorderRate: Number.NaN }, /reorderRate/],
    [{ delayMs: { min: 5, max: 1 } }, /delayMs/],
    [{ delayMs: { min: 0, max: Infinity } }, /delayMs/],
  ])('that cannot be are refused by name: %j', (faults, reason) => {
    expect(() => memoryNetwork({ faults })).toThrow(reason);
    expect(() => memoryNetwork().setFaults(faults)).toThrow(InvalidArgumentError);
  });
});

describe('a node that cannot be reached any more', () => {
  /** Who was told of whom since the last call, as `who:whom`. */
  const told = ({ nodes, clock }: Setting): string[] => {
    clock.advance(1);
    return Object.entries(nodes).flatMap(([id, { box }]) => box.down.splice(0).map((peer) => `${id}:${peer}`));
  };

  test('is told of to those it was connected to, after the turn, however it was lost', async () => {
    const world = setting();
    const { network, nodes } = world;
    network.cut('1', '2');
    expect(nodes['1']?.box.down).toEqual([]);
    expect(told(world)).toEqual(['1:2', '2:1']);
    network.cutOneWay('1', '2');
    expect(told(world)).toEqual([]);
    network.heal();
    network.cutOneWay('1', '3');
    expect(told(world)).toEqual(['1:3', '3:1']);
    network.isolate('3');
    expect(told(world)).toEqual(['2:3', '3:2']);
    network.heal();
    network.partition(['1'], ['2']);
    expect(told(world)).toEqual(['1:2', '1:3', '2:1', '2:3', '3:1', '3:2']);
    network.heal();
    network.cut('1', '2');
    told(world);
    await nodes['1']?.transport.close();
    expect(told(world)).toEqual(['3:1']);
  });

  test('is told of when it can be reached again', async () => {
    const world = setting();
    const { network, nodes } = world;
    const back = (): string[] => {
      world.clock.advance(1);
      return Object.entries(nodes).flatMap(([id, { box }]) => box.up.splice(0).map((peer) => `${id}:${peer}`));
    };
    back();
    network.cutOneWay('1', '2');
    network.isolate('3');
    expect(back()).toEqual([]);
    network.heal('1', '2');
    expect(nodes['1']?.box.up).toEqual([]);
    expect(back()).toEqual(['1:2', '2:1']);
    network.rejoin('3');
    expect(back()).toEqual(['1:3', '2:3', '3:1', '3:2']);
    network.heal();
    expect(back()).toEqual([]);
    await nodes['1']?.transport.close();
    await network.transport({ nodeId: '1' }).start();
    expect(back()).toEqual(['2:1', '3:1']);
  });

  test('is told of to every group', () => {
    const world = setting();
    const other: string[] = [];
    world.nodes['1']?.transport.attach('other', { receive() {}, peerDown: (peer) => void other.push(peer) });
    world.nodes['1']?.transport.attach('silent', { receive() {} });
    world.network.isolate('2');
    expect(told(world)).toEqual(['1:2', '2:1', '2:3', '3:2']);
    expect(other).toEqual(['2']);
  });
});
