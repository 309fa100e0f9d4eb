import { Metadata } from '@grpc/grpc-js';
import { decodeHello, decodeHelloReply, encodeHello, encodeHelloReply } from '@raft/proto';
import type { Hello, HelloReply } from '@raft/proto';
import type { VersionedHello } from '@raft/proto/transport';
import { asBuffer } from './bytes.js';

/** Binary metadata of a stream's request and of its answer; part of the protocol, see raft.proto. */
const helloKey = 'raft-hello-bin';
const replyKey = 'raft-hello-reply-bin';

export function helloMetadata(hello: Hello): Metadata {
  const metadata = new Metadata();
  metadata.set(helloKey, asBuffer(encodeHello(hello)));
  return metadata;
}

export function replyMetadata(reply: HelloReply): Metadata {
  const metadata = new Metadata();
  metadata.set(replyKey, asBuffer(encodeHelloReply(reply)));
  return metadata;
}

/** The Hello of a stream; undefined without one. Throws `DecodeError`. */
export function helloFrom(metadata: Metadata): VersionedHello | undefined {
  const [bytes] = metadata.get(helloKey);
  return bytes instanceof Buffer ? decodeHello(bytes) : undefined;
}

/** The reply in an answer's metadata; undefined without one. Throws `DecodeError`. */
export function replyFrom(metadata: Metadata): HelloReply | undefined {
  const [bytes] = metadata.get(replyKey);
  return bytes instanceof Buffer ? decodeHelloReply(bytes) : undefined;
}
