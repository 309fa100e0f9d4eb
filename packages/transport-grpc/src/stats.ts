import type { NodeId } from '@raft/core';

/** Counted since the peer was first named. */
export interface GrpcPeerStats {
  /** Messages to it can be sent. */
  readonly connected: boolean;
  /** Bytes that wait to be sent, about. */
  readonly queuedBytes: number;
  /** Messages that were not sent: the peer was away, the queue full. */
  readonly droppedMessages: number;
  readonly sentMessages: number;
  readonly sentBytes: number;
  /** Messages of gRPC that they went in. */
  readonly sentEnvelopes: number;
  readonly receivedMessages: number;
  readonly receivedBytes: number;
}

export interface GrpcStats {
  readonly peers: Readonly<Record<NodeId, GrpcPeerStats>>;
  /** Pipelined streams of clients. */
  readonly clients: number;
  /** Requests of clients that have no answer yet, unary ones included. */
  readonly requests: number;
}

export interface PeerCounters {
  droppedMessages: number;
  sentMessages: number;
  sentBytes: number;
  sentEnvelopes: number;
  receivedMessages: number;
  receivedBytes: number;
}

export function peerCounters(): PeerCounters {
  return {
    droppedMessages: 0,
    sentMessages: 0,
    sentBytes: 0,
    sentEnvelopes: 0,
    receivedMessages: 0,
    receivedBytes: 0,
  };
}
