import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RaftLog } from '../../src/consensus/log.js';
import { EntryType } from '../../src/types.js';
import type { Entry } from '../../src/types.js';
import { LogPair } from './support/log-pair.js';

const actions = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('append' as const), fc.nat({ max: 3 }), fc.nat({ max: 100 })) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('truncate' as const), fc.nat(), fc.constant(0)) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('write' as const), fc.constant(0), fc.constant(0)) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('persist' as const), fc.nat({ max: 3 }), fc.constant(0)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('commit' as const), fc.nat({ max: 10 }), fc.constant(0)) },
  ),
  { maxLength: 120 },
);

describe('RaftLog', () => {
  it('is what a plain array is, whatever is appended, truncated, written and committed', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 30 }),
        fc.nat({ max: 3 }),
        fc.constantFrom(1, 300, 2000, 1_000_000),
        actions,
        (base, baseTerm, cacheBytes, steps) => {
          const pair = new LogPair(base, baseTerm, cacheBytes);
          for (const [name, a, b] of steps) {
            pair[name](a, b);
            pair.check();
          }
          // At the end the disk gets it all.
          pair.write();
          pair.persist(1000);
          pair.check();
          expect(pair.twin.disk).toEqual(pair.twin.memory);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gives as many entries as fit in a message, one at least', () => {
    const pair = new LogPair(0, 0, 1_000_000);
    for (const bytes of [36, 36, 436, 36]) pair.append(2, bytes);
    const lengths = [1, 100, 199, 200, 699, 700, 800].map((bytes) => pair.log.cached(1, 4, bytes)?.length);
    expect(lengths).toEqual([1, 1, 1, 2, 2, 3, 4]);
    expect(pair.log.cached(2, 3, 10_000)?.map(({ index }) => index)).toEqual([2, 3]);
  });

  it('refuses gaps, terms that fall, and the loss of what is committed', () => {
    const pair = new LogPair(0, 0, 1000);
    for (let times = 0; times < 3; times++) pair.append(3, 1);
    pair.commit(2);
    const entry = (index: number, term: number): Entry => ({
      index,
      term,
      type: EntryType.empty,
      data: new Uint8Array(0),
    });
    expect(() => pair.log.append(entry(5, 9))).toThrow('does not follow');
    expect(() => pair.log.append(entry(4, 1))).toThrow('follows term');
    expect(() => pair.log.truncate(2)).toThrow('would drop committed entries');
    expect(() => pair.log.commitTo(4)).toThrow('past the log');
    expect(() => pair.log.commitTo(1)).toThrow('go back');
  });

  it('remembers from its start only what is there, and takes the commit index no further than the log', () => {
    const terms = [
      { index: 10, term: 3 },
      { index: 12, term: 5 },
    ];
    const log = new RaftLog({ firstIndex: 11, lastIndex: 15, terms, commitIndex: 99 }, 1000);
    expect([9, 10, 11, 12, 15, 16].map((index) => log.termAt(index))).toEqual([undefined, 3, 3, 5, 5, undefined]);
    expect([log.commitIndex, log.durableIndex, log.hasUnwritten]).toEqual([15, 15, false]);
    expect(log.cached(15, 15, 1000)).toBeUndefined();
    expect(log.lastIndexWithTermAtMost(20, 4)).toBe(11);
    expect(log.lastIndexWithTermAtMost(20, 2)).toBe(10);
  });
});
