import { InvalidArgumentError, TransportError } from '@raft/core';
import type { Call } from '@raft/core';
import { tcpTransport } from '@raft/transport-tcp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  inbox,
  numbered,
  pattern,
  sendUntilReceived,
  turn,
  until,
  withData,
} from '../../testkit/src/transport-suite/world.js';
import { withinTimers } from '../../../tests/support/timers.js';
import { rawConnect, rawServer } from './support/raw.js';
import { tcpWorld } from './support/world.js';
import type { TcpWorld } from './support/world.js';

let world: TcpWorld;

beforeEach(() => {
  world = tcpWorld();
});
afterEach(() => world.dispose());

describe('the start', () => {
  test('on a port in use fails with RAFT_ADDRESS_IN_USE, and says what to do', async () => {
    const { address } = await world.start({ nodeId: '1' });
    const error = await world.start({ nodeId: '2', address }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'RAFT_ADDRESS_IN_USE', cause: { code: 'EADDRINUSE' } });
    expect(String(error)).toContain(
      `${address} is in use: stop the process that listens there, or choose another port`,
    );
  });

  test('on an address that is not of this machine fails with RAFT_TRANSPORT', async () => {
    const error = await world.start({ nodeId: '1', address: '192.0.2.1:7001' }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'RAFT_TRANSPORT', message: expect.stringContaining('192.0.2.1:7001') });
  });

  test('is done once', async () => {
    const { transport } = await world.start({ nodeId: '1' });
    await expect(transport.start()).rejects.toThrow(/started already/);
    await transport.close();
    await expect(transport.start()).rejects.toThrow(/closed already/);
  });

  test('tells the port that the system chose, also on IPv6', async () => {
    const { transport } = await world.start({ nodeId: '1' });
    expect(transport.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  });

  test.each([
    [{ nodeId: '' }, /nodeId/],
    [{ clusterId: '' }, /clusterId/],
    [{ listen: 'nonsense' }, /nonsense/],
    [{ advertise: 'nonsense' }, /nonsense/],
    [{ limits: { maxFrameBytes: -1 } }, /maxFrameBytes/],
  ])('with options that cannot be is refused: %j', (options, reason) => {
    const make = (): unknown => tcpTransport({ nodeId: '1', clusterId: 'c', listen: '127.0.0.1:0', ...options });
    expect(make).toThrow(InvalidArgumentError);
    expect(make).toThrow(reason);
  });

  test('a group has one receiver', async () => {
    const { transport } = await world.start({ nodeId: '1' });
    transport.attach('g', inbox());
    expect(() => transport.attach('g', inbox())).toThrow(InvalidArgumentError);
  });
});

