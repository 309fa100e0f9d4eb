import type { NodeId } from '@raft/core';
import type { PeerStats } from '@raft/proto/transport';

export type TcpPeerStats = PeerStats;

export interface TcpStats {
  readonly peers: Readonly<Record<NodeId, TcpPeerStats>>;
  /** Connections of clients. */
  readonly clients: number;
  /** Requests of clients that have no answer yet. */
  readonly requests: number;
}
