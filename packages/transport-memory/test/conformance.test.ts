import { transportSuite } from '@raft/testkit';
import type { TransportWorld } from '@raft/testkit';
import { testSuite } from '@raft/testkit/vitest';
import { memoryNetwork } from '@raft/transport-memory';

/** The nodes of a world share a network, which has as much room for each as the first one asks for. */
function open(): TransportWorld {
  let network: ReturnType<typeof memoryNetwork> | undefined;
  const names = new Map<string, string>();
  const closers: (() => Promise<void>)[] = [];
  let unused = 0;
  const shared = (maxQueuedBytes?: number): ReturnType<typeof memoryNetwork> =>
    (network ??= memoryNetwork(maxQueuedBytes === undefined ? {} : { maxQueuedBytes }));
  return {
    async start({ nodeId, address = `${nodeId}.address`, onCall, maxQueuedBytes }) {
      const calls = onCall === undefined ? {} : { onCall };
      const transport = shared(maxQueuedBytes).transport({ nodeId, address, ...calls });
      await transport.start();
      closers.push(() => transport.close());
      names.set(address, nodeId);
      return { transport, address };
    },
    connector: () => shared().connector(),
    silence: ({ address }) => network?.isolate(names.get(address) ?? ''),
    unusedAddress: async () => `nobody-${(unused += 1)}`,
    async dispose() {
      for (const close of closers) await close();
    },
  };
}

testSuite(transportSuite({ name: 'transport-memory', open, supports: { addresses: false, clusters: false } }));
