import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@raft/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { grpcConnector, grpcTransport } from '../src/index.js';
import type { GrpcTls } from '../src/index.js';
import { hasOpenssl, makeAuthority } from '../../../tests/support/certificates.js';
import type { Authority } from '../../../tests/support/certificates.js';
import { withinTimers } from '../../../tests/support/timers.js';
import { numbered, openChannel, startNode, until } from './support/nodes.js';

describe('mutual TLS', () => {
  let directory: string;
  let ours: GrpcTls;
  let named: GrpcTls;
  let theirs: GrpcTls;
  let authority: Authority;

  beforeEach((context) => {
    if (!hasOpenssl) context.skip('needs openssl to make certificates');
  });

  beforeAll(() => {
    if (!hasOpenssl) return;
    directory = mkdtempSync(join(tmpdir(), 'raft-tls-'));
    authority = makeAuthority(directory, 'ours');
    ours = authority.issue('node', 'IP:127.0.0.1');
    named = authority.issue('node', 'DNS:raft.example');
    theirs = makeAuthority(directory, 'theirs').issue('node', 'IP:127.0.0.1');
  });
  afterAll(() => {
    if (hasOpenssl) rmSync(directory, { recursive: true, force: true });
  });

  const onCall = (call: { payload: Uint8Array; respond(payload: Uint8Array): void }): void =>
    call.respond(call.payload);

  test('carries messages and calls', async () => {
    const [a, b] = [await startNode({ tls: ours, onCall }), await startNode({ nodeId: '2', tls: ours })];
    a.transport.setPeers('g', new Map([['2', b.address]]));
    a.transport.send('g', [numbered('1', '2', 7)]);
    await until(() => b.received.length === 1, 'the message arrives');
    expect(await openChannel(a.address, { tls: ours }).request(Uint8Array.of(5))).toEqual(Uint8Array.of(5));
  });

  test('finds the servers by the name in their certificates', async () => {
    const a = await startNode({ tls: named, onCall });
    const wrong = openChannel(a.address, { tls: named }).request(Uint8Array.of(5));
    await expect(wrong).rejects.toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'no' });
    const right = openChannel(a.address, { tls: { ...named, serverName: 'raft.example' } }).request(Uint8Array.of(5));
    expect(await right).toEqual(Uint8Array.of(5));
  });

  test('keeps out whoever has no certificate of ours', async () => {
    const a = await startNode({ tls: ours, onCall });
    const half = { ...theirs, ca: ours.ca };
    for (const options of [{}, { tls: theirs }, { tls: half }]) {
      const request = openChannel(a.address, options).request(Uint8Array.of(5));
      await expect(request).rejects.toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'no' });
    }
    const b = await startNode({ nodeId: '2', tls: half });
    b.transport.setPeers('g', new Map([['1', a.address]]));
    await until(() => b.log.some((line) => line.startsWith('warn cannot reach peer 1')), 'it does not get in');
  });

  test('with node ids in the certificates, nobody takes the place of another node', async () => {
    const as = (name: string): GrpcTls => ({ ...authority.issue(name, 'IP:127.0.0.1'), verifyNodeIds: true });
    const [one, two] = [as('1'), as('2')];
    const a = await startNode({ tls: one, onCall });
    const b = await startNode({ nodeId: '2', tls: two });
    // Says it is node 3, and listens as such.
    const c = await startNode({ nodeId: '3', tls: two });
    for (const { transport } of [b, c]) transport.setPeers('g', new Map([['1', a.address]]));
    a.transport.setPeers('g', new Map([['3', c.address]]));
    await until(() => {
      b.transport.send('g', [numbered('2', '1', 5)]);
      return a.received.length > 0;
    }, 'the real one gets in');
    const refused = /its certificate does not name node "3" but "2"/;
    await until(
      () => a.log.some((line) => line.startsWith('warn refused peer "3"') && refused.test(line)),
      'refused here',
    );
    await until(
      () => c.log.some((line) => line.startsWith('warn refused by peer 1') && refused.test(line)),
      'and told',
    );
    await until(
      () => a.log.some((line) => line.startsWith('warn cannot reach peer 3') && refused.test(line)),
      'not reached',
    );
    const wrong = openChannel(a.address, { tls: two, nodeId: '2' }).request(Uint8Array.of(5));
    await expect(wrong).rejects.toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'no' });
    expect(await openChannel(a.address, { tls: two, nodeId: '1' }).request(Uint8Array.of(5))).toEqual(Uint8Array.of(5));
  });

  test('what is no certificate is refused at once', () => {
    const tls = { ...ours, cert: 'nonsense' };
    const listen = '127.0.0.1:0';
    expect(() => grpcTransport({ nodeId: '1', clusterId: 'c', listen, tls })).toThrow(InvalidArgumentError);
    expect(() => grpcConnector({ tls })).toThrow(/tls cannot be used/);
  });

  test('closes at once, also with a handshake that never ends', async () => {
    const a = await startNode({ tls: ours, onCall });
    const [host = '', port = ''] = a.address.split(':');
    const socket = connect(Number(port), host);
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve));
    await withinTimers(1000, () => a.transport.close());
    socket.destroy();
  });
});
