import { InvalidArgumentError, seededRandom } from '@raft/core';
import type { Clock, Message } from '@raft/core';
import { decodeEnvelope } from '@raft/proto';
import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../src/address.js';
import { Backoff } from '../src/backoff.js';
import { withDefaults } from '../src/limits.js';
import { messageBytes } from '../src/message-bytes.js';
import { Outbox } from '../src/outbox.js';
import { throttledLog } from '../src/throttled-log.js';
import { logBook } from './support/raw.js';

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
  expect(withDefaults({ maxClients: 3 }).maxClients).toBe(3);
  expect(() => withDefaults({ maxQueuedBytes: 0 })).toThrow(/maxQueuedBytes is 0/);
  expect(() => withDefaults({ silenceTimeoutMs: Number.NaN })).toThrow(/silenceTimeoutMs/);
  expect(() => withDefaults({ maxFrameBytes: 2 ** 33 })).toThrow(/maxFrameBytes/);
});

test('a topic has so many lines a second; the next line tells how many were left out', () => {
  let now = 0;
  const clock: Clock = { now: () => now, setTimer: () => ({ cancel() {} }), defer() {} };
  const { logger, lines } = logBook();
  const fields: unknown[] = [];
  const log = throttledLog((level, message, extra) => {
    logger(level, message);
    fields.push(extra);
  }, clock);
  for (let i = 0; i < 10; i += 1) log('a', 2, 'warn', `line ${i}`, { i });
  log('b', 2, 'warn', 'another topic');
  now = 1000;
  log('a', 2, 'warn', 'later', { i: 10 });
  expect(lines.map((line) => line.message)).toEqual(['line 0', 'line 1', 'another topic', 'later']);
  expect(fields).toEqual([{ i: 0 }, { i: 1 }, undefined, { i: 10, omitted: 8 }]);
});

describe('outbox', () => {
  const message = (index: number, bytes: number): Message => ({
    type: 'appendEntries',
    from: '1',
    to: '2',
    term: 1,
    prevLogIndex: index,
    prevLogTerm: 1,
    leaderCommit: 0,
    round: 0,
    entries: [{ index: index + 1, term: 1, type: 1, data: new Uint8Array(bytes) }],
    quiesce: false,
  });
  const drained = (outbox: Outbox): { group: string; indexes: number[]; bytes: number }[] => {
    const envelopes: { group: string; indexes: number[]; bytes: number }[] = [];
    outbox.drain((encode, count) => {
      const bytes = encode();
      const { groupId, messages } = decodeEnvelope(bytes);
      expect(messages.length).toBe(count);
      const indexes = messages.map((each) => (each.type === 'appendEntries' ? each.prevLogIndex : -1));
      envelopes.push({ group: groupId, indexes, bytes: bytes.length });
    });
    return envelopes;
  };
  const add = (outbox: Outbox, group: string, each: Message): void => outbox.add(group, each, messageBytes(each));

  test('what a turn has for a group goes into one envelope, in order', () => {
    const outbox = new Outbox();
    for (let i = 0; i < 6; i += 1) add(outbox, i % 2 === 0 ? 'g' : 'h', message(i, 10));
    expect(outbox.messages).toBe(6);
    expect(drained(outbox).map(({ group, indexes }) => [group, indexes])).toEqual([
      ['g', [0, 2, 4]],
      ['h', [1, 3, 5]],
    ]);
    expect([outbox.messages, outbox.bytes, drained(outbox).length]).toEqual([0, 0, 0]);
  });

  test('much is cut into envelopes of about a megabyte, none without a message', () => {
    const outbox = new Outbox();
    const sizes = [600_000, 600_000, 5_000_000, 10, 10, 2_000_000, 100];
    for (const [i, size] of sizes.entries()) add(outbox, 'g', message(i, size));
    const envelopes = drained(outbox);
    expect(envelopes.flatMap(({ indexes }) => indexes)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(envelopes.map(({ indexes }) => indexes)).toEqual([[0, 1], [2], [3, 4, 5], [6]]);
  });

  test('a group that is dropped takes its messages and bytes with it', () => {
    const outbox = new Outbox();
    for (let i = 0; i < 5; i += 1) add(outbox, i < 2 ? 'g' : 'h', message(i, 100));
    expect(outbox.dropGroup('h')).toBe(3);
    expect(outbox.dropGroup('unknown')).toBe(0);
    expect(outbox.bytes).toBe(2 * messageBytes(message(0, 100)));
    expect(drained(outbox).map(({ group }) => group)).toEqual(['g']);
  });
});
