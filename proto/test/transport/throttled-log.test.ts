import type { Clock } from '@raft/core';
import { expect, test } from 'vitest';
import { throttledLog } from '../../src/transport/throttled-log.js';
import type { ThrottledLog } from '../../src/transport/throttled-log.js';

interface Line {
  readonly atMs: number;
  readonly message: string;
  readonly omitted: unknown;
}

let now = 0;
let lines: Line[] = [];

function start(): ThrottledLog {
  now = 0;
  lines = [];
  const clock = { now: () => now } as Clock;
  return throttledLog(
    (_, message, fields) => void lines.push({ atMs: now, message, omitted: fields?.['omitted'] }),
    clock,
  );
}

test('a topic has so many lines a second, and the next one tells how many were left out', () => {
  const log = start();
  for (let i = 0; i < 5; i++) log('a', 2, 'warn', `a${i}`);
  now = 1000;
  log('a', 2, 'warn', 'a5');
  expect(lines).toEqual([
    { atMs: 0, message: 'a0', omitted: undefined },
    { atMs: 0, message: 'a1', omitted: undefined },
    { atMs: 1000, message: 'a5', omitted: 3 },
  ]);
});

test('what goes on and on is told at once, then ever more seldom, with how often it was', () => {
  const log = start();
  for (; now < 3_600_000; now += 500) log('refused 3', 'seldom', 'warn', 'refused');
  expect(lines.map(({ atMs }) => atMs / 1000)).toEqual([0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430, 3030]);
  expect(lines.slice(0, 4).map(({ omitted }) => omitted)).toEqual([undefined, 19, 39, 79]);
});

test('what comes again after a while is news, and so is what comes from elsewhere', () => {
  const log = start();
  log('a', 'seldom', 'warn', 'a');
  now = 5000;
  log('a', 'seldom', 'warn', 'a again');
  log('b', 'seldom', 'warn', 'b');
  now = 100_000;
  log('a', 'seldom', 'warn', 'a anew');
  expect(lines.map(({ message }) => message)).toEqual(['a', 'b', 'a anew']);
});

test('a crowd, each with a topic of its own, fills neither the log nor the memory', () => {
  const log = start();
  for (let i = 0; i < 5000; i++) log(`stranger ${i}`, 'seldom', 'warn', 'refused');
  expect(lines.length).toBe(10);
});
