import { DecodeError } from './decode-error.js';
import { decodeMessage } from './decode-message.js';
import { PROTOCOL_VERSION } from './envelope.js';
import { raftV1 } from './generated/protos.js';

/** What opens every connection. */
export type Hello = {
  readonly kind: 'peer' | 'client';
  readonly clusterId: string;
  /** Of the sender; empty for a client. */
  readonly nodeId: string;
  /** The node that the sender believes to be talking to; empty when it does not know. */
  readonly targetId: string;
  /** Where the sender is reached; empty for a client, and when it does not say. */
  readonly address: string;
};

export type HelloReply = {
  readonly accepted: boolean;
  /** Of the node that answers. */
  readonly clusterId: string;
  readonly nodeId: string;
  /** Why the connection is refused; empty when it is accepted. */
  readonly reason: string;
};

const { Kind } = raftV1.Hello;

export function encodeHello(hello: Hello): Uint8Array {
  const kind = hello.kind === 'peer' ? Kind.KIND_PEER : Kind.KIND_CLIENT;
  return raftV1.Hello.encode({ ...hello, kind, version: PROTOCOL_VERSION }).finish();
}

/** Accepts any version, so that the answer can say which one is spoken here. Throws {@link DecodeError}. */
export function decodeHello(bytes: Uint8Array): Hello & { readonly version: number } {
  const { version, kind, clusterId, nodeId, targetId, address } = decodeMessage(raftV1.Hello, bytes, 'hello');
  if (kind !== Kind.KIND_PEER && kind !== Kind.KIND_CLIENT) {
    throw new DecodeError(`malformed hello: kind ${kind} is neither a peer nor a client`);
  }
  return { version, kind: kind === Kind.KIND_PEER ? 'peer' : 'client', clusterId, nodeId, targetId, address };
}

export function encodeHelloReply(reply: HelloReply): Uint8Array {
  return raftV1.HelloReply.encode({ ...reply, version: PROTOCOL_VERSION }).finish();
}

/** Throws {@link DecodeError}. */
export function decodeHelloReply(bytes: Uint8Array): HelloReply {
  const { accepted, clusterId, nodeId, reason } = decodeMessage(raftV1.HelloReply, bytes, 'hello reply');
  return { accepted, clusterId, nodeId, reason };
}
