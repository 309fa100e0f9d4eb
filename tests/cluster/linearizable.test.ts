import { expect, test } from 'vitest';
import { refused, saw, swapped, wrote } from './support/history.js';
import { isLinearizable } from './support/linearizable.js';
import type { Operation } from './support/linearizable.js';

const operation = (calledAt: number, returnedAt: number, apply: Operation['apply']): Operation => ({
  calledAt,
  returnedAt,
  apply,
  name: '',
});

/** Name, whether it has an order, and the operations. */
const histories: [string, boolean, Operation[]][] = [
  ['nothing', true, []],
  ['a key that was never written', true, [operation(0, 1, saw(undefined))]],
  ['a value from nowhere', false, [operation(0, 1, saw('a'))]],
  ['a write, then its value', true, [operation(0, 1, wrote('a')), operation(2, 3, saw('a'))]],
  ['a write that the next read misses', false, [operation(0, 1, wrote('a')), operation(2, 3, saw(undefined))]],
  ['a write under way may be missed', true, [operation(0, 5, wrote('a')), operation(2, 3, saw(undefined))]],
  ['a write under way may be seen', true, [operation(0, 5, wrote('a')), operation(2, 3, saw('a'))]],
  [
    'reads that go back in time, while the write is under way',
    false,
    [operation(0, 9, wrote('a')), operation(2, 3, saw('a')), operation(4, 5, saw(undefined))],
  ],
  [
    'an older value after a newer one',
    false,
    [operation(0, 1, wrote('a')), operation(2, 3, wrote('b')), operation(4, 5, saw('b')), operation(6, 7, saw('a'))],
  ],
  [
    'two writes at once, either is last',
    true,
    [operation(0, 9, wrote('a')), operation(1, 8, wrote('b')), operation(10, 11, saw('a'))],
  ],
  [
    'a write that was perhaps done, much later',
    true,
    [operation(0, Infinity, wrote('a')), operation(1, 2, saw(undefined)), operation(3, 4, saw('a'))],
  ],
  [
    'a write that was perhaps done, and undone',
    false,
    [operation(0, Infinity, wrote('a')), operation(3, 4, saw('a')), operation(5, 6, saw(undefined))],
  ],
  [
    'two swaps of one value',
    false,
    [operation(0, 1, wrote('a')), operation(2, 5, swapped('a', 'b')), operation(2, 5, swapped('a', 'c'))],
  ],
  [
    'two swaps of one value, one perhaps',
    true,
    [
      operation(0, 1, wrote('a')),
      operation(2, Infinity, swapped('a', 'b')),
      operation(2, 5, swapped('a', 'c')),
      operation(6, 7, saw('c')),
    ],
  ],
  ['a swap that was refused without reason', false, [operation(0, 1, wrote('a')), operation(2, 3, refused('a', 'a'))]],
  ['a swap that found another value', true, [operation(0, 1, wrote('a')), operation(2, 3, refused('b', 'a'))]],
];

test.each(histories)('%s: linearizable is %s', (_, expected, operations) => {
  expect(isLinearizable(operations)).toBe(expected);
  expect(isLinearizable(operations.toReversed())).toBe(expected);
});

test('a long history with many calls at a time is checked quickly', () => {
  const operations: Operation[] = [];
  for (let i = 0; i < 300; i++) {
    for (let lane = 0; lane < 6; lane++) operations.push(operation(i * 10 + lane, i * 10 + 9, wrote(`${i}-${lane}`)));
    operations.push(operation(i * 10 + 9.2, i * 10 + 9.8, saw(`${i}-3`)));
  }
  expect(isLinearizable(operations)).toBe(true);
  operations.push(operation(5000, 5001, saw('0-0')));
  expect(isLinearizable(operations)).toBe(false);
});
