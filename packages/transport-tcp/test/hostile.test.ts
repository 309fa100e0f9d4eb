import assert from 'node:assert/strict';
import { encodeCalls, encodeEnvelope, encodeReplies } from '@raft/proto';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inbox, numbered, sendUntilReceived, until } from '../../testkit/src/transport-suite/world.js';
import type { Inbox } from '../../testkit/src/transport-suite/world.js';
import { FrameKind } from '../src/frame.js';
import { frame, helloFrame, logBook, rawConnect } from './support/raw.js';
import type { LogBook, Raw } from './support/raw.js';
import { tcpWorld } from './support/world.js';
import type { TcpWorld } from './support/world.js';

let world: TcpWorld;
let log: LogBook;
let address: string;
let box: Inbox;
/** A peer and a client that behave, to be harmed by nothing. */
let stillWorks: () => Promise<void>;

beforeEach(async () => {
  world = tcpWorld();
  log = logBook();
  box = inbox();
  const limits = { maxFrameBytes: 100_000 };
  const target = await world.start({
    nodeId: '1',
    logger: log.logger,
    limits,
    onCall: (call) => call.respond(call.payload),
  });
  address = target.address;
  target.transport.attach('g', box);
  const peer = await world.start({ nodeId: '2' });
  peer.transport.setPeers('g', new Map([['1', address]]));
  const channel = world.connector().connect(address);
  const send = (): Promise<number> => sendUntilReceived(peer.transport, (i) => numbered('2', '1', i), box);
  await send();
  await channel.request(Uint8Array.of(1));
  stillWorks = async () => {
    assert.equal(peer.transport.stats().peers['1']?.connected, true);
    await send();
    assert.deepEqual([...(await channel.request(Uint8Array.of(2)))], [2]);
  };
});
afterEach(() => world.dispose());

/** Connects, shakes hands as a peer or a client unless told otherwise, sends the bytes, and waits for the end. */
async function attack(greeting: Buffer | undefined, ...bytes: Uint8Array[]): Promise<Raw> {
  const attacker = await rawConnect(address);
  if (greeting !== undefined) {
    attacker.send(greeting);
    await until(() => attacker.frames.length === 1, 'the handshake');
  }
  attacker.send(...bytes);
  await attacker.closed;
  return attacker;
}

const asPeer = helloFrame({ nodeId: '9' });
const asClient = helloFrame({ kind: 'client', nodeId: '', targetId: '' });
const envelope = encodeEnvelope('g', [numbered('9', '1', 1)]);

describe('closes the connection with a log line, and harms nothing else', () => {
  test.each<[string, Buffer | undefined, Uint8Array, RegExp]>([
    [
      'an HTTP request',
      undefined,
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      /a stranger.*bytes is announced, at most 4096/,
    ],
    ['a large frame before the handshake', undefined, frame(FrameKind.hello, new Uint8Array(5000)), /at most 4096/],
    [
      'an envelope before the handshake',
      undefined,
      frame(FrameKind.envelope, envelope),
      /kind 3 instead of a handshake/,
    ],
    ['a second hello', asPeer, asPeer, /peer 9.*kind 1 does not belong here/],
    [
      'an oversized frame',
      asPeer,
      frame(FrameKind.envelope, new Uint8Array(100_001)),
      /100001 bytes is announced, at most 100000/,
    ],
    ['a bad checksum', asPeer, frame(FrameKind.envelope, envelope, 1), /checksum/],
    ['garbage in an envelope', asPeer, frame(FrameKind.envelope, Buffer.from('ffffffff', 'hex')), /malformed envelope/],
    ['an unknown kind', asPeer, frame(200, envelope), /kind 200 does not belong here/],
    ['calls from a peer', asPeer, frame(FrameKind.calls, encodeCalls([])), /kind 4 does not belong here/],
    [
      'an envelope from a client',
      asClient,
      frame(FrameKind.envelope, envelope),
      /a client.*kind 3 does not belong here/,
    ],
    ['replies from a client', asClient, frame(FrameKind.replies, encodeReplies([])), /kind 5 does not belong here/],
    ['garbage in calls', asClient, frame(FrameKind.calls, Buffer.from('0aff', 'hex')), /truncated/],
    [
      "another peer's message",
      asPeer,
      frame(FrameKind.envelope, encodeEnvelope('g', [numbered('2', '1', 1)])),
      /a message from 2 to 1 came from 9 to 1/,
    ],
    [
      'a message to another node',
      asPeer,
      frame(FrameKind.envelope, encodeEnvelope('g', [numbered('9', '3', 1)])),
      /a message from 9 to 3 came from 9 to 1/,
    ],
  ])('%s', async (_, greeting, bytes, reason) => {
    const before = box.messages.length;
    await attack(greeting, bytes);
    await until(() => log.at('warn').length > 0, 'a log line');
    expect(log.at('warn').length).toBe(1);
    expect(log.at('warn')[0]).toMatch(/^closed the connection of .* from 127\.0\.0\.1:\d+: /);
    expect(log.at('warn')[0]).toMatch(reason);
    expect(box.messages.length).toBe(before);
    await stillWorks();
  });

  test('a call id that is under way already', async () => {
    const held = await world.start({ nodeId: '5', logger: log.logger, onCall: () => {} });
    const attacker = await rawConnect(held.address);
    attacker.send(helloFrame({ kind: 'client', nodeId: '', targetId: '' }));
    const call = encodeCalls([{ id: 7, payload: Uint8Array.of(1) }]);
    attacker.send(frame(FrameKind.calls, call), frame(FrameKind.calls, call));
    await attacker.closed;
    expect(log.at('warn')).toEqual([expect.stringMatching(/call 7 is under way already/)]);
  });

  test('nothing that follows the fault in the same chunk is delivered', async () => {
    const before = box.messages.length;
    await attack(asPeer, frame(FrameKind.envelope, envelope), frame(99, envelope), frame(FrameKind.envelope, envelope));
    expect(box.messages.length).toBe(before + 1);
  });

  test('a frame that is cut off by the end of the connection is not delivered, without a word', async () => {
    const before = box.messages.length;
    const attacker = await rawConnect(address);
    attacker.send(asPeer, frame(FrameKind.envelope, envelope).subarray(0, -1));
    await until(() => attacker.frames.length === 1, 'the handshake');
    attacker.socket.end();
    await attacker.closed;
    expect(box.messages.length).toBe(before);
    expect(log.at('warn')).toEqual([]);
    await stillWorks();
  });
});

