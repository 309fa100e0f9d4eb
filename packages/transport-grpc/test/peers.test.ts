import { status } from '@grpc/grpc-js';
import { seededRandom } from '@raft/core';
import type { Message } from '@raft/core';
import { decodeEnvelope, encodeEnvelope } from '@raft/proto';
import { describe, expect, test } from 'vitest';
import { virtualClock } from '../../transport-memory/test/support/virtual-clock.js';
import { numbered, quick, startNode, turn, until, withData } from './support/nodes.js';
import type { Node } from './support/nodes.js';
import { startProxy } from './support/proxy.js';
import { hello, peerPath, rawClient, rawStream } from './support/raw.js';
import { accept, startRawServer } from './support/raw-server.js';

async function startPair(): Promise<[Node, Node]> {
  const a = await startNode({ nodeId: '1' });
  const b = await startNode({ nodeId: '2' });
  a.transport.setPeers('g', new Map([['2', b.address]]));
  b.transport.setPeers('g', new Map([['1', a.address]]));
  const connected = (node: Node, peer: string): boolean => node.transport.stats().peers[peer]?.connected === true;
  await until(() => connected(a, '2') && connected(b, '1'), 'they are connected');
  return [a, b];
}

const numbers = (messages: readonly Message[]): number[] => messages.map((message) => message.term);

describe('a stream of a peer', () => {
  test.each([
    ['nonsense', Buffer.from('ffffffff', 'hex'), /malformed envelope/],
    ['another version', Buffer.from('0863', 'hex'), /protocol version 99 is not spoken here/],
    [
      "a message in another's name",
      encodeEnvelope('g', [numbered('3', '1', 1)]),
      /a message from 3 to 1 came from 2 to 1/,
    ],
    [
      'a message for another node',
      encodeEnvelope('g', [numbered('2', '3', 1)]),
      /a message from 2 to 3 came from 2 to 1/,
    ],
  ])('is ended by %s, with a log line, and nothing else is harmed', async (_, bytes, reason) => {
    const node = await startNode();
    const client = rawClient(node.address);
    const good = rawStream(client, peerPath, hello({ nodeId: '3' }));
    good.stream.write(encodeEnvelope('g', [numbered('3', '1', 1)]));
    const bad = rawStream(client, peerPath, hello());
    bad.stream.write(encodeEnvelope('g', [numbered('2', '1', 2)]));
    bad.stream.write(bytes);
    bad.stream.write(encodeEnvelope('g', [numbered('2', '1', 3)]));
    const { code, details } = await bad.status;
    expect(code).toBe(status.INVALID_ARGUMENT);
    expect(details).toMatch(reason);
    expect(node.log.at(-1)).toMatch(/^warn closed the stream of peer 2 from 127\.0\.0\.1:\d+: /);
    expect(node.log.at(-1)).toMatch(reason);
    good.stream.write(encodeEnvelope('g', [numbered('3', '1', 4)]));
    await until(() => numbers(node.received).includes(4), 'the other stream goes on');
    expect(numbers(node.received)).not.toContain(3);
  });

  test('is ended by a message beyond the limit', async () => {
    const node = await startNode({ limits: { ...quick, maxMessageBytes: 10_000 } });
    const { stream, status: ended } = rawStream(rawClient(node.address), peerPath, hello());
    stream.write(new Uint8Array(10_001));
    expect((await ended).code).toBe(status.RESOURCE_EXHAUSTED);
  });

  test('ends when the peer opens another; what still comes on it is not delivered', async () => {
    const node = await startNode();
    const first = rawStream(rawClient(node.address), peerPath, hello());
    first.stream.write(encodeEnvelope('g', [numbered('2', '1', 1)]));
    await until(() => node.received.length === 1, 'the first stream is used');
    const second = rawStream(rawClient(node.address), peerPath, hello());
    second.stream.write(encodeEnvelope('g', [numbered('2', '1', 2)]));
    first.stream.write(encodeEnvelope('g', [numbered('2', '1', 3)]));
    expect(await first.status).toMatchObject({ code: status.UNAVAILABLE, details: 'the peer connected anew' });
    second.stream.write(encodeEnvelope('g', [numbered('2', '1', 4)]));
    await until(() => numbers(node.received).includes(4), 'the second stream is used');
    // The third may have come before the second stream was opened, but never after its messages.
    expect(numbers(node.received).filter((term) => term !== 3)).toEqual([1, 2, 4]);
    expect(numbers(node.received).indexOf(3)).toBeLessThan(2);
  });

  test('ends well when the peer has said all', async () => {
    const node = await startNode();
    const { stream, status: ended } = rawStream(rawClient(node.address), peerPath, hello());
    stream.write(encodeEnvelope('g', [numbered('2', '1', 1)]));
    stream.end();
    expect((await ended).code).toBe(status.OK);
    expect(numbers(node.received)).toEqual([1]);
    expect(node.log).toEqual([]);
  });
});

