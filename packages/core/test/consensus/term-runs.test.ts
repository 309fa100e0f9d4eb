import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TermRuns } from '../../src/consensus/term-runs.js';
import type { Term } from '../../src/types.js';

/** The terms of a log, index by index, from its base on; never falling. */
const logs = fc
  .tuple(fc.nat({ max: 20 }), fc.nat({ max: 3 }), fc.array(fc.nat({ max: 2 }), { maxLength: 60 }))
  .map(([base, baseTerm, steps]) => {
    const terms = [baseTerm];
    for (const step of steps) terms.push((terms.at(-1) as Term) + Math.max(0, step - 1));
    return { base, terms };
  });

function runsOf({ base, terms }: { base: number; terms: readonly Term[] }): TermRuns {
  const runs = new TermRuns([{ index: base, term: terms[0] as Term }]);
  terms.slice(1).forEach((term, place) => runs.push(base + 1 + place, term));
  return runs;
}

describe('TermRuns', () => {
  it('knows the term of every index', () => {
    fc.assert(
      fc.property(logs, (log) => {
        const runs = runsOf(log);
        expect(log.terms.map((_, place) => runs.at(log.base + place))).toEqual(log.terms);
        expect(runs.lastTerm).toBe(log.terms.at(-1));
      }),
    );
  });

  it('forgets what is truncated, and takes other terms in its place', () => {
    fc.assert(
      fc.property(logs, fc.nat(), fc.array(fc.nat({ max: 2 }), { maxLength: 10 }), (log, cut, steps) => {
        const runs = runsOf(log);
        const kept = log.terms.slice(0, 1 + (cut % log.terms.length));
        runs.truncate(log.base + kept.length);
        const terms = [...kept];
        for (const step of steps) {
          terms.push((terms.at(-1) as Term) + step);
          runs.push(log.base + terms.length - 1, terms.at(-1) as Term);
        }
        expect(terms.map((_, place) => runs.at(log.base + place))).toEqual(terms);
      }),
    );
  });

  it('finds the last index of at most a term as a walk from there to the base does', () => {
    fc.assert(
      fc.property(logs, fc.nat(), fc.nat({ max: 12 }), (log, at, term) => {
        const index = log.base + (at % log.terms.length);
        let walk = index;
        while (walk >= log.base && (log.terms[walk - log.base] as Term) > term) walk--;
        const found = runsOf(log).lastIndexWithTermAtMost(index, term);
        if (walk >= log.base) expect(found).toBe(walk);
        else expect(found).toBeLessThan(log.base);
      }),
      { numRuns: 1000 },
    );
  });

  it('needs the term of what lies before the log', () => {
    expect(() => new TermRuns([])).toThrow('the log has no base term');
  });
});
