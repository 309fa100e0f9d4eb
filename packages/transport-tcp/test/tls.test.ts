import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@raft/core';
import type { Message } from '@raft/core';
import { transportSuite } from '@raft/testkit';
import type { TransportWorld } from '@raft/testkit';
import { tcpConnector, tcpTransport } from '@raft/transport-tcp';
import type { TcpTls, TcpTransportOptions } from '@raft/transport-tcp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasOpenssl, makeAuthority } from '../../../tests/support/certificates.js';
import type { Authority } from '../../../tests/support/certificates.js';
import { numbered, pattern, turn, until, withData } from '../../testkit/src/transport-suite/world.js';
import { withinTimers } from '../../../tests/support/timers.js';
import { rawConnect } from './support/raw.js';
import { tcpWorld } from './support/world.js';
import type { TcpWorld } from './support/world.js';

const onCall = (call: { payload: Uint8Array; respond(payload: Uint8Array): void }): void => call.respond(call.payload);

describe('mutual TLS', () => {
  let directory: string;
  let authority: Authority;
  let ours: TcpTls;
  let named: TcpTls;
  let theirs: TcpTls;
  let world: TcpWorld;

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
  beforeEach((context) => {
    if (!hasOpenssl) context.skip('needs openssl to make certificates');
    world = tcpWorld();
  });
  afterEach(() => world.dispose());

  interface Started {
    readonly transport: ReturnType<typeof tcpTransport>;
    readonly address: string;
    readonly log: string[];
    readonly received: Message[];
  }

  async function start(nodeId: string, options: Partial<TcpTransportOptions> = {}): Promise<Started> {
    const log: string[] = [];
    const received: Message[] = [];
    const node = await world.start({
      nodeId,
      logger: (level, message) => void log.push(`${level} ${message}`),
      ...options,
      limits: { minBackoffMs: 5, maxBackoffMs: 20, ...options.limits },
    });
    node.transport.attach('g', { receive: (messages) => void received.push(...messages) });
    return { ...node, log, received };
  }

  test('carries messages and calls, large ones too', async () => {
    const a = await start('1', { tls: ours, onCall });
    const b = await start('2', { tls: ours });
    a.transport.setPeers('g', new Map([['2', b.address]]));
    a.transport.send('g', [numbered('1', '2', 7), withData('1', '2', 1, pattern(3_000_000, 1))]);
    await until(() => b.received.length === 2, 'the messages arrive');
    const [, large] = b.received;
    const data = large?.type === 'appendEntries' ? large.entries[0]!.data : Uint8Array.of();
    expect(Buffer.from(pattern(3_000_000, 1)).equals(data)).toBe(true);
    const answer = await world.connector({ tls: ours }).connect(a.address).request(pattern(2_000_000, 2));
    expect(Buffer.from(pattern(2_000_000, 2)).equals(answer)).toBe(true);
  });

  test('keeps what the contract of transports says', async () => {
    const open = (): TransportWorld => {
      const plain = tcpWorld();
      const start: TransportWorld['start'] = (options) =>
        plain.start({ tls: ours, limits: { peerTimeoutMs: 500 }, ...options });
      return { ...plain, start, connector: () => plain.connector({ tls: ours }) };
    };
    for (const { name, run } of transportSuite({ name: 'tls', open }).cases) {
      await run().catch((error: unknown) => Promise.reject(new Error(name, { cause: error })));
    }
  }, 120_000);

  test('finds the servers by the name in their certificates', async () => {
    const a = await start('1', { tls: named, onCall });
    const wrong = world.connector({ tls: named }).connect(a.address).request(Uint8Array.of(5));
    await expect(wrong).rejects.toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'no' });
    const tls = { ...named, serverName: 'raft.example' };
    expect(await world.connector({ tls }).connect(a.address).request(Uint8Array.of(5))).toEqual(Uint8Array.of(5));
  });

  test('keeps out whoever has no certificate of ours', async () => {
    const a = await start('1', { tls: ours, onCall });
    const half = { ...theirs, ca: ours.ca };
    for (const options of [{}, { tls: theirs }, { tls: half }]) {
      const request = world.connector(options).connect(a.address).request(Uint8Array.of(5));
      await expect(request).rejects.toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'no' });
    }
    const b = await start('2', { tls: half });
    b.transport.setPeers('g', new Map([['1', a.address]]));
    await until(() => b.log.some((line) => line.includes('peer 1')), 'it does not get in');
    b.transport.send('g', [numbered('2', '1', 1)]);
    for (let i = 0; i < 50; i += 1) await turn();
    expect(a.received).toEqual([]);
    expect(a.log).toContainEqual(expect.stringMatching(/^warn refused a connection from 127\.0\.0\.1: /));
  });

  test('with node ids in the certificates, nobody takes the place of another node', async () => {
    const as = (name: string): TcpTls => ({ ...authority.issue(name, 'IP:127.0.0.1'), verifyNodeIds: true });
    const [one, two] = [as('1'), as('2')];
    const a = await start('1', { tls: one, onCall });
    const b = await start('2', { tls: two });
    // Says it is node 3, and listens as such.
    const c = await start('3', { tls: two });
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
    const wrong = world.connector({ tls: two, nodeId: '2' }).connect(a.address).request(Uint8Array.of(5));
    await expect(wrong).rejects.toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'no' });
    const right = world.connector({ tls: two, nodeId: '1' }).connect(a.address).request(Uint8Array.of(5));
    expect(await right).toEqual(Uint8Array.of(5));
  });

  test('closes at once, also with a handshake that never ends', async () => {
    const a = await start('1', { tls: ours });
    const silent = await rawConnect(a.address);
    await withinTimers(1500, () => a.transport.close());
    await silent.closed;
  });

  test('gives up a handshake that never ends', async () => {
    const a = await start('1', { tls: ours, limits: { handshakeTimeoutMs: 100 } });
    const silent = connect(Number(a.address.split(':')[1]), '127.0.0.1');
    silent.on('error', () => {});
    await new Promise((resolve) => silent.once('close', resolve));
    expect(a.log).toContainEqual(expect.stringMatching(/^warn refused a connection from /));
  });

  test('what is no certificate is refused at once', () => {
    const tls = { ...ours, cert: 'nonsense' };
    const listen = '127.0.0.1:0';
    expect(() => tcpTransport({ nodeId: '1', clusterId: 'c', listen, tls })).toThrow(InvalidArgumentError);
    expect(() => tcpConnector({ tls })).toThrow(/tls cannot be used/);
  });
});
