import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { InvalidArgumentError } from '@raft/core';
import { refuseCertificate } from '@raft/proto/transport';
import type { HostPort, MutualTls } from '@raft/proto/transport';

export type TcpTls = MutualTls;

/** Where sockets are made, with encryption or without. */
export interface Sockets {
  /** The event of a socket that is ready to be written to. */
  readonly readyEvent: 'connect' | 'secureConnect';
  /** `nodeId` is that of the other side, empty for any. */
  dial(target: HostPort, nodeId: string): Socket;
  listen(options: ListenSockets): Server;
  /** Why the other side of a socket that was accepted cannot be this node. */
  refusePeer(socket: Socket, nodeId: string): string | undefined;
}

export interface ListenSockets {
  /** Of what comes before a socket is ready, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  readonly accepted: (socket: Socket) => void;
  /** A connection ended before it was ready. */
  readonly failed: (error: Error, socket: Socket) => void;
}

/** Until the system asks an idle connection for a sign of life; it gives up some ten seconds later. */
const keepAliveInitialDelay = 15_000;

const quick = { noDelay: true, keepAlive: true, keepAliveInitialDelay } as const;

const plainSockets: Sockets = {
  readyEvent: 'connect',
  dial: ({ host, port }) => connect({ host, port, ...quick }),
  listen: ({ accepted }) => createServer(quick, accepted),
  refusePeer: () => undefined,
};

/** Throws {@link InvalidArgumentError} for certificates and keys that are none. */
export function socketsFor(tls: TcpTls | undefined): Sockets {
  if (tls === undefined) return plainSockets;
  const [ca, cert, key] = [Buffer.from(tls.ca), Buffer.from(tls.cert), Buffer.from(tls.key)];
  const verifyNodeIds = tls.verifyNodeIds === true;
  const sockets: Sockets = {
    readyEvent: 'secureConnect',
    dial: ({ host, port }, nodeId) => {
      const check: ConnectionOptions['checkServerIdentity'] = (name, certificate) => {
        const refusal = verifyNodeIds && nodeId !== '' ? refuseCertificate(certificate, nodeId) : undefined;
        return refusal === undefined ? checkServerIdentity(name, certificate) : new Error(refusal);
      };
      const name = tls.serverName === undefined ? {} : { servername: tls.serverName };
      const socket = connectTls({ host, port, ca, cert, key, ...name, checkServerIdentity: check });
      socket.once('connect', () => socket.setNoDelay(true).setKeepAlive(true, keepAliveInitialDelay));
      return socket;
    },
    listen: ({ handshakeTimeoutMs, accepted, failed }) => {
      const must = { requestCert: true, rejectUnauthorized: true, handshakeTimeout: handshakeTimeoutMs };
      const server = createTlsServer({ ca, cert, key, ...must, ...quick }, accepted);
      return server.on('tlsClientError', (error, socket) => {
        failed(error, socket);
        socket.destroy();
      });
    },
    refusePeer: (socket, nodeId) => {
      if (!verifyNodeIds) return undefined;
      return refuseCertificate(socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined, nodeId);
    },
  };
  try {
    // Reads them all, and opens nothing.
    sockets.listen({ handshakeTimeoutMs: 1, accepted: () => {}, failed: () => {} });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`tls cannot be used: ${reason}: give ca, cert and key as PEM`);
  }
  return sockets;
}