test('any garbage, before or after the handshake, harms nothing', async () => {
  const garbage = fc.uint8Array({ minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(undefined, asPeer, asClient), garbage, async (greeting, bytes) => {
      const attacker = await rawConnect(address);
      if (greeting !== undefined) attacker.send(greeting);
      attacker.send(bytes);
      attacker.socket.end();
      await attacker.closed;
    }),
    { numRuns: 60 },
  );
  await stillWorks();
});

test('any payload with a right checksum is decoded or refused, nothing else', async () => {
  const kinds = fc.constantFrom(...Object.values(FrameKind));
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.constant(envelope),
    fc.constant(encodeCalls([{ id: 1, payload: envelope }])),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(asPeer, asClient), kinds, payload, async (greeting, kind, bytes) => {
      const attacker = await rawConnect(address);
      attacker.send(greeting, frame(kind, bytes));
      attacker.socket.end();
      await attacker.closed;
    }),
    { numRuns: 60 },
  );
  await stillWorks();
});

test('a crowd of strangers writes ten lines a second, not more', async () => {
  await Promise.all(Array.from({ length: 40 }, () => attack(undefined, frame(99, new Uint8Array(1)))));
  expect(log.at('warn').length).toBeLessThanOrEqual(20);
  expect(log.at('warn').length).toBeGreaterThanOrEqual(10);
});

test('a flood of questions for a sign of life is answered with a few', async () => {
  const attacker = await rawConnect(address);
  attacker.send(asPeer);
  await until(() => attacker.frames.length === 1, 'the handshake');
  const pings = 50_000;
  const ping = frame(FrameKind.ping, new Uint8Array(0));
  attacker.send(Buffer.alloc(pings * ping.length, ping));
  await until(() => attacker.frames.length > 1 && attacker.socket.writableLength === 0, 'an answer');
  await stillWorks();
  expect(attacker.frames.length).toBeLessThan(pings / 100);
  attacker.socket.destroy();
});

test('nodes that talk to each other say nothing to their log but that they are connected', async () => {
  const a = await world.start({ nodeId: '7', logger: log.logger });
  const b = await world.start({ nodeId: '8', logger: log.logger });
  a.transport.setPeers('g', new Map([['8', b.address]]));
  b.transport.setPeers('g', new Map([['7', a.address]]));
  const both = inbox();
  b.transport.attach('g', both);
  await sendUntilReceived(a.transport, (i) => numbered('7', '8', i), both);
  await until(() => b.transport.stats().peers['7']?.connected === true, 'both are connected');
  expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    expect.stringMatching(/^info connected to peer [78] at /),
    expect.stringMatching(/^info connected to peer [78] at /),
  ]);
});
