import { InvalidArgumentError, seededRandom } from '@raft/core';
import type { Clock } from '@raft/core';
import { describe, expect, test } from 'vitest';
import {
  advertised,
  Backoff,
  checkLimits,
  formatAddress,
  parseAddress,
  refuseCertificate,
  throttledLog,
} from '../../src/transport/index.js';

describe('addresses', () => {
  test.each([
    ['127.0.0.1:7001', '127.0.0.1', 7001],
    ['localhost:0', 'localhost', 0],
    ['[::1]:65535', '::1', 65_535],
  ])('%s', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
    expect(formatAddress({ host, port })).toBe(text);
  });

  test.each(['', 'host', 'host:', ':7001', 'host:65536', 'host:-1', '::1:7001', 'host:70x', 'a b:1'])(
    '%j is refused with what to write',
    (text) => {
      expect(() => parseAddress(text)).toThrow(InvalidArgumentError);
      expect(() => parseAddress(text)).toThrow(/host:port/);
    },
  );

  test.each(['0.0.0.0:7001', '[::]:7001', '127.0.0.1:0'])('%s is to listen on, not to be dialled', (listening) => {
    expect(advertised(undefined, listening)).toBe('');
    expect(advertised('raft-1.example:7001', listening)).toBe('raft-1.example:7001');
    expect(advertised(listening, '127.0.0.1:7002')).toBe('127.0.0.1:7002');
    expect(advertised(listening, listening)).toBe('');
  });
});

test('pauses double up to the limit, with jitter, and start anew', () => {
  const backoff = new Backoff(20, 1000, seededRandom(7));
  const pauses = Array.from({ length: 12 }, () => backoff.next());
  for (const [i, pause] of pauses.entries()) {
    const nominal = Math.min(1000, 20 * 2 ** i);
    expect(pause).toBeGreaterThanOrEqual(nominal / 2);
    expect(pause).toBeLessThanOrEqual(nominal);
  }
  expect(new Set(pauses).size).toBe(12);
  for (let i = 0; i < 2000; i += 1) expect(backoff.next()).toBeLessThanOrEqual(1000);
  backoff.reset();
  expect(backoff.next()).toBeLessThanOrEqual(20);
});

test('limits that cannot be are refused by name', () => {
  checkLimits({ maxClients: 3, minBackoffMs: 0.5 });
  for (const bad of [0, -1, Number.NaN, Infinity]) {
    expect(() => checkLimits({ maxClients: 3, maxQueuedBytes: bad })).toThrow(`maxQueuedBytes is ${bad}`);
  }
});

test('a topic has so many lines a second; the next line tells how many were left out', () => {
  let now = 0;
  const clock: Clock = { now: () => now, setTimer: () => ({ cancel() {} }), defer() {} };
  const lines: string[] = [];
  const fields: unknown[] = [];
  const log = throttledLog((_, message, extra) => {
    lines.push(message);
    fields.push(extra);
  }, clock);
  for (let i = 0; i < 10; i += 1) log('a', 2, 'warn', `line ${i}`, { i });
  log('b', 2, 'warn', 'another topic');
  now = 1000;
  log('a', 2, 'warn', 'later', { i: 10 });
  expect(lines).toEqual(['line 0', 'line 1', 'another topic', 'later']);
  expect(fields).toEqual([{ i: 0 }, { i: 1 }, undefined, { i: 10, omitted: 8 }]);
});

describe('a certificate', () => {
  test('proves the node ids that it names: its common name and its DNS names', () => {
    const certificate = { subject: { CN: '1' }, subjectaltname: 'DNS:2, IP Address:127.0.0.1, DNS:raft.example' };
    for (const id of ['1', '2', 'raft.example']) expect(refuseCertificate(certificate, id)).toBeUndefined();
    expect(refuseCertificate(certificate, '127.0.0.1')).toBe(
      'its certificate does not name node "127.0.0.1" but "1", "2", "raft.example"',
    );
  });

  test('that names nobody, or is missing, proves nothing', () => {
    expect(refuseCertificate({}, '1')).toBe('its certificate does not name node "1" but none');
    expect(refuseCertificate(undefined, '1')).toMatch(/does not name node "1"/);
    expect(refuseCertificate({ subjectaltname: 'DNS:"a, DNS:1", DNS:2' }, '1')).toMatch(/does not name node "1"/);
  });
});
