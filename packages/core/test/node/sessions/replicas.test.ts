import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeSessions } from '../../../src/node/sessions/snapshot.js';
import { bytesOf, Log, replica } from '../support/replica.js';

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
      expect(many.snapshot()).toEqual(one.snapshot());
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
      const snapshot = whole.snapshot();
      const restored = replica({ from: at + 1, snapshot: snapshot.slice(), maxResultBytes });
      expect(restored.snapshot()).toEqual(snapshot);
      expect(restored.apply(entries.slice(at), cuts)).toEqual(whole.apply(entries.slice(at)));
      expect(restored.snapshot()).toEqual(whole.snapshot());
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

test('bytes that are no session table are refused and change nothing', () => {
  const { apply, table, snapshot } = replica();
  apply(new Log().register().command(1, 1, 'a').entries);
  const good = snapshot();
  for (let length = 1; length < good.length; length++) {
    expect(() => replica({ snapshot: good.subarray(0, length) })).toThrow(/bytes|number/);
  }
  expect(() => replica({ snapshot: bytesOf('nonsense') })).toThrow('version 110 is not known here');
  expect(() => replica({ snapshot: Uint8Array.of(...good, 0) })).toThrow('beyond its end');
  expect(encodeSessions(table)).toEqual(good);
  const reused = good.slice();
  const other = replica({ from: 3, snapshot: reused });
  reused.fill(0);
  expect(other.apply(new Log(3).command(1, 1, 'a').entries)).toEqual(['a@2']);
});

test('a snapshot within a batch is refused: it would show no one instant', () => {
  const { table } = replica();
  const [first] = new Log().register().entries;
  if (first === undefined) throw new Error('the log has an entry');
  const step = table.begin(first);
  expect(() => encodeSessions(table)).toThrow('between two batches');
  table.finish(step, undefined);
  expect(encodeSessions(table).length).toBeGreaterThan(0);
});
