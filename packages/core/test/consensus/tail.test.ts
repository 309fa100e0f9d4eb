import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Tail } from '../../src/consensus/tail.js';

const LIMIT = 6400;
const LARGEST = 1000;

it('a tail is no larger than its limit, and not much smaller where there is more, whatever is appended, truncated and compacted', () => {
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ does: fc.constant('append' as const), by: fc.integer({ min: 1, max: LARGEST }) }),
    },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('truncate' as const), by: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('compact' as const), by: fc.nat({ max: 20 }) }) },
  );
  const property = fc.property(fc.array(step, { minLength: 50, maxLength: 200 }), (steps) => {
    const tail = new Tail(LIMIT);
    const sizes: number[] = [];
    let first = 1;
    const bytesOf = (from: number, to: number): number =>
      sizes.slice(from - 1, to).reduce((sum, size) => sum + size, 0);
    for (const { does, by } of steps) {
      if (does === 'append') tail.appended(sizes.push(by), by);
      else if (does === 'truncate' && sizes.length - by >= first) {
        const from = sizes.length - by + 1;
        tail.truncated(from, bytesOf(from, sizes.length));
        sizes.length -= by;
      } else if (does === 'compact' && first + by <= sizes.length) {
        first += by;
        tail.compacted(first - 1);
      }
      const end = sizes.length;
      const before = tail.before(end);
      const slack = LIMIT / 64 + LARGEST;
      expect(bytesOf(before + 1, end)).toBeLessThanOrEqual(LIMIT + slack);
      if (before >= first) expect(bytesOf(before + 1, end)).toBeGreaterThan(LIMIT - 3 * slack);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

it('without a limit everything may be kept', () => {
  const tail = new Tail(Number.POSITIVE_INFINITY);
  for (let index = 1; index < 100; index++) tail.appended(index, 1e9);
  expect(tail.before(99)).toBe(0);
});
