import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Address } from '@raft/core';

/**
 * What becomes of what is sent through a proxy. `cut`: connections break, and new ones break at once. `stalled`: bytes go
 * nowhere and nobody is told, as when a cable is pulled; what was sent before the end of it arrives late.
 */
export type Passage = 'open' | 'cut' | 'stalled';

/** A loopback TCP proxy in front of one server, for one of its peers. */
export interface Proxy {
  readonly address: Address;
  set(passage: Passage): void;
  /** Milliseconds that bytes take, in both directions. */
  setDelay(delayMs: number): void;
  close(): Promise<void>;
}

/** Both ends of one connection. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** An end has closed while the passage was stalled: the other is not told before it is open. */
  isOver: boolean;
}

/** `target` is asked for each connection; undefined: nobody listens there now. */
export async function createProxy(target: () => Address | undefined): Promise<Proxy> {
  const pairs = new Set<Pair>();
  let passage: Passage = 'open';
  let delayMs = 0;

  const server = createServer({ noDelay: true }, (near) => {
    near.on('error', () => 'told by close');
    const address = target();
    if (passage === 'cut' || address === undefined) return near.destroy();
    const port = Number(address.split(':').at(-1));
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    far.on('error', () => 'told by close');
    const pair: Pair = { near, far, isOver: false };
    pairs.add(pair);
    forward(near, far, pair);
    forward(far, near, pair);
    return undefined;
  });

  function forward(from: Socket, to: Socket, pair: Pair): void {
    if (passage === 'stalled') from.pause();
    from.on('data', (bytes) => {
      if (delayMs === 0) to.write(bytes);
      else setTimeout(() => to.write(bytes), delayMs);
    });
    from.on('close', () => {
      pair.isOver = true;
      if (passage !== 'stalled') end(pair);
    });
  }

  function end(pair: Pair): void {
    pair.near.destroy();
    pair.far.destroy();
    pairs.delete(pair);
  }

  await listen(server);
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next) {
      passage = next;
      for (const pair of pairs) {
        if (next === 'cut' || (next === 'open' && pair.isOver)) end(pair);
        else if (next === 'open') for (const socket of [pair.near, pair.far]) socket.resume();
        else for (const socket of [pair.near, pair.far]) socket.pause();
      }
    },
    setDelay: (ms) => void (delayMs = ms),
    async close() {
      for (const pair of pairs) end(pair);
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
