import type { Clock } from '@raft/core';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../src/connection.js';
import { FrameKind } from '../src/frame.js';
import { Liveness } from '../src/liveness.js';

let now: number;
let timer: { at: number; task: () => void } | undefined;
let pings: number[];
let dead: number | undefined;
const socket = { unsentBytes: 0, progress: 0 };

const clock: Clock = {
  now: () => now,
  setTimer(at, task) {
    const own = { at, task };
    timer = own;
    return { cancel: () => void (timer = timer === own ? undefined : timer) };
  },
  defer: (task) => task(),
};

/** Lets time pass as it does in a process that is never late. */
function advance(ms: number, each: () => void = () => {}): void {
  const end = now + ms;
  while (timer !== undefined && timer.at <= end) {
    const { at, task } = timer;
    timer = undefined;
    now = at;
    each();
    task();
  }
  now = end;
}

function liveness(always: boolean): Liveness {
  const connection = {
    get unsentBytes() {
      return socket.unsentBytes;
    },
    get progress() {
      return socket.progress;
    },
    write: (kind: number) => void (kind === FrameKind.ping && pings.push(now)),
    destroy: () => void (dead = now),
  };
  return new Liveness(connection as unknown as Connection, clock, 1000, always);
}

beforeEach(() => {
  now = 0;
  timer = undefined;
  pings = [];
  dead = undefined;
  Object.assign(socket, { unsentBytes: 0, progress: 0 });
});

describe('a peer', () => {
  test('is asked all the time, and given up within the timeout after its last sign of life', () => {
    const life = liveness(true);
    life.start();
    advance(10_000, () => life.heard());
    expect(pings.length).toBeGreaterThan(30);
    expect(dead).toBeUndefined();
    const diedAt = now;
    advance(1000);
    expect(dead).toBeLessThanOrEqual(diedAt + 1000);
    expect(dead).toBeGreaterThan(diedAt + 500);
  });

  test('is not given up because this process stood still: it has its time from then on', () => {
    const life = liveness(true);
    life.start();
    advance(250);
    expect(pings).toEqual([250]);
    const { task } = timer!;
    now = 8000;
    task();
    expect(dead).toBeUndefined();
    advance(1000);
    expect(dead).toBeGreaterThanOrEqual(8750);
  });

  test('that slowly takes a long queue is alive; one that takes nothing is not', () => {
    const life = liveness(true);
    life.start();
    socket.unsentBytes = 1000;
    advance(5000, () => void (socket.progress += 1));
    expect(dead).toBeUndefined();
    advance(1250);
    expect(dead).toBeDefined();
  });
});

describe('a client', () => {
  test('is asked only after something was sent, and not when it is idle again', () => {
    const life = liveness(false);
    life.start();
    advance(5000);
    expect([pings, timer]).toEqual([[], undefined]);
    life.wrote();
    advance(300);
    expect(pings).toEqual([5250]);
    life.heard();
    advance(5000);
    expect([pings.length, timer, dead]).toEqual([1, undefined, undefined]);
    life.wrote();
    advance(1000);
    expect(dead).toBe(11_300);
  });
});
