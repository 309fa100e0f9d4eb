import { KvClient, type KvClientOptions } from '../../src/index.js';
import { virtualClock, type VirtualClock } from './clock.js';
import { FakeServers } from './servers.js';

export interface World {
  readonly clock: VirtualClock;
  readonly servers: FakeServers;
  readonly client: KvClient;
}

/** A client of the servers a, b and c, whose pauses are as short as they may be, and which asks nothing but what it is told to. */
export function world(options: Partial<KvClientOptions> = {}): World {
  const clock = virtualClock();
  const servers = new FakeServers(clock);
  const client = new KvClient({
    peers: ['a', 'b', 'c'],
    connector: servers,
    clock,
    random: () => 0,
    sessions: false,
    refreshMs: 0,
    ...options,
  });
  return { clock, servers, client };
}
