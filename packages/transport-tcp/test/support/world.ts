import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tcpConnector, tcpTransport } from '@raft/transport-tcp';
import type { Channel, Connector } from '@raft/core';
import type { TcpConnectorOptions, TcpTransport, TcpTransportOptions } from '@raft/transport-tcp';
import type { World } from '../../../transport-memory/test/support/conformance/index.js';

/** Real sockets on loopback, with whatever was opened closed in the end. */
export interface TcpWorld extends World {
  start(
    options: Partial<TcpTransportOptions> & { nodeId: string; address?: string },
  ): Promise<{ transport: TcpTransport; address: string }>;
  connector(options?: TcpConnectorOptions): Connector;
  /** The one that was started last. */
  readonly lastTransport: TcpTransport | undefined;
}

export function tcpWorld(): TcpWorld {
  const transports: TcpTransport[] = [];
  const channels: Channel[] = [];
  return {
    async start(options: Partial<TcpTransportOptions> & { nodeId: string; address?: string }) {
      const listen = options.address ?? '127.0.0.1:0';
      const transport = tcpTransport({ clusterId: 'test', listen, ...options });
      transports.push(transport);
      await transport.start();
      return { transport, address: transport.address };
    },
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
    },
  };
}

/** A port that was free a moment ago. */
export async function unusedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return `127.0.0.1:${port}`;
}
