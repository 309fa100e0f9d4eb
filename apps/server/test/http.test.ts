import type { NodeStatus } from '@raft/core';
import { afterEach, describe, expect, it } from 'vitest';
import { serveHttp } from '../src/http.js';
import type { HttpServer } from '../src/http.js';
import { UsageError } from '../src/usage-error.js';

const leading: NodeStatus = {
  ...{ id: '1', clusterId: 'c', groupId: 'default', storeId: 'x', state: 'running', role: 'leader', term: 3 },
  ...{ leaderId: '1', commitIndex: 9, appliedIndex: 8, firstIndex: 1, lastIndex: 10, snapshotIndex: 0 },
  membership: { index: 1, voters: ['1', '2'], learners: [], outgoing: [], addresses: { '1': 'a:1', '2': 'b:1' } },
  ...{ healthy: true, diskFull: false, removed: false },
  peers: [{ id: '2', matchIndex: 7, nextIndex: 11, state: 'replicate', inflightMessages: 1, inflightBytes: 5 }],
};

let open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.map(async (server) => server.close()));
  open = [];
});

async function serve(status: NodeStatus, address = '127.0.0.1:0'): Promise<HttpServer> {
  const server = await serveHttp({ address, version: '1.2.3', status: () => status });
  open.push(server);
  return server;
}

async function get(server: HttpServer, path: string, method = 'GET'): Promise<[status: number, body: unknown]> {
  const response = await fetch(`http://${server.address}${path}`, { method });
  return [response.status, method === 'HEAD' ? undefined : await response.json()];
}

describe('the status server', () => {
  it('serves exactly the documented fields', async () => {
    expect(await get(await serve(leading), '/status')).toEqual([
      200,
      {
        ...{ id: '1', clusterId: 'c', storeId: 'x', role: 'leader', term: 3, leaderId: '1' },
        ...{ commitIndex: 9, appliedIndex: 8, firstIndex: 1, lastIndex: 10, snapshotIndex: 0 },
        membership: { index: 1, voters: ['1', '2'], learners: [], outgoing: [], addresses: { '1': 'a:1', '2': 'b:1' } },
        peers: [{ id: '2', matchIndex: 7, nextIndex: 11, state: 'replicate' }],
        ...{ healthy: true, diskFull: false, removed: false },
        version: '1.2.3',
      },
    ]);
  });

  it('says null while no leader is known, and that it is not ready', async () => {
    const server = await serve({ ...leading, role: 'follower', leaderId: undefined });
    expect((await get(server, '/status'))[1]).toMatchObject({ role: 'follower', leaderId: null });
    expect(await get(server, '/healthz')).toEqual([200, { ok: true }]);
    expect(await get(server, '/readyz')).toEqual([503, { ok: false, reason: 'no leader is known' }]);
  });

  it('says that a stopped node is not healthy', async () => {
    const server = await serve({ ...leading, state: 'stopped' });
    expect(await get(server, '/healthz')).toEqual([503, { ok: false, reason: 'the node is stopped' }]);
    expect((await get(server, '/readyz'))[0]).toBe(503);
  });

  it('knows nothing else', async () => {
    const server = await serve(leading);
    expect((await get(server, '/readyz?x=1', 'HEAD'))[0]).toBe(200);
    expect((await get(server, '/'))[0]).toBe(404);
    expect((await get(server, '/status', 'POST'))[0]).toBe(405);
  });

  it('refuses a port that is taken', async () => {
    const { address } = await serve(leading);
    await expect(serve(leading, address)).rejects.toThrow(
      new UsageError(`--http ${address} is in use: choose another port`),
    );
  });
});
