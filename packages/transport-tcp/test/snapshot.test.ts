import { crc32 } from 'node:zlib';
import type { Message } from '@raft/core';
import { decodeEnvelope } from '@raft/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { numbered, pattern, piece, turn, until, withData } from '../../testkit/src/transport-suite/world.js';
import { FrameKind } from '../src/frame.js';
import { rawServer } from './support/raw.js';
import type { Raw, RawServer } from './support/raw.js';
import { tcpWorld } from './support/world.js';
import type { TcpWorld } from './support/world.js';

const chunkBytes = 262_144;

let world: TcpWorld;
let server: RawServer;

beforeEach(async () => {
  world = tcpWorld();
  server = await rawServer({ nodeId: '2', pong: true });
});
afterEach(async () => {
  await world.dispose();
  await server.close();
});

/** What has arrived at the hand-made peer, in order. */
function arrived(peer: Raw): Message[] {
  const envelopes = peer.frames.filter(({ kind }) => kind === FrameKind.envelope);
  return envelopes.flatMap(({ payload }) => decodeEnvelope(payload).messages);
}

async function connected(): Promise<{ transport: Awaited<ReturnType<TcpWorld['start']>>['transport']; peer: Raw }> {
  const { transport } = await world.start({ nodeId: '1', limits: { peerTimeoutMs: 60_000 } });
  for (const group of ['g', 'h']) transport.setPeers(group, new Map([['2', server.address]]));
  await until(() => transport.stats().peers['2']?.connected === true, 'it connects');
  return { transport, peer: server.connections[0]! };
}

describe('while a snapshot streams as fast as it can', () => {
  test('heartbeats and entries stand behind what the system has taken and one piece, and in their order', async () => {
    const { transport, peer } = await connected();
    peer.socket.pause();
    let offset = 0;
    // Until the system takes no more.
    for (let before = -1; before !== transport.stats().peers['2']?.sentBytes || offset < 40;) {
      before = transport.stats().peers['2']?.sentBytes ?? 0;
      for (let i = 0; i < 8; i += 1) transport.send('h', [piece('1', '2', (offset += 1), pattern(chunkBytes, offset))]);
      for (let i = 0; i < 20; i += 1) await turn();
    }
    const { sentBytes = 0, queuedBytes = 0 } = transport.stats().peers['2'] ?? {};
    expect(queuedBytes).toBeGreaterThan(8 * chunkBytes);
    transport.send('g', [withData('1', '2', 1, pattern(1000, 1)), numbered('1', '2', 701)]);
    transport.send('h', [numbered('1', '2', 702)]);
    await turn();
    transport.send('h', [piece('1', '2', (offset += 1), pattern(chunkBytes, offset)), numbered('1', '2', 703)]);
    peer.socket.resume();
    const { droppedMessages = 0 } = transport.stats().peers['2'] ?? {};
    await until(() => arrived(peer).length === offset - droppedMessages + 4, 'all arrive');
    const messages = arrived(peer);
    const others = messages.filter(({ type }) => type !== 'installSnapshot');
    expect(others.map(({ type, term }) => [type, term])).toEqual([
      ['appendEntries', 1],
      ['requestVoteResponse', 701],
      ['requestVoteResponse', 702],
      ['requestVoteResponse', 703],
    ]);
    // All pieces before the last of the others were written before any of them was sent.
    const overtaking = messages.slice(0, messages.indexOf(others.at(-1)!));
    const ahead = overtaking.flatMap((message) => (message.type === 'installSnapshot' ? [message.data.length] : []));
    expect(ahead.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(sentBytes);
    const pieces = messages.flatMap((message) => (message.type === 'installSnapshot' ? [message.offset] : []));
    expect(pieces).toEqual(pieces.toSorted((a, b) => a - b));
  });

  test('all of it arrives, bit by bit the same', async () => {
    const { transport, peer } = await connected();
    const sums: number[] = [];
    for (let offset = 0; offset < 60; offset += 1) {
      const data = pattern(chunkBytes, offset);
      sums.push(crc32(data));
      transport.send('h', [{ ...piece('1', '2', offset, data), checksum: sums[offset]! }]);
    }
    await until(() => arrived(peer).length === 60, 'all arrive');
    expect(arrived(peer).map((message) => message.type === 'installSnapshot' && crc32(message.data))).toEqual(sums);
    expect(transport.stats().peers['2']).toMatchObject({ queuedBytes: 0, droppedMessages: 0, sentEnvelopes: 60 });
  });
});

test('pieces that wait take a quarter of the queue at most', async () => {
  const { transport } = await world.start({ nodeId: '1', limits: { maxQueuedBytes: 4_000_000 } });
  transport.setPeers('g', new Map([['2', await world.unusedAddress()]]));
  for (let i = 0; i < 20; i += 1) transport.send('g', [piece('1', '2', i, pattern(100_000, i))]);
  expect(transport.stats().peers['2']?.queuedBytes).toBeGreaterThan(900_000);
  expect(transport.stats().peers['2']?.queuedBytes).toBeLessThanOrEqual(1_000_000);
  const commands = [{ type: 1 as const, data: pattern(100_000, 1) }];
  const propose = { type: 'propose', from: '1', to: '2', term: 1, commands } as const;
  for (let id = 0; id < 60; id += 1) transport.send('g', [{ ...propose, id }]);
  const { queuedBytes = 0, droppedMessages = 0 } = transport.stats().peers['2'] ?? {};
  expect(queuedBytes).toBeGreaterThan(3_800_000);
  expect(queuedBytes).toBeLessThanOrEqual(4_000_000);
  expect(droppedMessages).toBeGreaterThan(30);
});
