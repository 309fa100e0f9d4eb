import type { NodeId } from '@raft/core';
import { PROTOCOL_VERSION } from '../envelope.js';
import type { Hello, HelloReply } from '../hello.js';

export interface Self {
  readonly clusterId: string;
  readonly nodeId: NodeId;
}

export type VersionedHello = Hello & { readonly version: number };

/** Why a connection with this Hello is refused; undefined when it is accepted. */
export function refuseHello(self: Self, hello: VersionedHello): string | undefined {
  const { version, kind, clusterId, nodeId, targetId } = hello;
  if (version !== PROTOCOL_VERSION) return `protocol version ${version} is not spoken here, only ${PROTOCOL_VERSION}`;
  const anyCluster = kind === 'client' && clusterId === '';
  if (!anyCluster && clusterId !== self.clusterId) {
    return `cluster ${JSON.stringify(clusterId)} is another one: this is cluster ${JSON.stringify(self.clusterId)}`;
  }
  const anyTarget = kind === 'client' && targetId === '';
  if (!anyTarget && targetId !== self.nodeId) {
    return `node ${JSON.stringify(targetId)} is not here: this is node ${JSON.stringify(self.nodeId)}`;
  }
  if (kind === 'peer' && nodeId === '') return 'a peer has to tell its node id';
  if (kind === 'peer' && nodeId === self.nodeId) return `node id ${JSON.stringify(nodeId)} is this node's own`;
  return undefined;
}

/** Why the side that dialled does not want the node that it reached; undefined when all is well. */
export function refuseReply(hello: Hello, reply: HelloReply): string | undefined {
  if (!reply.accepted) return reply.reason || 'no reason given';
  if (hello.clusterId !== '' && reply.clusterId !== hello.clusterId) {
    return `it is of cluster ${JSON.stringify(reply.clusterId)}, not ${JSON.stringify(hello.clusterId)}`;
  }
  if (hello.targetId !== '' && reply.nodeId !== hello.targetId) {
    return `it is node ${JSON.stringify(reply.nodeId)}, not ${JSON.stringify(hello.targetId)}`;
  }
  return undefined;
}
