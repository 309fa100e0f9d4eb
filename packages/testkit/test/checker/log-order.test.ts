import { describe, expect, it } from 'vitest';
import { checkLogOrder } from '../../src/index.js';
import type { PlacedOperation, Write } from '../../src/index.js';

const write = (index: number, call: number, end: number | null): PlacedOperation => ({
  client: `w${index}`,
  op: 'set',
  key: 'all',
  value: `v${index}`,
  call,
  return: end,
  index,
});

const read = (output: string | null, call: number, end: number): PlacedOperation => ({
  client: 'r',
  op: 'get',
  key: 'k',
  output,
  call,
  return: end,
});

/** The key shows what was written last. */
const writes: readonly Write[] = [3, 5, 9].map((index) => ({ index, key: 'k', value: `v${index}` }));

describe('a history whose writes have known places in the log', () => {
  it('is linearizable when each call lies behind all that had returned', () => {
    const history = [
      read(null, 0, 5),
      write(3, 1, 10),
      read('v3', 2, 4),
      write(5, 11, 20),
      read('v3', 12, 19),
      read('v5', 13, 14),
      write(9, 21, null),
      read('v5', 30, 31),
      read('v9', 40, 41),
    ];
    expect(checkLogOrder(history, writes)).toEqual([]);
  });

  it.each<[string, PlacedOperation[], string]>([
    ['a read of what was overwritten before', [write(3, 1, 2), write(5, 3, 4), read('v3', 5, 6)], '= v3 is not what'],
    ['a read that misses a write', [write(3, 1, 2), read(null, 3, 4)], '= nothing is not what the log up to 3'],
    ['reads that go back', [write(3, 1, 9), read('v3', 2, 3), read(null, 4, 5)], '= nothing is not what'],
    ['a read of what is written later', [read('v3', 1, 2), write(3, 3, 4)], 'part of which was written later'],
    ['writes against their order', [write(5, 1, 2), write(3, 3, 4)], 'set all v3 took place at 3, but'],
    ['a write that is too early, without an answer', [write(5, 1, 2), write(3, 3, null)], 'took place at 3'],
    ['a read of what was never there', [read('v7', 1, 2)], '= v7 is not what'],
  ])('is not with %s', (_, history, why) => {
    expect(checkLogOrder(history, writes).join('\n')).toContain(why);
  });
});