describe('messages to a peer', () => {
  test('that are sent in one turn travel in one gRPC message', async () => {
    const [a, b] = await startPair();
    for (let i = 1; i <= 1000; i += 1) a.transport.send('g', [numbered('1', '2', i)]);
    await until(() => b.received.length === 1000, 'all arrive');
    expect(a.transport.stats().peers['2']).toMatchObject({ sentEnvelopes: 1, sentMessages: 1000, queuedBytes: 0 });
    expect(b.transport.stats().peers['1']).toMatchObject({ receivedMessages: 1000 });
  });

  test('arrive in order and share gRPC messages when there are many, large and small, in both directions', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = seededRandom(seed);
    const [a, b] = await startPair();
    const count = 4000;
    for (let i = 1; i <= count; i += 1) {
      const bytes = random() < 0.01 ? Math.floor(random() * 400_000) : Math.floor(random() * 2000);
      a.transport.send('g', [withData('1', '2', i, bytes)]);
      b.transport.send('g', [withData('2', '1', i, Math.floor(random() * 100))]);
      if (random() < 0.05) await turn();
    }
    await until(() => a.received.length === count && b.received.length === count, `all arrive (seed ${seed})`);
    for (const { received } of [a, b]) {
      const indices = received.map((message) => message.type === 'appendEntries' && message.prevLogIndex + 1);
      expect(indices, `seed ${seed}`).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    }
    const { sentEnvelopes = 0 } = a.transport.stats().peers['2'] ?? {};
    expect(sentEnvelopes, `seed ${seed}`).toBeLessThan(count / 4);
  });

  test('are dropped beyond the limit while it is away, the newest first', async () => {
    const { address, streams } = await startRawServer(peerPath);
    const node = await startNode({ limits: { ...quick, handshakeTimeoutMs: 60_000, maxQueuedBytes: 100_000 } });
    node.transport.setPeers('g', new Map([['2', address]]));
    for (let i = 1; i <= 1000; i += 1) node.transport.send('g', [withData('1', '2', i, 1000)]);
    await until(() => streams.length === 1, 'the peer is there');
    const { queuedBytes, droppedMessages } = node.transport.stats().peers['2']!;
    expect(queuedBytes).toBeLessThanOrEqual(100_000);
    expect(queuedBytes).toBeGreaterThan(90_000);
    expect(droppedMessages).toBeGreaterThan(800);
    expect(node.log[0]).toMatch(/^warn dropped messages to peer 2: \d+ bytes wait already, at most 100000 may/);
    const received: Message[] = [];
    accept(streams[0]!, '2');
    streams[0]!.on('data', (bytes: Uint8Array) => void received.push(...decodeEnvelope(bytes).messages));
    await until(() => received.length === 1000 - droppedMessages, 'what was kept arrives');
    expect(received.at(-1)).toMatchObject({ prevLogIndex: received.length - 1 });
  });

  test('to one that does not read are bounded, and do not delay the others', async () => {
    const { address, streams } = await startRawServer(peerPath);
    const limits = { ...quick, maxQueuedBytes: 8_000_000 };
    const [a, b] = [await startNode({ limits }), await startNode({ nodeId: '2' })];
    a.transport.setPeers(
      'g',
      new Map([
        ['2', b.address],
        ['3', address],
      ]),
    );
    await until(() => streams.length === 1, 'the slow peer is there');
    accept(streams[0]!, '3');
    const slow = (): { connected: boolean; queuedBytes: number; droppedMessages: number } =>
      a.transport.stats().peers['3']!;
    await until(() => slow().connected && a.transport.stats().peers['2']?.connected === true, 'they are connected');
    let sent = 0;
    await until(() => {
      sent += 1;
      a.transport.send('g', [withData('1', '3', sent, 400_000), numbered('1', '2', sent)]);
      expect(slow().queuedBytes).toBeLessThanOrEqual(limits.maxQueuedBytes);
      return slow().droppedMessages > 50;
    }, 'the queue of the slow peer is full');
    await until(() => b.received.length === sent, 'the other peer has everything');
    const received: Message[] = [];
    streams[0]!.on('data', (bytes: Uint8Array) => void received.push(...decodeEnvelope(bytes).messages));
    await until(() => received.length === sent - slow().droppedMessages, 'what was kept arrives once it reads');
    const indices = received.map((message) => message.type === 'appendEntries' && message.prevLogIndex);
    expect(indices).toEqual(Array.from(indices, (_, i) => i));
  });

  test('that are larger than a gRPC message may be are dropped, and the rest arrives', async () => {
    const a = await startNode({ limits: { ...quick, maxMessageBytes: 50_000 } });
    const b = await startNode({ nodeId: '2' });
    a.transport.setPeers('g', new Map([['2', b.address]]));
    await until(() => a.transport.stats().peers['2']?.connected === true, 'they are connected');
    a.transport.send('g', [withData('1', '2', 1, 60_000)]);
    await until(() => a.transport.stats().peers['2']?.droppedMessages === 1, 'it is dropped');
    a.transport.send('g', [numbered('1', '2', 2)]);
    await until(() => b.received.length === 1, 'the next one arrives');
    expect(a.log.at(-1)).toMatch(
      /dropped messages to peer 2: \d+ bytes are more than one may have; raise maxMessageBytes/,
    );
  });

  test('that cannot be encoded are dropped, and the rest arrives', async () => {
    const [a, b] = await startPair();
    a.transport.send('g', [numbered('1', '2', -1)]);
    await until(() => a.transport.stats().peers['2']?.droppedMessages === 1, 'it is dropped');
    a.transport.send('g', [numbered('1', '2', 2)]);
    await until(() => b.received.length === 1, 'the next one arrives');
    expect(a.log.some((line) => line.startsWith('error cannot encode a message to peer 2'))).toBe(true);
  });

  test('hold little more memory than their own', async () => {
    const [a, b] = await startPair();
    a.transport.send('g', [withData('1', '2', 1, 100)]);
    await until(() => b.received.length === 1, 'it arrives');
    const [message] = b.received;
    expect(message?.type === 'appendEntries' && message.entries[0]?.data.buffer.byteLength).toBeLessThan(300);
  });

  test('sent just before the close arrive', async () => {
    const [a, b] = await startPair();
    for (let i = 1; i <= 20; i += 1) a.transport.send('g', [withData('1', '2', i, 100_000)]);
    await a.transport.close();
    expect(b.received).toHaveLength(20);
  });
});

