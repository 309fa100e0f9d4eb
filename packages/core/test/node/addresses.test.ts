import { expect, test } from 'vitest';
import { Addresses } from '../../src/node/addresses.js';
import type { Configuration } from '../../src/index.js';

const configuration = (voters: string[], addresses: Record<string, string>): Configuration => ({
  ...{ voters, outgoing: [], learners: [], stores: {}, returning: [], addresses },
});

test('while the voters are the first ones, what the operator gives counts more than the log', () => {
  const addresses = new Addresses({ '1': 'new:1', '2': 'new:2' });
  expect(addresses.enter(configuration(['1', '2'], { '1': 'old:1', '2': 'old:2' }))).toEqual({
    '1': 'new:1',
    '2': 'new:2',
  });
  expect(addresses.enter(configuration(['1', '3'], { '1': 'old:1', '3': 'c' }))).toEqual({ '1': 'old:1', '3': 'c' });
});

test('an address that is changed through the log counts from then on', () => {
  const addresses = new Addresses({ '1': 'a', '2': 'b' });
  addresses.enter(configuration(['1', '2'], { '1': 'a', '2': 'b' }));
  expect(addresses.enter(configuration(['1', '2'], { '1': 'a', '2': 'moved' }))).toEqual({ '1': 'a', '2': 'moved' });
  expect(addresses.current).toEqual({ '1': 'a', '2': 'moved' });
});

test('without a bootstrap the log tells', () => {
  const addresses = new Addresses(undefined);
  expect(addresses.current).toEqual({});
  expect(addresses.enter(configuration(['1'], { '1': 'a' }))).toEqual({ '1': 'a' });
});
