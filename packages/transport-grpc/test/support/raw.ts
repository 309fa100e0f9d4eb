import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ChannelOptions, ClientDuplexStream, StatusObject } from '@grpc/grpc-js';
import { encodeHello } from '@raft/proto';
import type { Hello } from '@raft/proto';
import { onTestFinished } from 'vitest';

// A plain gRPC client that knows nothing of this package.

export interface RawStream {
  readonly stream: ClientDuplexStream<Uint8Array, Uint8Array>;
  readonly messages: Uint8Array[];
  /** Resolves when the stream has ended. */
  readonly status: Promise<StatusObject>;
}

export function rawClient(address: string, options: ChannelOptions = {}): Client {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, ...options });
  onTestFinished(() => client.close());
  return client;
}

export function rawStream(client: Client, path: string, metadata: Metadata = new Metadata()): RawStream {
  const stream = client.makeBidiStreamRequest<Uint8Array, Uint8Array>(path, Buffer.from, (bytes) => bytes, metadata);
  const messages: Uint8Array[] = [];
  const status = new Promise<StatusObject>((resolve) => {
    stream.on('status', resolve);
  });
  stream.on('error', () => {});
  stream.on('data', (bytes: Uint8Array) => void messages.push(bytes));
  onTestFinished(() => stream.cancel());
  return { stream, messages, status };
}

export async function rawUnary(
  client: Client,
  path: string,
  request: Uint8Array,
  deadline?: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, answer?: Uint8Array): void =>
      error === null ? resolve(answer ?? new Uint8Array(0)) : reject(error);
    const options = deadline === undefined ? {} : { deadline };
    client.makeUnaryRequest(path, Buffer.from, (bytes): Uint8Array => bytes, request, new Metadata(), options, done);
  });
}

export function hello(
  fields: Partial<Hello> = {},
  patch: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): Metadata {
  const bytes = encodeHello({ kind: 'peer', clusterId: 'c', nodeId: '2', targetId: '1', address: '', ...fields });
  const metadata = new Metadata();
  metadata.set('raft-hello-bin', Buffer.from(patch(bytes)));
  return metadata;
}

export const peerPath = '/raft.v1.Peer/Stream';
export const callPath = '/kv.v1.KV/Pipeline';
