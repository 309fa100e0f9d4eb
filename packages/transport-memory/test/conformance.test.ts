import { memoryNetwork } from '@raft/transport-memory';
import { describe, test } from 'vitest';
import { runCase, transportCases } from './support/conformance/index.js';
import type { World } from './support/conformance/index.js';

function world(): World {
  const network = memoryNetwork();
  const closers: (() => Promise<void>)[] = [];
  let unused = 0;
  return {
    async start(options) {
      const address = options.address ?? options.nodeId;
      const transport = network.transport({ ...options, address });
      await transport.start();
      closers.push(() => transport.close());
      return { transport, address };
    },
    connector: () => network.connector(),
    unusedAddress: async () => `nobody-${(unused += 1)}`,
    async dispose() {
      for (const close of closers) await close();
    },
  };
}

describe('transport conformance', () => {
  test.each(transportCases({ addresses: false }))('$name', (testCase) => runCase(testCase, world));
});
