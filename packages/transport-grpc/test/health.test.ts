import { EventEmitter } from 'node:events';
import { Metadata, status } from '@grpc/grpc-js';
import type { Client, Server, StatusObject } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { Health } from '../src/health.js';
import { startNode, until } from './support/nodes.js';
import { rawClient, rawUnary } from './support/raw.js';

// Messages of grpc.health.v1, written by hand: string service = 1, status = 1.
const request = (service: string): Uint8Array =>
  service === '' ? new Uint8Array(0) : Buffer.concat([Buffer.of(10, service.length), Buffer.from(service)]);
const serving = Buffer.of(8, 1);
const notServing = Buffer.of(8, 2);
const serviceUnknown = Buffer.of(8, 3);

const check = (client: Client, service: string): Promise<Uint8Array> =>
  rawUnary(client, '/grpc.health.v1.Health/Check', request(service));

function watch(client: Client, service: string): { told: Uint8Array[]; ended: Promise<StatusObject> } {
  const path = '/grpc.health.v1.Health/Watch';
  const stream = client.makeServerStreamRequest(
    path,
    Buffer.from,
    (bytes): Uint8Array => bytes,
    request(service),
    new Metadata(),
  );
  const told: Uint8Array[] = [];
  stream.on('data', (bytes: Uint8Array) => void told.push(bytes));
  stream.on('error', () => {});
  return { told, ended: new Promise((resolve) => stream.on('status', resolve)) };
}

test('tells of the server, of what it serves, and of what is unknown', async () => {
  const services = [{ name: 'test.v1.Test', methods: { Run: async () => Uint8Array.of(1) } }];
  const node = await startNode({ services, onCall: (call) => call.respond(call.payload) });
  const client = rawClient(node.address);
  for (const service of ['', 'raft.v1.Peer', 'kv.v1.KV', 'test.v1.Test'])
    expect(await check(client, service)).toEqual(serving);
  await expect(check(client, 'unknown')).rejects.toMatchObject({ code: status.NOT_FOUND });
  node.transport.setServing(false);
  node.transport.setServing(false, 'kv.v1.KV');
  expect(await check(client, '')).toEqual(notServing);
  expect(await check(client, 'kv.v1.KV')).toEqual(notServing);
  expect(await check(client, 'raft.v1.Peer')).toEqual(serving);
});

test('does not tell of a client service where none is served', async () => {
  const node = await startNode();
  await expect(check(rawClient(node.address), 'kv.v1.KV')).rejects.toMatchObject({ code: status.NOT_FOUND });
});

test('tells watchers of each change, and of the end', async () => {
  const node = await startNode();
  const client = rawClient(node.address);
  const server = watch(client, '');
  const later = watch(client, 'later');
  await until(() => server.told.length === 1 && later.told.length === 1, 'the state now is told');
  node.transport.setServing(true);
  node.transport.setServing(true, 'later');
  await until(() => later.told.length === 2, 'the change is told');
  node.transport.setServing(false);
  await until(() => server.told.length === 2, 'the change is told');
  expect(server.told).toEqual([serving, notServing]);
  await node.transport.close();
  expect(await later.ended).toMatchObject({ code: status.UNAVAILABLE });
  expect(later.told).toEqual([serviceUnknown, serving, notServing]);
});

test('tells a watcher that reads slowly the latest state', async () => {
  const node = await startNode();
  const { told } = watch(rawClient(node.address), '');
  await until(() => told.length === 1, 'the state now is told');
  for (const serving of [false, true, false, true]) node.transport.setServing(serving);
  await until(() => told.length === 3, 'the changes are told');
  expect(told).toEqual([serving, notServing, serving]);
});

test('forgets a watcher that goes away', () => {
  const health = new Health();
  const handlers = new Map<string, (stream: unknown) => void>();
  health.register({
    register: (path: string, handle: () => void) => void handlers.set(path, handle),
  } as unknown as Server);
  const stream = Object.assign(new EventEmitter(), {
    request: { service: 'x' },
    written: 0,
    write: () => (stream.written += 1),
  });
  handlers.get('/grpc.health.v1.Health/Watch')?.(stream);
  expect(stream.written).toBe(1);
  stream.emit('cancelled');
  health.set('x', true);
  health.close();
  expect(stream.written).toBe(1);
});
