import type { Message } from '@raft/core';
import { decodeEnvelope } from '@raft/proto';
import { expect, test } from 'vitest';
import { pattern, piece } from '../../testkit/src/transport-suite/world.js';
import { numbered, quick, startNode, turn, until, withData } from './support/nodes.js';
import { peerPath } from './support/raw.js';
import { accept, startRawServer } from './support/raw-server.js';

const chunkBytes = 262_144;

test('while a snapshot streams as fast as it can, heartbeats and entries stand behind one piece more at most', async () => {
  const { address, streams } = await startRawServer(peerPath);
  const { transport } = await startNode({ limits: { ...quick, peerTimeoutMs: 60_000 } });
  for (const group of ['g', 'h']) transport.setPeers(group, new Map([['2', address]]));
  await until(() => streams.length === 1, 'it connects');
  const messages: Message[] = [];
  accept(streams[0]!, '2');
  await until(() => transport.stats().peers['2']?.connected === true, 'it is accepted');
  // Nobody reads: what is written fills the windows and the system's buffers.
  let offset = 0;
  let before = -1;
  while (before !== transport.stats().peers['2']?.sentBytes || offset < 40) {
    before = transport.stats().peers['2']?.sentBytes ?? 0;
    for (let i = 0; i < 8; i += 1) transport.send('h', [piece('1', '2', (offset += 1), pattern(chunkBytes, offset))]);
    for (let i = 0; i < 20; i += 1) await turn();
  }
  const { sentBytes = 0, queuedBytes = 0, droppedMessages = 0 } = transport.stats().peers['2'] ?? {};
  expect(queuedBytes).toBeGreaterThan(8 * chunkBytes);
  transport.send('g', [withData('1', '2', 1, 1000), numbered('1', '2', 701)]);
  transport.send('h', [numbered('1', '2', 702)]);
  streams[0]!.on('data', (bytes: Uint8Array) => void messages.push(...decodeEnvelope(bytes).messages));
  await until(() => messages.length === offset - droppedMessages + 3, 'all arrive');
  const others = messages.filter(({ type }) => type !== 'installSnapshot');
  expect(others.map(({ type, term }) => [type, term])).toEqual([
    ['appendEntries', 1],
    ['requestVoteResponse', 701],
    ['requestVoteResponse', 702],
  ]);
  const overtaking = messages.slice(0, messages.indexOf(others.at(-1)!));
  const ahead = overtaking.flatMap((message) => (message.type === 'installSnapshot' ? [message.data.length] : []));
  expect(ahead.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(sentBytes + chunkBytes);
  const pieces = messages.flatMap((message) => (message.type === 'installSnapshot' ? [message.offset] : []));
  expect(pieces).toEqual(pieces.toSorted((a, b) => a - b));
});
