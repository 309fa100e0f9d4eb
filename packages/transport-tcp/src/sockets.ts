import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { HostPort } from './address.js';

/** Where sockets are made; the one place to put encryption in. */
export interface Sockets {
  /** The event of a socket that is ready to be written to. */
  readonly readyEvent: string;
  dial(target: HostPort): Socket;
  listen(onSocket: (socket: Socket) => void): Server;
}

/** Until the system asks an idle connection for a sign of life; it gives up some ten seconds later. */
const keepAliveMs = 15_000;

export const plainSockets: Sockets = {
  readyEvent: 'connect',
  dial: ({ host, port }) => connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs }),
  listen: (onSocket) => createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs }, onSocket),
};
