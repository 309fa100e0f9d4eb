import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BLOCK_BYTES } from '../../../src/node/sessions/snapshot.js';
import { bytesOf, Log, replica, restore } from '../support/replica.js';

/** Entries of a few sessions, many of them repeated, late, unknown or closed. */
const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('register'), max: fc.integer({ min: 1, max: 4 }) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('command'),
        session: fc.nat({ max: 6 }),
        sequence: fc.integer({ min: 1, max: 6 }),
        acknowledged: fc.nat({ max: 5 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('keepAlive', 'close'), session: fc.nat({ max: 6 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire'), session: fc.nat({ max: 6 }), back: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('plain') }) },
  ),
  { minLength: 1, maxLength: 60 },
);
const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 });
/** Room for three results or so, or for all. */
const limits = fc.constantFrom(200, 1_000_000);
type Step = (typeof steps extends fc.Arbitrary<infer T> ? T : never)[number];

function logOf(all: readonly Step[]): Log {
  const log = new Log();
  const ids: number[] = [];
  const lastUsed = new Map<number, number>();
  for (const step of all) {
    const index = log.entries.length + 1;
    const id = ids.at(-1 - ('session' in step ? step.session : 0)) ?? 1000;
    if (step.kind !== 'expire') lastUsed.set(id, index);
    switch (step.kind) {
      case 'register':
        ids.push(index);
        lastUsed.set(index, index);
        log.register('max' in step ? step.max : 1);
        break;
      case 'command':
        if ('sequence' in step) log.command(id, step.sequence, `${id}.${step.sequence}`, step.acknowledged);
        break;
      case 'keepAlive':
        log.session({ kind: 'keepAlive', id, firstUnacknowledged: 2 });
        break;
      case 'close':
        log.session({ kind: 'close', id });
        break;
      case 'expire': {
        const back = 'back' in step ? step.back : 0;
        log.session({ kind: 'expire', id, lastUsedIndex: Math.max(0, (lastUsed.get(id) ?? 0) - back) });
        break;
      }
      default:
        log.plain('plain');
    }
  }
  return log;
}

test('replicas agree however the log is cut into batches', () => {
  fc.assert(
    fc.property(steps, sizes, limits, (all, cuts, maxResultBytes) => {
      const { entries } = logOf(all);
      const [one, many] = [replica({ maxResultBytes }), replica({ maxResultBytes })];
      expect(many.apply(entries, cuts)).toEqual(one.apply(entries));
      expect(many.applied).toEqual(one.applied);
      expect([...many.snapshot()]).toEqual([...one.snapshot()]);
    }),
    { numRuns: 500 },
  );
});

test('a replica made from a snapshot goes on like the one that took it', () => {
  fc.assert(
    fc.property(steps, fc.nat(60), sizes, limits, (all, place, cuts, maxResultBytes) => {
      const { entries } = logOf(all);
      const at = Math.min(place, entries.length);
      const whole = replica({ maxResultBytes });
      whole.apply(entries.slice(0, at));
      const snapshot = [...whole.snapshot()];
      const restored = replica({ from: at + 1, snapshot, maxResultBytes });
      expect([...restored.snapshot()]).toEqual(snapshot);
      expect(restored.apply(entries.slice(at), cuts)).toEqual(whole.apply(entries.slice(at)));
      expect([...restored.snapshot()]).toEqual([...whole.snapshot()]);
    }),
    { numRuns: 500 },
  );
});

test('whatever the log holds, no command of a session is applied twice', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const { apply, applied } = replica();
      apply(logOf(all).entries);
      const commands = applied.map(({ command }) => command).filter((command) => command !== 'plain');
      expect(new Set(commands).size).toBe(commands.length);
    }),
    { numRuns: 500 },
  );
});

