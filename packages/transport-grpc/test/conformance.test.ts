import { transportSuite } from '@raft/testkit';
import type { TransportWorld } from '@raft/testkit';
import { testSuite } from '@raft/testkit/vitest';
import { grpcConnector, grpcTransport } from '@raft/transport-grpc';
import { silencer } from '../../../tests/support/silenceable.js';
import { unusedAddress } from '../../transport-tcp/test/support/world.js';

function open(): TransportWorld {
  const silent = silencer();
  const closers: (() => Promise<void>)[] = [];
  return {
    async start({ address = '127.0.0.1:0', maxQueuedBytes, silenceable, ...options }) {
      const limits = { peerTimeoutMs: 1500, ...(maxQueuedBytes === undefined ? {} : { maxQueuedBytes }) };
      const transport = grpcTransport({ clusterId: 'c', listen: address, ...options, limits });
      closers.push(() => transport.close());
      await transport.start();
      const node = { transport, address: transport.address };
      return silenceable === true ? silent.front(node) : node;
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
    silence: silent.silence,
    unusedAddress,
    async dispose() {
      await Promise.all(closers.map((close) => close()));
      await silent.close();
    },
  };
}

testSuite(transportSuite({ name: 'transport-grpc', open }));
