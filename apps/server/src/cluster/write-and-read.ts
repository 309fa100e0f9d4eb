import type { Connector } from '@raft/core';
import { RaftError } from '@raft/core';
import { KvClient } from '@raft/kv';
import { ClusterError } from './cluster-error.js';
import type { Times } from './report.js';
import type { ClusterState } from './state.js';

/** How a client reaches servers of each transport that listens. */
const connectors: Readonly<Record<string, () => Promise<Connector>>> = {
  grpc: async () => (await import('@raft/transport-grpc')).grpcConnector(),
  tcp: async () => (await import('@raft/transport-tcp')).tcpConnector(),
};

/** Writes a key through a client like any other's and reads it back. Throws {@link ClusterError}. */
export async function writeAndRead({ nodes, transport }: ClusterState): Promise<Times> {
  const connector = await connectors[transport]?.();
  if (connector === undefined) throw new Error(`no client for ${transport}`);
  const client = new KvClient({
    peers: Object.fromEntries(nodes.map(({ id, address }) => [id, address])),
    connector,
    timeoutMs: 10_000,
  });
  const key = 'raft-cluster/started';
  const text = new Date().toISOString();
  try {
    const started = performance.now();
    await client.set(key, text);
    const written = performance.now();
    const found = await client.get(key);
    const read = performance.now();
    if (Buffer.from(found?.value ?? []).toString() !== text) throw new ClusterError('a key was written and not found');
    return { writeMs: written - started, readMs: read - written };
  } catch (error) {
    throw error instanceof RaftError
      ? new ClusterError(`a key could not be written and read: ${error.message}`)
      : error;
  } finally {
    client.close();
  }
}
