import { expect, test } from 'vitest';
import { seededRandom, systemClock } from '../../src/index.js';

const clock = systemClock();

const at = (time: number): Promise<number> =>
  new Promise((resolve) => void clock.setTimer(time, () => resolve(clock.now())));

test('a timer never runs before its time', async () => {
  const start = clock.now();
  const times = Array.from({ length: 40 }, (_, i) => start + i / 2);
  const rang = await Promise.all(times.map(at));
  for (const [i, time] of times.entries()) expect(rang[i]).toBeGreaterThanOrEqual(time);
});

test('a timer in the past runs soon, but never at once', async () => {
  let ran = false;
  clock.setTimer(clock.now() - 1000, () => (ran = true));
  expect(ran).toBe(false);
  await at(clock.now() + 5);
  expect(ran).toBe(true);
});

test('a timer beyond what the host can count waits instead of running at once', async () => {
  let ran = false;
  const far = clock.setTimer(clock.now() + 2 ** 32, () => (ran = true));
  await at(clock.now() + 20);
  expect(ran).toBe(false);
  far.cancel();
});

test('a cancelled timer does not run', async () => {
  let ran = false;
  clock.setTimer(clock.now() + 1, () => (ran = true)).cancel();
  await at(clock.now() + 10);
  expect(ran).toBe(false);
});

test('what is deferred runs after what is ready in this turn, promises too', async () => {
  const order: string[] = [];
  const done = new Promise<void>((resolve) => clock.defer(() => resolve(void order.push('deferred'))));
  await Promise.resolve().then(() => order.push('promise'));
  order.push('now');
  await done;
  expect(order).toEqual(['promise', 'now', 'deferred']);
});

test('what many defer in one turn runs before its promises do, but lets others have theirs after a while', async () => {
  const order: string[] = [];
  const spin = (): void => {
    const until = clock.now() + 4;
    while (clock.now() < until);
    order.push('long');
  };
  const done = new Promise<void>((resolve) => {
    clock.defer(() => void Promise.resolve().then(() => order.push('promise')));
    clock.defer(() => order.push('short'));
    for (let i = 0; i < 8; i++) clock.defer(spin);
    setImmediate(() => order.push('other'));
    clock.defer(resolve);
  });
  await done;
  expect(order.filter((one) => one === 'long')).toHaveLength(8);
  expect(order.indexOf('short')).toBeLessThan(order.indexOf('promise'));
  expect(order.indexOf('promise')).toBeLessThan(order.lastIndexOf('long'));
  expect(order.indexOf('other')).toBeLessThan(order.lastIndexOf('long'));
});

test('seeded random numbers repeat, and lie in [0, 1)', () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 1000 }, () => random());
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(draw(7).every((x) => x >= 0 && x < 1)).toBe(true);
  expect(draw(7).reduce((sum, x) => sum + x) / 1000).toBeCloseTo(0.5, 1);
});
