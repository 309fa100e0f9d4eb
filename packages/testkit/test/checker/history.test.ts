import { expect, test } from 'vitest';
import { describeOperation, readHistory, writeHistory } from '../../src/index.js';
import type { Operation } from '../../src/index.js';

const history: Operation[] = [
  { client: 'c1', op: 'set', key: 'k', value: 'a', call: 1, return: 5, outcome: 'ok' },
  { client: 'c2', op: 'cas', key: 'k', value: 'b', expected: null, ok: false, output: 'a', call: 2, return: 7 },
  { client: 'c3', op: 'cas', key: 'k', value: 'c', expected: 'a', call: 3, return: null, outcome: 'unknown' },
  { client: 'c1', op: 'get', key: 'k', output: null, call: 8, return: 9 },
  { client: 'c2', op: 'delete', key: 'k', ok: true, call: 10, return: 11 },
];

test('a history is written a line each, and read again', () => {
  const text = writeHistory(history);
  expect(text.split('\n')).toHaveLength(history.length + 1);
  expect(text.split('\n')[0]).toBe(
    '{"client":"c1","op":"set","key":"k","value":"a","call":1,"return":5,"outcome":"ok"}',
  );
  expect(readHistory(`\n${text}\n`)).toEqual(history);
});

test.each([
  ['{', 'line 1 of the history is no JSON'],
  ['7', 'line 1 of the history: an object was expected'],
  ['{"client":1,"op":"get","key":"k","call":1,"return":2}', 'client must be a string'],
  ['{"client":"c","op":"move","key":"k","call":1,"return":2}', 'op must be get, set, delete or cas'],
  ['{"client":"c","op":"set","key":"k","call":1,"return":2}', 'a set needs a value'],
  ['{"client":"c","op":"cas","key":"k","value":"a","call":1,"return":2}', 'a cas needs what it expects'],
  ['{"client":"c","op":"get","key":"k","output":3,"call":1,"return":2}', 'output must be a string or null'],
  ['{"client":"c","op":"delete","key":"k","ok":"yes","call":1,"return":2}', 'ok must be true or false'],
  ['{"client":"c","op":"get","key":"k","call":"1","return":2}', 'call must be a number'],
  ['{"client":"c","op":"get","key":"k","call":1}', 'return must be a number or null'],
  ['{"client":"c","op":"get","key":"k","call":1,"return":2,"outcome":"hm"}', 'outcome must be ok, fail or unknown'],
])('%s is refused', (line, why) => {
  expect(() => readHistory(line)).toThrow(why);
});

test('a call is told in a line', () => {
  expect(history.map(describeOperation)).toEqual([
    '[1 .. 5] c1: set k a',
    '[2 .. 7] c2: cas k nothing -> b refused, found a',
    '[3 .. no answer] c3: cas k a -> c',
    '[8 .. 9] c1: get k = nothing',
    '[10 .. 11] c2: delete k (was there)',
  ]);
});
