import type { NodeId } from '@raft/core';
import type { PeerStats } from '@raft/proto/transport';

export type GrpcPeerStats = PeerStats;

export interface GrpcStats {
  readonly peers: Readonly<Record<NodeId, GrpcPeerStats>>;
  /** Pipelined streams of clients. */
  readonly clients: number;
  /** Requests of clients that have no answer yet, unary ones included. */
  readonly requests: number;
}
