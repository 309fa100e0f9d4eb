import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server that speaks something else, or nothing. */
export async function startOtherServer(
  greeting?: string,
): Promise<{ address: string; connections(): Promise<number> }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
    if (greeting !== undefined) socket.end(greeting);
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
  };
}
