import { createServer } from 'node:net';

/** Those of the addresses `host:port` that cannot be listened on now. */
export async function busyAddresses(addresses: readonly string[]): Promise<string[]> {
  const free = await Promise.all(addresses.map(isFree));
  return addresses.filter((_, at) => free[at] === false);
}

async function isFree(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port: Number(port), exclusive: true }, () => server.close(() => resolve(true)));
  });
}
