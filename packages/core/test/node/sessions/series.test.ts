import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Series } from '../../../src/node/sessions/series.js';

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), by: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('delete' as const), by: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('view' as const), by: fc.constant(0) }) },
  ),
  { minLength: 300, maxLength: 800, size: 'max' },
);

test('it holds what a map would, and every view what it held then', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const series = new Series<string>();
      const model = new Map<number, string>();
      const views: { view: Iterable<readonly [number, string]>; now: [number, string][] }[] = [];
      let last = 0;
      for (const { kind, by } of all) {
        if (kind === 'add') {
          last += by;
          series.add(last, `item ${last}`);
          model.set(last, `item ${last}`);
        } else if (kind === 'view') {
          views.push({ view: series.view(), now: [...model] });
        } else {
          const index = by % (last + 2);
          const found = [series.get(index), series.delete(index)];
          if (found.some((item) => item !== model.get(index))) throw new Error(`found ${found.join()} at ${index}`);
          model.delete(index);
        }
        if (series.size !== model.size) throw new Error(`${series.size} items, not ${model.size}`);
        if (series.firstIndex !== model.keys().next().value) throw new Error(`${series.firstIndex} is not the first`);
      }
      expect([...series]).toEqual([...model]);
      for (const { view, now } of views) expect([...view]).toEqual(now);
    }),
    { numRuns: 50 },
  );
});

test('an index that does not follow the others is refused', () => {
  const series = new Series<string>();
  series.add(3, 'a');
  for (const index of [3, 2]) expect(() => series.add(index, 'b')).toThrow(`index ${index} is out of order`);
  expect([...series]).toEqual([[3, 'a']]);
});
