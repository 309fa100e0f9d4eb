import { ChannelError } from '@raft/core';
import type { Address, Channel, Connector } from '@raft/core';
import { exchange } from './exchange.js';
import type { Exchange } from './exchange.js';
import type { Hub } from './hub.js';

export interface MemoryConnectorOptions {
  /** The client's name, for `cut` and `partition`. Default `client`. */
  readonly id?: string;
  /** Bytes of requests that wait for an answer on one channel; beyond, more are refused. Default 64 MiB. */
  readonly maxPendingBytes?: number;
}

export function createConnector(hub: Hub, options: MemoryConnectorOptions = {}): Connector {
  const { id = 'client', maxPendingBytes = 64 * 1024 * 1024 } = options;
  return { connect: (address) => createChannel(hub, id, maxPendingBytes, address) };
}

function createChannel(hub: Hub, client: string, maxPendingBytes: number, address: Address): Channel {
  const exchanges = new Set<Exchange>();
  let pendingBytes = 0;
  let closed = false;

  return {
    async request(payload, options = {}) {
      if (closed) throw new ChannelError('RAFT_CHANNEL_LOST', `the channel to ${address} is closed`, 'no');
      if (pendingBytes > 0 && pendingBytes + payload.length > maxPendingBytes) {
        throw new ChannelError(
          'RAFT_CHANNEL_BUSY',
          `${pendingBytes} bytes wait for ${address}: wait for answers`,
          'no',
        );
      }
      const own = exchange(hub, client, address, payload, options);
      pendingBytes += payload.length;
      exchanges.add(own);
      try {
        return await own.answer;
      } finally {
        pendingBytes -= payload.length;
        exchanges.delete(own);
      }
    },
    get closed() {
      return closed;
    },
    close() {
      closed = true;
      for (const own of exchanges) own.giveUp('RAFT_CHANNEL_LOST', `the channel to ${address} was closed`);
    },
  };
}
