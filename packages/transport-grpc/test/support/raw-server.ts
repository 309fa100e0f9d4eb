import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { encodeHelloReply } from '@raft/proto';
import { onTestFinished } from 'vitest';

export type RawServerStream = ServerDuplexStream<Uint8Array, Uint8Array>;

/** A plain gRPC server with one bidirectional method, whose streams are left to the test. */
export async function startRawServer(path: string): Promise<{ address: string; streams: RawServerStream[] }> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const streams: RawServerStream[] = [];
  server.register(
    path,
    (stream: RawServerStream) => void streams.push(stream),
    Buffer.from,
    (bytes): Uint8Array => bytes,
    'bidi',
  );
  onTestFinished(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, streams };
}

/** Accepts the handshake as this node. */
export function accept(stream: RawServerStream, nodeId: string, clusterId = 'c'): void {
  const metadata = new Metadata();
  const reply = encodeHelloReply({ accepted: true, clusterId, nodeId, reason: '' });
  metadata.set('raft-hello-reply-bin', Buffer.from(reply));
  stream.sendMetadata(metadata);
}
