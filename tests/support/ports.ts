import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port that starts ten free ones, with ten more free ones a hundred above: what a cluster takes. */
export async function freeBasePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // Below the ports that systems hand out by themselves.
    const base = 10_000 + Math.floor(Math.random() * 20_000);
    const ports = Array.from({ length: 20 }, (_, at) => base + (at < 10 ? at : 90 + at));
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
    await sleep(1);
  }
  throw new Error('no free ports on this machine');
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
