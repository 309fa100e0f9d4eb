import type { Address } from '@raft/core';
import type { StartedNode } from '@raft/testkit';
import { createProxy } from '../cluster/support/proxy.js';
import type { Proxy } from '../cluster/support/proxy.js';

/** Nodes behind proxies, which can stand still without a word. */
export interface Silencer {
  /** The same node, reached through a proxy. */
  front<Node extends { readonly transport: StartedNode['transport']; readonly address: Address }>(
    node: Node,
  ): Promise<Node>;
  silence(node: { readonly address: Address }): void;
  close(): Promise<void>;
}

export function silencer(): Silencer {
  const proxies = new Map<Address, Proxy>();
  return {
    async front(node) {
      const proxy = await createProxy(() => node.address);
      proxies.set(proxy.address, proxy);
      return { ...node, address: proxy.address };
    },
    silence: ({ address }) => proxies.get(address)?.set('stalled'),
    async close() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}