test('a snapshot shows the instant at which it began, whatever is applied while it is read', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.nat(60), { maxLength: 3 }), limits, (all, places, maxResultBytes) => {
      const { entries } = logOf(all);
      const one = replica({ maxResultBytes });
      const begun: { late: Iterable<Uint8Array>; now: Uint8Array[] }[] = [];
      let at = 0;
      for (const place of [...places].sort((a, b) => a - b)) {
        one.apply(entries.slice(at, place));
        at = Math.min(place, entries.length);
        begun.push({ late: one.snapshot(), now: [...one.snapshot()] });
      }
      one.apply(entries.slice(at));
      for (const { late, now } of begun) expect([...late]).toEqual(now);
    }),
    { numRuns: 500 },
  );
});

test('a table of many sessions and results of any size goes through blocks, none of them much larger than the others', () => {
  const sizes = [0, 1, BLOCK_BYTES - 5, BLOCK_BYTES, 3 * BLOCK_BYTES + 7];
  const resultOf = (sequence: number): string => 'r'.repeat(sizes[sequence % sizes.length] as number);
  const one = replica({ result: ({ command }) => resultOf(Number(command)) });
  const log = new Log();
  for (let id = 1; id <= 2000; id++) log.register(2000);
  for (let sequence = 1; sequence <= 1000; sequence++) log.command(1 + (sequence % 2), sequence, String(sequence));
  one.apply(log.entries, [log.entries.length]);
  const blocks = [...one.snapshot()];
  expect(blocks.length).toBeGreaterThan(100);
  expect(Math.max(...blocks.map(({ length }) => length))).toBeLessThan(1.25 * BLOCK_BYTES);
  const other = replica({ from: log.entries.length + 1, snapshot: blocks });
  expect([other.table.size, other.table.results.size, other.table.results.bytes]).toEqual([
    2000,
    one.table.results.size,
    one.table.results.bytes,
  ]);
  const again = new Log(log.entries.length + 1).command(2, 999, 'again').command(1, 996, 'again').entries;
  expect(other.apply(again)).toEqual([resultOf(999), resultOf(996)]);
});

test('bytes that are no session table are refused and change nothing', () => {
  const { apply, table, snapshot } = replica();
  apply(new Log().register().command(1, 1, 'a').entries);
  const [good = new Uint8Array(), ...more] = snapshot();
  expect(more).toEqual([]);
  const ends = (length: number): boolean => replica({ snapshot: [good.subarray(0, length)] }).table.results.size === 0;
  // Version and session are whole by themselves.
  const whole = new Set([1, 8]);
  for (let length = 1; length < good.length; length++) {
    if (whole.has(length)) expect(ends(length)).toBe(true);
    else expect(() => ends(length), `${length} bytes`).toThrow(/bytes|number|within a result/);
  }
  const refused: [readonly Uint8Array[], string][] = [
    [[bytesOf('nonsense')], 'version 110 is not known here'],
    [[Uint8Array.of(...good, 9)], 'nothing of kind 9'],
    [[good, good.subarray(1)], 'index 2 is out of order'],
    [[Uint8Array.of(2, 2, 7, 255, 255, 255, 127)], 'is larger than'],
  ];
  for (const [blocks, why] of refused) {
    expect(() => restore(table, blocks)).toThrow(why);
    expect([...snapshot()]).toEqual([good]);
  }
  const reused = good.slice();
  const other = replica({ from: 3, snapshot: [reused] });
  reused.fill(0);
  expect(other.apply(new Log(3).command(1, 1, 'a').entries)).toEqual(['a@2']);
});

test('a snapshot within a batch is refused: it would show no one instant', () => {
  const { table, snapshot } = replica();
  const [first] = new Log().register().entries;
  if (first === undefined) throw new Error('the log has an entry');
  table.finish(table.begin(first), undefined);
  const step = table.begin({ ...first, index: 2 });
  expect(() => snapshot()).toThrow('between two batches');
  table.finish(step, undefined);
  expect([...snapshot()].length).toBe(1);
});
