import { ChannelError } from '@raft/core';
import { decodeHelloReply, encodeHello, PROTOCOL_VERSION, raftV1 } from '@raft/proto';
import type { Hello } from '@raft/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inbox, numbered, sendUntilReceived, turn, until } from '../../testkit/src/transport-suite/world.js';
import { FrameKind } from '../src/frame.js';
import { frame, helloFrame, logBook, rawConnect, rawServer } from './support/raw.js';
import type { LogBook } from './support/raw.js';
import { tcpWorld } from './support/world.js';
import type { TcpWorld } from './support/world.js';

let world: TcpWorld;
let log: LogBook;

beforeEach(() => {
  world = tcpWorld();
  log = logBook();
});
afterEach(() => world.dispose());

const client = { kind: 'client', nodeId: '', targetId: '' } as const;

describe('a node accepts', () => {
  test.each<[string, Partial<Hello>]>([
    ['a peer of its cluster', {}],
    ['a client of its cluster', { ...client }],
    ['a client of any cluster', { ...client, clusterId: '' }],
    ['a client that looks for this node', { ...client, targetId: '1' }],
  ])('%s', async (_, hello) => {
    const { address } = await world.start({ nodeId: '1', logger: log.logger });
    const stranger = await rawConnect(address);
    stranger.send(helloFrame(hello));
    await until(() => stranger.frames.length === 1, 'an answer');
    expect(stranger.frames[0]?.kind).toBe(FrameKind.helloReply);
    const reply = decodeHelloReply(stranger.frames[0]!.payload);
    expect(reply).toEqual({ accepted: true, clusterId: 'test', nodeId: '1', reason: '' });
    expect(log.lines).toEqual([]);
    stranger.socket.destroy();
  });
});