describe('a peer', () => {
  test('that was restarted is reached at once, because it connects', async () => {
    // Without the sign of life the next attempt would be a minute away.
    const a = await startNode({ limits: { minBackoffMs: 60_000, maxBackoffMs: 60_000 } });
    const b = await startNode({ nodeId: '2' });
    a.transport.setPeers('g', new Map([['2', b.address]]));
    await until(() => a.transport.stats().peers['2']?.connected === true, 'it is connected');
    await b.transport.close();
    await until(() => a.transport.stats().peers['2']?.connected === false, 'the loss is noticed');
    const again = await startNode({ nodeId: '2', listen: b.address });
    again.transport.setPeers('g', new Map([['1', a.address]]));
    await until(() => a.transport.stats().peers['2']?.connected === true, 'it is reached');
    expect(a.log.filter((line) => line.startsWith('info connected to peer 2'))).toHaveLength(2);
  });

  test('that was restarted is reached soon, also when it does not connect', async () => {
    const clock = virtualClock();
    const a = await startNode({ limits: {}, clock });
    const b = await startNode({ nodeId: '2' });
    a.transport.setPeers('g', new Map([['2', b.address]]));
    await until(() => a.transport.stats().peers['2']?.connected === true, 'it is connected');
    await b.transport.close();
    const inTime = (condition: () => boolean): (() => boolean) => {
      return () => {
        clock.advance(1);
        return condition();
      };
    };
    await until(
      inTime(() => a.log.some((line) => line.includes('ECONNREFUSED'))),
      'it is away',
    );
    await startNode({ nodeId: '2', listen: b.address });
    const from = clock.now();
    await until(
      inTime(() => a.transport.stats().peers['2']?.connected === true),
      'it is reached',
    );
    expect(clock.now() - from).toBeLessThan(1000);
  });

  test('that fell silent is found out, and reached again when it is back', async () => {
    const b = await startNode({ nodeId: '2' });
    const proxy = await startProxy(b.address);
    const a = await startNode({ limits: { ...quick, peerTimeoutMs: 200 } });
    const told: string[] = [];
    a.transport.attach('quiet', { receive() {}, peerDown: (id) => void told.push(id) });
    a.transport.setPeers('g', new Map([['2', proxy.address]]));
    await until(() => a.transport.stats().peers['2']?.connected === true, 'it is connected');
    proxy.freeze();
    await until(() => a.transport.stats().peers['2']?.connected === false, 'the silence is noticed');
    expect(told).toEqual(['2']);
    expect(a.log.at(-1)).toMatch(/^warn lost the connection to peer 2/);
    proxy.thaw();
    await until(() => a.transport.stats().peers['2']?.connected === true, 'it is reached again');
  });

  test('that accepts connections and says nothing is given up after the handshake timeout', async () => {
    const b = await startNode({ nodeId: '2' });
    const proxy = await startProxy(b.address);
    proxy.freeze();
    const a = await startNode({ limits: { ...quick, handshakeTimeoutMs: 50 } });
    a.transport.setPeers('g', new Map([['2', proxy.address]]));
    await until(() => a.log.some((line) => line.includes('no handshake within 50 ms')), 'it is given up');
    const before = proxy.connections;
    await until(() => proxy.connections > before + 2, 'it is tried again');
    expect(a.log.filter((line) => line.includes('no handshake'))).toHaveLength(1);
  });

  test('that no group names any more loses its stream', async () => {
    const [a] = await startPair();
    const { address, streams } = await startRawServer(peerPath);
    const ended: boolean[] = [];
    a.transport.setPeers('h', new Map([['3', address]]));
    a.transport.setPeers('i', new Map([['3', address]]));
    await until(() => streams.length === 1, 'it is connected');
    accept(streams[0]!, '3');
    streams[0]!.on('end', () => {
      ended.push(true);
      streams[0]!.end();
    });
    streams[0]!.resume();
    a.transport.setPeers('h', new Map());
    await until(() => a.transport.stats().peers['3']?.connected === true, 'the other group keeps it');
    a.transport.setPeers('i', new Map());
    await until(() => ended.length === 1, 'its stream is ended');
    expect(a.transport.stats().peers['3']).toBeUndefined();
  });

  test('whose address is malformed is as one that is away', async () => {
    const a = await startNode();
    a.transport.setPeers('g', new Map([['2', 'nowhere']]));
    a.transport.send('g', [numbered('1', '2', 1)]);
    expect(a.log).toEqual([expect.stringMatching(/^error cannot reach peer 2: address "nowhere" is malformed/)]);
  });
});
