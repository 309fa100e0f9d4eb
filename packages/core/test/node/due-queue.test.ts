import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueQueue } from '../../src/node/due-queue.js';

interface Item {
  readonly index: number;
  readonly name: number;
  isOver: boolean;
}

test('whoever waits for an index is taken once it is reached, the earliest first, and never who gave up', () => {
  const step = fc.oneof(
    fc.record({ add: fc.nat({ max: 50 }) }),
    fc.record({ giveUp: fc.nat() }),
    fc.record({ take: fc.nat({ max: 50 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new DueQueue<Item>(({ index }) => index);
      let waiting: Item[] = [];
      for (const [name, what] of steps.entries()) {
        if ('add' in what) {
          const item = { index: what.add, name, isOver: false };
          waiting.push(item);
          queue.add(item);
        } else if ('giveUp' in what) {
          const item = waiting[what.giveUp % Math.max(1, waiting.length)];
          if (item === undefined) continue;
          waiting = waiting.filter((one) => one !== item);
          queue.giveUp(item);
        } else {
          const due = waiting.filter(({ index }) => index <= what.take);
          waiting = waiting.filter(({ index }) => index > what.take);
          const taken: Item[] = [];
          for (let item = queue.take(what.take); item !== undefined; item = queue.take(what.take)) taken.push(item);
          expect(taken.map(({ index }) => index)).toEqual(due.map(({ index }) => index).sort((a, b) => a - b));
          expect(new Set(taken)).toEqual(new Set(due));
        }
        expect(queue.size).toBeLessThanOrEqual(2 * waiting.length);
        const least = Math.min(...waiting.map(({ index }) => index));
        expect(queue.next).toBeLessThanOrEqual(least);
        if (waiting.length === 0) expect(queue.next).toBe(Number.POSITIVE_INFINITY);
      }
    }),
    { numRuns: 500 },
  );
});
