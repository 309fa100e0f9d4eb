import type { AddressInfo, Server, Socket } from 'node:net';
import { TransportError } from '@raft/core';
import type { Address } from '@raft/core';
import { formatAddress, parseAddress } from '@raft/proto/transport';
import type { ThrottledLog } from '@raft/proto/transport';
import type { Sockets } from './sockets.js';

/** What is still open after so many milliseconds of closing is cut off. */
const closeTimeoutMs = 500;

export interface ListenOptions {
  readonly address: Address;
  readonly sockets: Sockets;
  /** Connections at a time; the system closes more at once. */
  readonly maxConnections: number;
  readonly handshakeTimeoutMs: number;
  readonly log: ThrottledLog;
  readonly onSocket: (socket: Socket) => void;
}

export interface Listener {
  /** With the port that the system chose. */
  readonly address: Address;
  /** Accepts nothing more; resolves when every accepted socket has closed, at the latest after half a second. */
  close(): Promise<void>;
}

/** Throws {@link TransportError} `RAFT_ADDRESS_IN_USE` or `RAFT_TRANSPORT`. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { sockets, address, maxConnections, handshakeTimeoutMs, log } = options;
  const server = sockets.listen({
    handshakeTimeoutMs,
    accepted: options.onSocket,
    failed: (error, { remoteAddress = 'unknown' }) =>
      log('tls', 10, 'warn', `refused a connection from ${remoteAddress}: ${error.message}`),
  });
  // Those too that are not ready yet, of which nobody else knows.
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.maxConnections = maxConnections;
  await bind(server, address);
  server.on('drop', () => log('accept', 1, 'warn', `refused a connection: ${maxConnections} are open`));
  server.on('error', (error) => log('accept', 1, 'error', `cannot accept connections: ${error.message}`));
  const { address: host, port } = server.address() as AddressInfo;
  return {
    address: formatAddress({ host, port }),
    close: () =>
      new Promise((resolve) => {
        const deadline = setTimeout(() => {
          for (const socket of open) socket.destroy();
        }, closeTimeoutMs);
        server.close(() => {
          clearTimeout(deadline);
          resolve();
        });
      }),
  };
}

async function bind(server: Server, address: Address): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(parseAddress(address), () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      const what = `${address} is in use: stop the process that listens there, or choose another port`;
      throw new TransportError('RAFT_ADDRESS_IN_USE', what, { cause });
    }
    throw new TransportError('RAFT_TRANSPORT', `cannot listen on ${address}: ${message}`, { cause });
  }
}
