import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Passes connections on to `target`, and can stand still as a network does whose cable was pulled. */
export interface Proxy {
  readonly address: string;
  /** Connections that were made so far. */
  readonly connections: number;
  /** Nothing passes any more, and nobody is told. */
  freeze(): void;
  /** New connections pass again; the old ones stay dead. */
  thaw(): void;
  /** Closes everything. */
  destroy(): void;
}

export async function startProxy(target: string): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  let connections = 0;
  const [host = '', port = ''] = target.split(':');
  const server = createServer((inbound) => {
    connections += 1;
    const outbound = connect(Number(port), host);
    for (const [socket, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        if (!frozen) other.destroy();
      });
      if (frozen) socket.pause();
      else socket.on('data', (chunk: Buffer) => void other.write(chunk));
    }
  });
  const destroy = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  onTestFinished(destroy);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      frozen = false;
    },
    destroy,
  };
}
