import { expect, test } from 'vitest';
import { checkExactlyOnce } from '../../src/index.js';

test('acknowledged commands are applied once, refused ones never, the others at most once', () => {
  const commands = [
    { name: 'a', end: 'done' },
    { name: 'b', end: 'maybe' },
    { name: 'c', end: 'no' },
  ] as const;
  expect(checkExactlyOnce(commands, ['a'])).toEqual([]);
  expect(checkExactlyOnce(commands, ['b', 'a'])).toEqual([]);
  expect(checkExactlyOnce(commands, ['b'])).toEqual(['a was acknowledged, but never applied']);
  expect(checkExactlyOnce(commands, ['a', 'b', 'b'])).toEqual(['b was applied 2 times']);
  expect(checkExactlyOnce(commands, ['a', 'a', 'c'])).toEqual([
    'a was applied 2 times',
    'c was said to be certainly not done, but was applied',
  ]);
});
