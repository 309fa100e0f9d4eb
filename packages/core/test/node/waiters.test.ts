import { expect, test } from 'vitest';
import { TimeoutError } from '../../src/index.js';
import { Waiters } from '../../src/node/waiters.js';
import { virtualClock } from './support/virtual-clock.js';

const late = (): TimeoutError => new TimeoutError('too late');

/** Waits with each deadline; gives the deadlines in the order in which they passed. */
function wait(waiters: Waiters, timeouts: readonly number[]): number[] {
  const passed: number[] = [];
  for (const timeoutMs of timeouts) {
    waiters.add({ resolve() {}, reject: () => void passed.push(timeoutMs) }, { timeoutMs }, late);
  }
  return passed;
}

test('deadlines pass in their order, each at its time, whatever the order of the calls', async () => {
  const clock = virtualClock();
  const waiters = new Waiters(clock);
  const timeouts = Array.from({ length: 100 }, (_, n) => 1 + ((n * 37) % 100));
  const passed = wait(waiters, timeouts);
  for (let ms = 1; ms <= 100; ms++) {
    await clock.advance(1);
    expect(passed.length).toBe(ms);
  }
  expect(passed).toEqual(timeouts.toSorted((a, b) => a - b));
  expect([waiters.size, clock.timers]).toEqual([0, 0]);
});

test('who was answered or gave up does not expire, and is not remembered until the deadline', async () => {
  const clock = virtualClock();
  const waiters = new Waiters(clock);
  const ends: string[] = [];
  const giveUp = new AbortController();
  const caller = {
    resolve: (value: string) => void ends.push(value),
    reject: (error: unknown) => void ends.push(String(error)),
  };
  const answered = waiters.add(caller, { timeoutMs: 10 }, late);
  waiters.add(caller, { timeoutMs: 10, signal: giveUp.signal }, (why) => new TimeoutError(why));
  answered.resolve('answer');
  giveUp.abort();
  answered.resolve('again');
  expect([ends, waiters.size]).toEqual([['answer', 'TimeoutError: abort'], 0]);
  await clock.advance(20);
  expect([ends.length, clock.timers]).toEqual([2, 0]);
});

test('calls that expire by the thousand let other work have its turn in between', () => {
  let now = 0;
  const alarms: (() => void)[] = [];
  const setTimer = (_: number, task: () => void): { cancel(): void } => {
    alarms.push(task);
    return { cancel() {} };
  };
  const waiters = new Waiters({ now: () => now, setTimer, defer() {} });
  const passed = wait(waiters, Array<number>(2500).fill(5));
  now = 5;
  const left: number[] = [];
  for (let alarm = alarms.shift(); alarm !== undefined; alarm = alarms.shift()) {
    alarm();
    left.push(2500 - passed.length);
  }
  expect(left).toEqual([1500, 500, 0]);
});
