import { silent, systemClock } from '@raft/core';
import type { Clock, Connector, Logger, NodeId, Random } from '@raft/core';
import { TcpChannel } from './channel.js';
import type { ChannelContext } from './channel.js';
import { withDefaults } from './limits.js';
import type { TcpLimits } from './limits.js';
import { socketsFor } from './sockets.js';
import type { TcpTls } from './sockets.js';

export interface TcpConnectorOptions {
  /** Refuses servers of another cluster. Default: any cluster will do. */
  readonly clusterId?: string;
  /** Refuses servers that are another node. Default: any node will do. */
  readonly nodeId?: NodeId;
  /** Mutual TLS. Default: none. */
  readonly tls?: TcpTls;
  /** Of a channel: `maxFrameBytes`, `maxQueuedBytes`, the timeouts and the pauses apply. */
  readonly limits?: TcpLimits;
  /** Requests of one channel without an answer; beyond, more reject with `RAFT_CHANNEL_BUSY`. Default 65,536. */
  readonly maxRequests?: number;
  readonly logger?: Logger;
  /** Default {@link systemClock}. */
  readonly clock?: Clock;
  /** For the jitter of the pauses between attempts. Default `Math.random`. */
  readonly random?: Random;
}

/**
 * Opens channels to servers that listen with {@link tcpTransport}. A channel connects at its first request, and anew at the
 * first request after a loss; while it pauses after a failed attempt, requests reject at once with `delivered: 'no'`.
 */
export function tcpConnector(options: TcpConnectorOptions = {}): Connector {
  const context: ChannelContext = {
    clusterId: options.clusterId ?? '',
    targetId: options.nodeId ?? '',
    limits: withDefaults(options.limits),
    maxRequests: options.maxRequests ?? 65_536,
    logger: options.logger ?? silent,
    clock: options.clock ?? systemClock(),
    random: options.random ?? Math.random,
    sockets: socketsFor(options.tls),
  };
  return { connect: (address) => new TcpChannel(address, context) };
}
