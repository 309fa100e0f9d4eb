import { seededRandom } from '@raft/core';
import { expect, test } from 'vitest';
import { checkSequential } from '../../src/index.js';
import type { PlacedOperation, Write } from '../../src/index.js';

const writes: Write[] = [
  { index: 2, key: 'k', value: 'a' },
  { index: 4, key: 'other', value: 'x' },
  { index: 5, key: 'k', value: 'b' },
  { index: 9, key: 'k', value: null },
];

let now = 0;
const read = (client: string, output: string | null, atLeast = 0, key = 'k'): PlacedOperation => ({
  client,
  op: 'get',
  key,
  output,
  atLeast,
  call: ++now,
  return: ++now,
});
const wrote = (client: string, value: string, index: number): PlacedOperation => ({
  client,
  op: 'set',
  key: 'k',
  value,
  index,
  call: ++now,
  return: ++now,
});

const histories: [string, boolean, PlacedOperation[]][] = [
  ['a replica that has nothing yet', true, [read('1', null)]],
  ['a replica that lags behind', true, [read('1', 'a'), read('1', 'a'), read('1', 'b'), read('1', null)]],
  ['a replica that goes back', false, [read('1', 'b'), read('1', 'a')]],
  ['two clients on two replicas', true, [read('1', 'b'), read('2', 'a'), read('2', 'b')]],
  ['one key that is newer than another', false, [read('1', 'b'), read('1', null, 0, 'other')]],
  ['nothing, once it was deleted', true, [read('1', 'b'), read('1', null), read('1', null)]],
  ['a value after its deletion', false, [read('1', 'b'), read('1', null), read('1', 'b')]],
  ['a value that nobody wrote', false, [read('1', 'c')]],
  ['a place that was asked for', true, [read('1', 'b', 5)]],
  ['a value from before the place that was asked for', false, [read('1', 'a', 5)]],
  ['an own write', true, [wrote('1', 'b', 5), read('1', 'b')]],
  ['an own write that is missed', false, [wrote('1', 'b', 5), read('1', 'a')]],
  ['a write that another client misses', true, [wrote('1', 'b', 5), read('2', 'a')]],
  ['a write after what was seen of a later one', false, [read('1', 'b'), wrote('1', 'a', 2)]],
];

test.each(histories)('%s: sequentially consistent is %s', (_, expected, history) => {
  expect(checkSequential(history, writes).length === 0).toBe(expected);
  expect(checkSequential(history.toReversed(), writes.toReversed()).length === 0).toBe(expected);
});

/** Tries every place in the log for every call. */
function bruteForce(calls: readonly PlacedOperation[], log: readonly Write[], end: number): boolean {
  const valueAt = (key: string, index: number): string | null =>
    log.findLast((write) => write.key === key && write.index <= index)?.value ?? null;
  function search(rest: readonly PlacedOperation[], from: number): boolean {
    const [first, ...others] = rest;
    if (first === undefined) return true;
    if (first.index !== undefined) return first.index > from && search(others, first.index);
    for (let index = Math.max(from, first.atLeast ?? 0); index <= end; index++)
      if (valueAt(first.key, index) === first.output && search(others, index)) return true;
    return false;
  }
  return search(calls, 0);
}

test('says the same as trying everything, of thousands of small random histories', () => {
  const random = seededRandom(3);
  const whole = (max: number): number => Math.floor(random() * (max + 1));
  const verdicts = { true: 0, false: 0 };
  for (let run = 0; run < 4000; run++) {
    const log: Write[] = Array.from({ length: 6 }, (_, place) => ({
      index: place + 1,
      key: `k${whole(1)}`,
      value: [null, 'a', 'b'][whole(2)] as string | null,
    }));
    const calls = Array.from({ length: 2 + whole(2) }, (): PlacedOperation => {
      if (random() < 0.2) return wrote('c', 'any', 1 + whole(5));
      const atLeast = random() < 0.3 ? whole(6) : 0;
      return read('c', [null, 'a', 'b'][whole(2)] as string | null, atLeast, `k${whole(1)}`);
    });
    const expected = bruteForce(calls, log, 6);
    verdicts[`${expected}`]++;
    expect(checkSequential(calls, log).length === 0, `run ${run}: ${JSON.stringify({ log, calls })}`).toBe(expected);
  }
  expect(verdicts.true).toBeGreaterThan(500);
  expect(verdicts.false).toBeGreaterThan(500);
});
