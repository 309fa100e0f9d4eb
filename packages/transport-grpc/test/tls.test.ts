import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GrpcTls } from '../src/index.js';
import { numbered, openChannel, startNode, until } from './support/nodes.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Makes an authority and a certificate that it signs for nodes and clients on this machine. */
function makeTls(directory: string, name: string, host: string): GrpcTls {
  const file = (suffix: string): string => join(directory, `${name}.${suffix}`);
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', file('ca.key'), '-out', file('ca'), '-subj', `/CN=${name}`, '-days', '2');
  openssl('req', ...key, '-keyout', file('key'), '-out', file('csr'), '-subj', '/CN=node');
  writeFileSync(file('ext'), `subjectAltName=${host}\n`);
  const signed = [
    '-CA',
    file('ca'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    file('ext'),
  ];
  openssl('x509', '-req', '-in', file('csr'), '-out', file('cert'), ...signed);
  const [ca, cert, privateKey] = ['ca', 'cert', 'key'].map((suffix) => readFileSync(file(suffix)));
  return { ca: ca!, cert: cert!, key: privateKey! };
}

describe('mutual TLS', () => {
  let directory: string;
  let ours: GrpcTls;
  let named: GrpcTls;
  let theirs: GrpcTls;

  beforeEach((context) => {
    if (!hasOpenssl) context.skip('needs openssl to make certificates');
  });

  beforeAll(() => {
    if (!hasOpenssl) return;
    directory = mkdtempSync(join(tmpdir(), 'raft-tls-'));
    ours = makeTls(directory, 'ours', 'IP:127.0.0.1');
    named = makeTls(directory, 'named', 'DNS:raft.example');
    theirs = makeTls(directory, 'theirs', 'IP:127.0.0.1');
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

  test('closes at once, also with a handshake that never ends', async () => {
    const a = await startNode({ tls: ours, onCall });
    const [host = '', port = ''] = a.address.split(':');
    const socket = connect(Number(port), host);
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve));
    const from = performance.now();
    await a.transport.close();
    expect(performance.now() - from).toBeLessThan(1000);
    socket.destroy();
  });
});