describe('the close', () => {
  test('with requests and messages under way is prompt, and frees the port', async () => {
    const held: Call[] = [];
    const one = await world.start({ nodeId: '1', onCall: (call) => void held.push(call) });
    const two = await world.start({ nodeId: '2' });
    one.transport.setPeers(
      'g',
      new Map([
        ['2', two.address],
        ['3', await world.unusedAddress()],
      ]),
    );
    two.transport.setPeers('g', new Map([['1', one.address]]));
    const channel = world.connector().connect(one.address);
    const ends = Array.from({ length: 20 }, () => channel.request(new Uint8Array(10)).catch((error: unknown) => error));
    await until(() => held.length === 20, 'the requests arrive');
    for (let i = 1; i <= 50; i += 1) one.transport.send('g', [withData('1', '2', i, pattern(50_000, i))]);
    await withinTimers(1000, () => one.transport.close());
    for (const error of await Promise.all(ends))
      expect(error).toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'maybe' });
    await world.start({ nodeId: '1', address: one.address });
  });

  test('sends what was handed over before it: answers and messages', async () => {
    const one = await world.start({ nodeId: '1', onCall: (call) => void held.push(call) });
    const held: Call[] = [];
    const two = await world.start({ nodeId: '2' });
    const box = inbox();
    two.transport.attach('g', box);
    one.transport.setPeers('g', new Map([['2', two.address]]));
    const channel = world.connector().connect(one.address);
    const answer = channel.request(Uint8Array.of(7));
    await until(() => held.length === 1 && one.transport.stats().peers['2']?.connected === true, 'all is connected');
    held[0]!.respond(Uint8Array.of(8));
    one.transport.send('g', [numbered('1', '2', 99)]);
    await one.transport.close();
    expect(await answer).toEqual(Uint8Array.of(8));
    await until(() => box.messages.length === 1, 'the message arrives');
  });

  test('is prompt also with a client that is not read because it has too much under way', async () => {
    const held: Call[] = [];
    const limits = { maxClientRequests: 1 };
    const { transport, address } = await world.start({ nodeId: '1', limits, onCall: (call) => void held.push(call) });
    const channel = world.connector().connect(address);
    const request = (bytes: number): Promise<unknown> =>
      channel.request(new Uint8Array(bytes)).catch((error: unknown) => error);
    const ends = [request(1)];
    await until(() => held.length > 0, 'the first arrives');
    ends.push(request(20_000_000));
    for (let i = 0; i < 20; i += 1) await turn();
    await withinTimers(400, () => transport.close());
    for (const error of await Promise.all(ends)) {
      expect(error).toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'maybe' });
    }
  });

  test('does not wait for others that do not close their side', async () => {
    const { transport, address } = await world.start({ nodeId: '1', onCall: () => {} });
    const server = await rawServer({ nodeId: '2', reply: false });
    transport.setPeers('g', new Map([['2', server.address]]));
    const silent = await rawConnect(address);
    silent.socket.allowHalfOpen = true;
    await until(() => server.connections.length === 1, 'it dials');
    await withinTimers(1500, () => transport.close());
    silent.socket.destroy();
    await server.close();
  });

  test('during the start wins, and leaves nothing listening', async () => {
    const address = await world.unusedAddress();
    const transport = tcpTransport({ nodeId: '1', clusterId: 'test', listen: address });
    const started = transport.start().then(
      () => 'started',
      (error: unknown) => String(error),
    );
    await transport.close();
    expect(await started).toMatch(/closed while it started/);
    const next = await world.start({ nodeId: '1', address });
    expect(next.address).toBe(address);
  });

  test('leaves no timer and no socket behind', async () => {
    const before = process.getActiveResourcesInfo().length;
    const one = await world.start({ nodeId: '1', onCall: (call) => call.respond(call.payload) });
    const two = await world.start({ nodeId: '2' });
    const box = inbox();
    two.transport.attach('g', box);
    one.transport.setPeers(
      'g',
      new Map([
        ['2', two.address],
        ['3', await world.unusedAddress()],
      ]),
    );
    const channel = world.connector().connect(one.address);
    await channel.request(new Uint8Array(1));
    await sendUntilReceived(one.transport, (i) => numbered('1', '2', i), box);
    channel.close();
    await Promise.all([one.transport.close(), two.transport.close()]);
    await until(() => process.getActiveResourcesInfo().length <= before, 'all is released');
  });
});

test('counts what goes by', async () => {
  const one = await world.start({ nodeId: '1', onCall: () => {} });
  const two = await world.start({ nodeId: '2' });
  one.transport.setPeers('g', new Map([['2', two.address]]));
  two.transport.setPeers('g', new Map([['1', one.address]]));
  const box = inbox();
  two.transport.attach('g', box);
  one.transport.send('g', [withData('1', '2', 1, pattern(1000, 1)), numbered('1', '2', 2)]);
  await until(() => box.messages.length === 2, 'they arrive');
  const channel = world.connector().connect(one.address);
  void channel.request(new Uint8Array(1)).catch(() => {});
  await until(() => one.transport.stats().requests === 1, 'the request arrives');
  const sent = one.transport.stats();
  const received = two.transport.stats().peers['1'];
  expect(sent).toMatchObject({ clients: 1, requests: 1 });
  expect(sent.peers['2']).toMatchObject({ connected: true, sentMessages: 2, droppedMessages: 0, receivedMessages: 0 });
  expect(sent.peers['2']?.sentBytes).toBeGreaterThan(1000);
  expect(received).toMatchObject({ receivedMessages: 2, sentMessages: 0 });
  expect(received?.receivedBytes).toBeGreaterThan(1000);
});
