import { ChannelError } from '@raft/core';
import type { Call } from '@raft/core';
import { memoryNetwork } from '@raft/transport-memory';
import type { MemoryNetwork } from '@raft/transport-memory';
import { describe, expect, test } from 'vitest';
import { virtualClock } from './support/virtual-clock.js';

const echo = (call: Call): void => call.respond(call.payload);

/** How a request ended. */
async function ending(request: Promise<Uint8Array>): Promise<string> {
  return request.then(
    (answer) => `answered ${answer.length}`,
    (error: unknown) => (error instanceof ChannelError ? `${error.code} ${error.delivered}` : String(error)),
  );
}

async function served(network: MemoryNetwork, onCall = echo): Promise<void> {
  await network.transport({ nodeId: '1', address: 'host:7001', onCall }).start();
}

describe('a channel within the process', () => {
  test('finds a node by its address and by its id', async () => {
    const network = memoryNetwork();
    await served(network);
    for (const address of ['host:7001', '1']) {
      expect(await ending(network.connector().connect(address).request(new Uint8Array(3)))).toBe('answered 3');
    }
  });

  test('where the way there is cut, waits in vain; the node sees nothing', async () => {
    const clock = virtualClock();
    const network = memoryNetwork({ clock });
    const calls: Call[] = [];
    await served(network, (call) => void calls.push(call));
    network.cutOneWay('client', '1');
    const request = ending(network.connector().connect('1').request(new Uint8Array(1), { timeoutMs: 100 }));
    clock.advance(101);
    expect(await request).toBe('RAFT_TIMEOUT maybe');
    expect(calls.length).toBe(0);
  });

  test('where the way back is cut, the node answers in vain', async () => {
    const clock = virtualClock();
    const network = memoryNetwork({ clock });
    const calls: Call[] = [];
    await served(network, (call) => {
      calls.push(call);
      echo(call);
    });
    network.cutOneWay('1', 'app');
    const request = ending(
      network.connector({ id: 'app' }).connect('1').request(new Uint8Array(1), { timeoutMs: 100 }),
    );
    clock.advance(101);
    expect(await request).toBe('RAFT_TIMEOUT maybe');
    expect(calls.length).toBe(1);
  });

  test('reaches both sides of a partition of nodes, and an isolated node, unless it is named itself', async () => {
    const network = memoryNetwork();
    await served(network);
    const channel = network.connector().connect('1');
    network.partition(['1'], ['2', '3']);
    network.isolate('1');
    expect(await ending(channel.request(new Uint8Array(1)))).toBe('answered 1');
    network.partition(['1'], ['2', '3', 'client']);
    expect(await ending(channel.request(new Uint8Array(1), { timeoutMs: 20 }))).toBe('RAFT_TIMEOUT maybe');
    network.partition(['1', 'client'], ['2', '3']);
    expect(await ending(channel.request(new Uint8Array(1)))).toBe('answered 1');
  });

  test('holds a bounded number of bytes', async () => {
    const network = memoryNetwork();
    await served(network);
    const channel = network.connector({ maxPendingBytes: 1000 }).connect('1');
    const first = ending(channel.request(new Uint8Array(900)));
    expect(await ending(channel.request(new Uint8Array(200)))).toBe('RAFT_CHANNEL_BUSY no');
    expect(await first).toBe('answered 900');
    expect(await ending(channel.request(new Uint8Array(2000)))).toBe('answered 2000');
  });

  test('leaves no timer behind', async () => {
    const network = memoryNetwork();
    await served(network);
    const before = process.getActiveResourcesInfo().length;
    const signal = new AbortController().signal;
    await network.connector().connect('1').request(new Uint8Array(1), { timeoutMs: 60_000, signal });
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
  });
});
