import { status } from '@grpc/grpc-js';
import type { Client } from '@grpc/grpc-js';
import { fileDescriptors } from '@raft/proto/descriptors';
import protobuf from 'protobufjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startNode, turn, until } from './support/nodes.js';
import { rawClient, rawStream } from './support/raw.js';

// A reflection client made from the .proto files, as a tool would make it.

interface Response {
  originalRequest: Record<string, unknown>;
  validHost: string;
  fileDescriptorResponse?: { fileDescriptorProto: Uint8Array[] };
  listServicesResponse?: { service: { name: string }[] };
  allExtensionNumbersResponse?: { baseTypeName: string };
  errorResponse?: { errorCode: number; errorMessage: string };
}

const versions = ['v1', 'v1alpha'] as const;
const types = new Map<string, { request: protobuf.Type; response: protobuf.Type }>();

beforeAll(async () => {
  for (const version of versions) {
    const file = new URL(`../../../proto/grpc/reflection/${version}/reflection.proto`, import.meta.url);
    const root = await protobuf.load(file.pathname);
    const type = (name: string): protobuf.Type => root.lookupType(`grpc.reflection.${version}.${name}`);
    types.set(version, { request: type('ServerReflectionRequest'), response: type('ServerReflectionResponse') });
  }
});

async function ask(client: Client, version: string, ...requests: Record<string, unknown>[]): Promise<Response[]> {
  const { request, response } = types.get(version)!;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const { stream, messages, status: ended } = rawStream(client, path);
  for (const each of requests) stream.write(request.encode(request.fromObject(each)).finish());
  stream.end();
  expect((await ended).code).toBe(status.OK);
  return messages.map((bytes) => response.decode(bytes).toJSON() as unknown as Response);
}

describe.each(versions)('reflection %s', (version) => {
  test('lists the services', async () => {
    const services = [{ name: 'test.v1.Test', methods: { Run: async () => Uint8Array.of(1) } }];
    const node = await startNode({ reflection: [], services, onCall: (call) => call.respond(call.payload) });
    const [response] = await ask(rawClient(node.address), version, { host: 'here', listServices: '' });
    expect(response).toMatchObject({ validHost: 'here', originalRequest: { host: 'here', listServices: '' } });
    expect(response?.listServicesResponse?.service.map(({ name }) => name)).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'kv.v1.KV',
      'raft.v1.Peer',
      'test.v1.Test',
    ]);
  });

  test.each([
    [{ fileByFilename: 'kv/v1/kv.proto' }, 'kv/v1/kv.proto'],
    [{ fileContainingSymbol: 'kv.v1.KV' }, 'kv/v1/kv.proto'],
    [{ fileContainingSymbol: 'kv.v1.KV.Pipeline' }, 'kv/v1/kv.proto'],
    [{ fileContainingSymbol: 'raft.v1.AppendEntries' }, 'raft/v1/raft.proto'],
    [{ fileContainingSymbol: 'raft.v1.Hello.Kind' }, 'raft/v1/raft.proto'],
    [{ fileContainingSymbol: 'grpc.health.v1.HealthCheckResponse.ServingStatus' }, 'grpc/health/v1/health.proto'],
    [
      { fileContainingSymbol: `grpc.reflection.${version}.ServerReflection` },
      `grpc/reflection/${version}/reflection.proto`,
    ],
  ])('finds the file for %j', async (request, file) => {
    const node = await startNode({ reflection: [] });
    const [response] = await ask(rawClient(node.address), version, request);
    const bytes = response?.fileDescriptorResponse?.fileDescriptorProto[0];
    expect(bytes).toBe(Buffer.from(fileDescriptors.get(file)!.bytes).toString('base64'));
  });

  test('answers each request in order, and says what it does not know', async () => {
    const node = await startNode({ reflection: [] });
    const responses = await ask(
      rawClient(node.address),
      version,
      { fileByFilename: 'nowhere.proto' },
      { fileContainingSymbol: 'no.Such' },
      { allExtensionNumbersOfType: 'kv.v1.GetRequest' },
      { allExtensionNumbersOfType: 'no.Such' },
      { fileContainingExtension: { containingType: 'kv.v1.GetRequest', extensionNumber: 1 } },
      {},
    );
    const told = responses.map(
      (each) => each.errorResponse?.errorCode ?? each.allExtensionNumbersResponse?.baseTypeName,
    );
    const { NOT_FOUND, INVALID_ARGUMENT } = status;
    expect(told).toEqual([NOT_FOUND, NOT_FOUND, 'kv.v1.GetRequest', NOT_FOUND, NOT_FOUND, INVALID_ARGUMENT]);
    expect(responses[0]?.errorResponse?.errorMessage).toBe('file nowhere.proto is not known here');
  });
});

test('gives a file together with what it imports', async () => {
  const file = (name: string, ...fields: [number, string][]): { name: string; bytes: Uint8Array } => {
    const all: [number, string][] = [[1, name], ...fields];
    return {
      name,
      bytes: Buffer.concat(
        all.map(([field, value]) => Buffer.from([field * 8 + 2, value.length, ...Buffer.from(value)])),
      ),
    };
  };
  const reflection = [
    file('a.proto', [2, 'a'], [3, 'b.proto'], [3, 'unknown.proto'], [4, '\n\u0001M']),
    file('b.proto', [3, 'c.proto']),
    file('c.proto', [3, 'a.proto']),
  ];
  const node = await startNode({ reflection });
  const [response] = await ask(rawClient(node.address), 'v1', { fileContainingSymbol: 'a.M' });
  expect(response?.fileDescriptorResponse?.fileDescriptorProto).toEqual(
    reflection.map(({ bytes }) => Buffer.from(bytes).toString('base64')),
  );
});

test('does not read requests whose answers nobody reads', async () => {
  const node = await startNode({ reflection: [] });
  const { stream } = rawStream(rawClient(node.address), '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo');
  stream.pause();
  // The answer repeats the request.
  const { request } = types.get('v1')!;
  const large = request.encode(request.fromObject({ fileByFilename: 'x'.repeat(100_000) })).finish();
  let taken = 0;
  for (let i = 0; i < 300; i += 1) stream.write(large, () => (taken += 1));
  // Until nothing moves any more.
  for (let still = 0, before = -1; still < 50; still = taken === before ? still + 1 : 0) {
    before = taken;
    await turn();
  }
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(200);
});

test('ends a stream that sends nonsense, and no other', async () => {
  const node = await startNode({ reflection: [] });
  const client = rawClient(node.address);
  const { stream, status: ended } = rawStream(client, '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo');
  stream.write(Buffer.from('ffffff', 'hex'));
  expect((await ended).code).toBe(status.INVALID_ARGUMENT);
  const [response] = await ask(client, 'v1', { listServices: '' });
  await until(() => response?.listServicesResponse !== undefined, 'another stream is answered');
});

test('is not served unless it is asked for', async () => {
  const node = await startNode();
  const { status: ended } = rawStream(
    rawClient(node.address),
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  );
  expect((await ended).code).toBe(status.UNIMPLEMENTED);
});
