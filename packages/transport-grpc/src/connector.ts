import { silent, systemClock } from '@raft/core';
import type { Clock, Connector, Logger, NodeId, Random } from '@raft/core';
import { GrpcChannel } from './channel.js';
import type { ChannelContext } from './channel.js';
import { checkTls } from './credentials.js';
import type { GrpcTls } from './credentials.js';
import { withDefaults } from './limits.js';
import type { GrpcLimits } from './limits.js';
import { defaultCallPath, serviceOf } from './method.js';

export interface GrpcConnectorOptions {
  /** Refuses servers of another cluster. Default: any cluster will do. */
  readonly clusterId?: string;
  /** Refuses servers that are another node. Default: any node will do. */
  readonly nodeId?: NodeId;
  /** The method of the servers' pipelined stream. Default `/kv.v1.KV/Pipeline`. */
  readonly callPath?: string;
  /** Mutual TLS. Default: none. */
  readonly tls?: GrpcTls;
  /** Of a channel: `maxMessageBytes`, `maxQueuedBytes`, the timeouts and the pauses apply. */
  readonly limits?: GrpcLimits;
  /** Requests of one channel without an answer; beyond, more reject with `RAFT_CHANNEL_BUSY`. Default 65,536. */
  readonly maxRequests?: number;
  readonly logger?: Logger;
  /** Default {@link systemClock}. */
  readonly clock?: Clock;
  /** For the jitter of the pauses between attempts. Default `Math.random`. */
  readonly random?: Random;
}

/**
 * Opens channels to servers that listen with {@link grpcTransport}. A channel connects at its first request, and anew at the
 * first request after a loss; while it pauses after a failed attempt, requests reject at once with `delivered: 'no'`.
 * Throws {@link InvalidArgumentError}.
 */
export function grpcConnector(options: GrpcConnectorOptions = {}): Connector {
  const callPath = options.callPath ?? defaultCallPath;
  serviceOf(callPath);
  checkTls(options.tls);
  const context: ChannelContext = {
    hello: {
      kind: 'client',
      clusterId: options.clusterId ?? '',
      nodeId: '',
      targetId: options.nodeId ?? '',
      address: '',
    },
    callPath,
    limits: withDefaults(options.limits),
    maxRequests: options.maxRequests ?? 65_536,
    logger: options.logger ?? silent,
    clock: options.clock ?? systemClock(),
    random: options.random ?? Math.random,
    tls: options.tls,
  };
  return { connect: (address) => new GrpcChannel(address, context) };
}
