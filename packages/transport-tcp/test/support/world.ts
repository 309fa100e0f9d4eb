import { tcpConnector, tcpTransport } from '@raft/transport-tcp';
import type { Channel, Connector } from '@raft/core';
import type { TcpConnectorOptions, TcpTransport, TcpTransportOptions } from '@raft/transport-tcp';
import type { NodeOptions, StartedNode, TransportWorld } from '@raft/testkit';
import { freeBasePort } from '../../../../tests/support/ports.js';
import { silencer } from '../../../../tests/support/silenceable.js';

/** Real sockets on loopback, with whatever was opened closed in the end. */
export interface TcpWorld extends TransportWorld {
  start(options: Partial<TcpTransportOptions> & NodeOptions): Promise<{ transport: TcpTransport; address: string }>;
  silence(node: StartedNode): void;
  connector(options?: TcpConnectorOptions): Connector;
  /** The one that was started last. */
  readonly lastTransport: TcpTransport | undefined;
}

export function tcpWorld(): TcpWorld {
  const transports: TcpTransport[] = [];
  const channels: Channel[] = [];
  const silent = silencer();
  return {
    async start({ address = '127.0.0.1:0', maxQueuedBytes, silenceable, ...options }) {
      const limits = { ...options.limits, ...(maxQueuedBytes === undefined ? {} : { maxQueuedBytes }) };
      const transport = tcpTransport({ clusterId: 'test', listen: address, ...options, limits });
      transports.push(transport);
      await transport.start();
      const node = { transport, address: transport.address };
      return silenceable === true ? silent.front(node) : node;
    },
    silence: silent.silence,
    connector(options) {
      const connector = tcpConnector({ clusterId: 'test', ...options });
      return {
        connect(address) {
          const channel = connector.connect(address);
          channels.push(channel);
          return channel;
        },
      };
    },
    unusedAddress,
    get lastTransport() {
      return transports.at(-1);
    },
    async dispose() {
      for (const channel of channels) channel.close();
      await Promise.all(transports.map((transport) => transport.close()));
      await silent.close();
    },
  };
}

/** Nobody listens there, and nobody else is given it meanwhile. */
export async function unusedAddress(): Promise<string> {
  return `127.0.0.1:${await freeBasePort()}`;
}