describe('a node refuses by name, tells why and closes', () => {
  const versioned = frame(
    FrameKind.hello,
    raftV1.Hello.encode({
      version: 99,
      kind: raftV1.Hello.Kind.KIND_PEER,
      clusterId: 'test',
      nodeId: '9',
      targetId: '1',
    }).finish(),
  );
  // Version 1, kind 7.
  const kindless = frame(FrameKind.hello, Uint8Array.of(0x08, PROTOCOL_VERSION, 0x10, 7));
  test.each<[string, Buffer, RegExp]>([
    ['another cluster', helloFrame({ clusterId: 'other' }), /cluster "other" is another one: this is cluster "test"/],
    ['a peer without a cluster', helloFrame({ clusterId: '' }), /cluster "" is another one/],
    ['another cluster (client)', helloFrame({ ...client, clusterId: 'other' }), /cluster "other" is another one/],
    ['another target', helloFrame({ targetId: '2' }), /node "2" is not here: this is node "1"/],
    ['a peer without a target', helloFrame({ targetId: '' }), /node "" is not here/],
    ['another target (client)', helloFrame({ ...client, targetId: '2' }), /node "2" is not here/],
    ['its own node id', helloFrame({ nodeId: '1' }), /node id "1" is this node's own/],
    ['a peer without an id', helloFrame({ nodeId: '' }), /has to tell its node id/],
    ['another protocol version', versioned, /protocol version 99 is not spoken here, only 1/],
    ['an unknown kind', kindless, /kind 7/],
    ['a malformed hello', frame(FrameKind.hello, Buffer.from('\u0008')), /malformed hello/],
  ])('%s', async (_, hello, reason) => {
    const { address } = await world.start({ nodeId: '1', logger: log.logger });
    const stranger = await rawConnect(address);
    stranger.send(hello);
    await stranger.closed;
    const reply = decodeHelloReply(stranger.frames[0]!.payload);
    expect(reply.accepted).toBe(false);
    expect(reply.reason).toMatch(reason);
    expect(log.lines.length).toBe(1);
    expect(log.lines[0]?.level).toBe('warn');
    expect(log.lines[0]?.message).toMatch(reason);
    expect(log.lines[0]?.message).toMatch(/^refused .* from 127\.0\.0\.1:\d+: /);
  });

  test('whoever says nothing, after the handshake timeout', async () => {
    const limits = { handshakeTimeoutMs: 50 };
    const { address } = await world.start({ nodeId: '1', logger: log.logger, limits });
    const stranger = await rawConnect(address);
    await stranger.closed;
    expect(stranger.frames).toEqual([]);
    await until(() => log.at('warn').length > 0, 'a log line');
    expect(log.at('warn')).toEqual([expect.stringMatching(/a stranger from .*: no handshake within 50 ms/)]);
  });

  test('more clients than it may have; peers still come in', async () => {
    const { address } = await world.start({ nodeId: '1', logger: log.logger, limits: { maxClients: 2 } });
    const connected = [await rawConnect(address), await rawConnect(address)];
    for (const each of connected) each.send(helloFrame(client));
    await until(() => connected.every((each) => each.frames.length === 1), 'two are accepted');
    const third = await rawConnect(address);
    third.send(helloFrame(client));
    await third.closed;
    expect(decodeHelloReply(third.frames[0]!.payload).reason).toMatch(/2 clients are connected/);
    const peer = await rawConnect(address);
    peer.send(helloFrame({}));
    await until(() => peer.frames.length === 1, 'the peer gets an answer');
    expect(decodeHelloReply(peer.frames[0]!.payload).accepted).toBe(true);
    connected[0]?.socket.destroy();
    await until(() => (world.lastTransport?.stats().clients ?? 0) === 1, 'the first has gone');
    const fourth = await rawConnect(address);
    fourth.send(helloFrame(client));
    await until(() => fourth.frames.length === 1, 'the fourth gets an answer');
    expect(decodeHelloReply(fourth.frames[0]!.payload).accepted).toBe(true);
    for (const each of [...connected, peer, fourth]) each.socket.destroy();
  });

  test('connections beyond the limit, without a word', async () => {
    // One client and 256 that have not said who they are.
    const { address } = await world.start({ nodeId: '1', logger: log.logger, limits: { maxClients: 1 } });
    const crowd = await Promise.all(Array.from({ length: 257 }, () => rawConnect(address)));
    const late = await rawConnect(address);
    await late.closed;
    expect(log.at('warn')).toEqual(['refused a connection: 257 are open']);
    for (const each of crowd) each.socket.destroy();
  });
});

describe('the side that dials', () => {
  test('sends nothing but its Hello before the answer, then what has waited', async () => {
    const server = await rawServer({ nodeId: '2', reply: false });
    const { transport } = await world.start({ nodeId: '1' });
    transport.setPeers('g', new Map([['2', server.address]]));
    transport.send('g', [numbered('1', '2', 1)]);
    await until(() => server.hellos.length === 1, 'the hello');
    const { address } = transport;
    const hello = { kind: 'peer', clusterId: 'test', nodeId: '1', targetId: '2', version: 1, address };
    expect(server.hellos[0]).toEqual(hello);
    for (let i = 0; i < 20; i += 1) {
      transport.send('g', [numbered('1', '2', 1)]);
      await turn();
    }
    expect(server.connections[0]?.frames.length).toBe(1);
    await server.close();
  });

  test.each([
    ['another cluster', { nodeId: '2', clusterId: 'other' }, /it is of cluster "other", not "test"/],
    ['another node', { nodeId: '3' }, /it is node "3", not "2"/],
  ])('refuses an answer of %s', async (_, options, reason) => {
    const server = await rawServer(options);
    const { transport } = await world.start({ nodeId: '1', logger: log.logger });
    transport.setPeers('g', new Map([['2', server.address]]));
    transport.send('g', [numbered('1', '2', 1)]);
    await until(() => log.at('warn').length > 0, 'a log line');
    expect(log.at('warn')[0]).toMatch(/^refused by peer 2 at 127\.0\.0\.1:\d+: /);
    expect(log.at('warn')[0]).toMatch(reason);
    expect(transport.stats().peers['2']?.connected).toBe(false);
    await server.close();
    expect(server.connections.every(({ frames }) => frames.every(({ kind }) => kind === FrameKind.hello))).toBe(true);
  });

  test('logs why it was refused once for an outage, not once an attempt, and so does who refuses it', async () => {
    const others = logBook();
    const { address } = await world.start({ nodeId: '2', clusterId: 'other', logger: others.logger });
    const { transport } = await world.start({ nodeId: '1', logger: log.logger, limits: { maxBackoffMs: 20 } });
    transport.setPeers('g', new Map([['2', address]]));
    await until(() => log.at('warn').length > 0, 'a log line');
    for (let i = 0; i < 100; i += 1) await turn();
    expect([log.at('warn').length, others.at('warn').length]).toEqual([1, 1]);
    expect(log.at('warn')[0]).toMatch(/refused by peer 2 .*: cluster "test" is another one: this is cluster "other"/);
  });

  test('gives up on one that takes the connection and never answers, and tries again', async () => {
    const server = await rawServer({ nodeId: '2', reply: false });
    const limits = { handshakeTimeoutMs: 50, maxBackoffMs: 20 };
    const { transport } = await world.start({ nodeId: '1', logger: log.logger, limits });
    transport.setPeers('g', new Map([['2', server.address]]));
    await until(() => server.connections.length >= 3, 'it tries again');
    expect(log.at('warn')).toEqual([expect.stringMatching(/cannot reach peer 2 .*: no handshake within 50 ms/)]);
    await server.close();
  });
});

test('a channel to another cluster or node is refused, certainly not delivered', async () => {
  const { address } = await world.start({ nodeId: '1', onCall: (call) => call.respond(call.payload) });
  for (const [options, reason] of [
    [{ clusterId: 'other' }, /cluster "other" is another one/],
    [{ nodeId: '7' }, /node "7" is not here: this is node "1"/],
  ] as const) {
    const channel = world.connector(options).connect(address);
    const error = await channel.request(new Uint8Array(1)).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ChannelError);
    expect(error).toMatchObject({
      code: 'RAFT_CHANNEL_REFUSED',
      delivered: 'no',
      message: expect.stringMatching(reason),
    });
  }
  const channel = world.connector({ clusterId: '', nodeId: '1' }).connect(address);
  expect(await channel.request(Uint8Array.of(5))).toEqual(Uint8Array.of(5));
});

test('a peer that connects anew replaces its earlier connection, whose unread messages can not arrive late', async () => {
  const { transport, address } = await world.start({ nodeId: '1' });
  const first = await rawConnect(address);
  first.send(helloFrame({}));
  await until(() => first.frames.length === 1, 'the first is accepted');
  const second = await rawConnect(address);
  second.send(helloFrame({}));
  await first.closed;
  await until(() => second.frames.length === 1, 'the second is accepted');
  expect(second.socket.destroyed).toBe(false);
  second.socket.destroy();
  // The id is free again for the peer itself.
  const peer = await world.start({ nodeId: '9' });
  const box = inbox();
  transport.attach('g', box);
  peer.transport.setPeers('g', new Map([['1', address]]));
  await sendUntilReceived(peer.transport, (i) => numbered('9', '1', i), box);
});

test('the hello of the wire is the one of the protocol', () => {
  const hello: Hello = { kind: 'peer', clusterId: 'c', nodeId: 'n', targetId: 't', address: '' };
  expect(frame(FrameKind.hello, encodeHello(hello)).readUInt8(4)).toBe(1);
});
