import type { Address, NodeId, Transport } from '@raft/core';
import { grpcTransport } from '@raft/transport-grpc';
import { memoryNetwork } from '@raft/transport-memory';
import { tcpTransport } from '@raft/transport-tcp';
import { createProxy } from './proxy.js';
import type { Passage, Proxy } from './proxy.js';

/** Where the nodes of one test meet, and what can happen to it. */
export interface Network {
  /** A started transport for a node; made anew for each of its lives. */
  transport(id: NodeId): Promise<Transport>;
  /** What becomes of what `from` sends to `to`. In memory, stalled messages are lost. */
  set(from: NodeId, to: NodeId, passage: Passage): void;
  setDelay(delayMs: number): void;
  close(): Promise<void>;
}

export const clusterId = 'matrix';

export function memory(): Network {
  const network = memoryNetwork();
  const cut = new Set<string>();
  network.block((message) => cut.has(`${message.from} ${message.to}`));
  return {
    async transport(id) {
      const transport = network.transport({ nodeId: id });
      await transport.start();
      return transport;
    },
    set(from, to, passage) {
      if (passage === 'open') cut.delete(`${from} ${to}`);
      else cut.add(`${from} ${to}`);
    },
    setDelay: (delayMs) => network.setFaults(delayMs === 0 ? undefined : { delayMs: { min: delayMs, max: delayMs } }),
    async close() {},
  };
}

interface SocketTransport extends Transport {
  readonly address: Address;
}

/** Nodes that give up and try again quickly, as a test has no time; but a gRPC connection in vain costs some milliseconds. */
const limits = { minBackoffMs: 10, maxBackoffMs: 200, handshakeTimeoutMs: 1000, peerTimeoutMs: 1000 };

export const tcp = (): Network =>
  proxied((nodeId) => tcpTransport({ nodeId, clusterId, listen: '127.0.0.1:0', limits }));

export const grpc = (): Network =>
  proxied((nodeId) => grpcTransport({ nodeId, clusterId, listen: '127.0.0.1:0', limits }));

/** Each node reaches each other through a proxy of its own, so that every direction can fail by itself. */
function proxied(make: (id: NodeId) => SocketTransport): Network {
  const transports = new Map<NodeId, SocketTransport>();
  const proxies = new Map<string, Promise<Proxy>>();

  function proxy(from: NodeId, to: NodeId): Promise<Proxy> {
    const name = `${from} ${to}`;
    const found = proxies.get(name) ?? createProxy(() => transports.get(to)?.address);
    proxies.set(name, found);
    return found;
  }

  async function each(change: (proxy: Proxy) => unknown): Promise<void> {
    await Promise.all([...proxies.values()].map(async (made) => change(await made)));
  }

  return {
    async transport(id) {
      const inner = make(id);
      await inner.start();
      transports.set(id, inner);
      return {
        start: () => inner.start(),
        attach: (group, receiver) => inner.attach(group, receiver),
        detach: (group) => inner.detach(group),
        send: (group, messages) => inner.send(group, messages),
        setPeers(group, addresses) {
          const others = [...addresses.keys()].filter((other) => other !== id);
          const found = others.map(async (other) => [other, (await proxy(id, other)).address] as const);
          void Promise.all(found).then((through) => inner.setPeers(group, new Map(through)));
        },
        async close() {
          if (transports.get(id) === inner) transports.delete(id);
          await inner.close();
        },
      };
    },
    set: (from, to, passage) => void proxy(from, to).then((made) => made.set(passage)),
    setDelay: (delayMs) => void each((made) => made.setDelay(delayMs)),
    async close() {
      await each((made) => made.close());
    },
  };
}
