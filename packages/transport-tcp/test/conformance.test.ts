import { transportSuite } from '@raft/testkit';
import { testSuite } from '@raft/testkit/vitest';
import { tcpWorld } from './support/world.js';

function open(): ReturnType<typeof tcpWorld> {
  const world = tcpWorld();
  return { ...world, start: (options) => world.start({ limits: { peerTimeoutMs: 500 }, ...options }) };
}

testSuite(transportSuite({ name: 'transport-tcp', open }));
