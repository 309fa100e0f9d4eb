import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'vitest';
import { runCase, transportCases } from '../../transport-memory/test/support/conformance/index.js';
import type { World } from '../../transport-memory/test/support/conformance/index.js';
import { grpcConnector, grpcTransport } from '../src/index.js';

function world(): World {
  const closers: (() => Promise<void>)[] = [];
  return {
    async start(options) {
      const transport = grpcTransport({
        clusterId: 'c',
        listen: '127.0.0.1:0',
        ...options,
        ...listenOn(options.address),
      });
      closers.push(() => transport.close());
      await transport.start();
      return { transport, address: transport.address };
    },
    connector() {
      const connector = grpcConnector({ clusterId: 'c' });
      return {
        connect(address) {
          const channel = connector.connect(address);
          closers.push(async () => channel.close());
          return channel;
        },
      };
    },
    unusedAddress,
    async dispose() {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

function listenOn(address: string | undefined): { listen?: string } {
  return address === undefined ? {} : { listen: address };
}

async function unusedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

describe('transport conformance', () => {
  for (const testCase of transportCases({ addresses: true })) {
    test(testCase.name, async () => {
      await runCase(testCase, world);
    });
  }
});
