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

  it('a write that was under way when a snapshot took the place of the log counts for nothing behind it', () => {
    const log = emptyLog();
    for (let index = 1; index <= 9; index++) log.append(entryAt(index, 1));
    log.takeUnwritten(1);
    log.reset({ index: 5, term: 2 });
    for (let index = 6; index <= 9; index++) log.append(entryAt(index, 2));
    log.persisted(1);
    expect(log.durableIndex).toBe(5);
    expect(log.takeUnwritten(2)).toMatchObject({ resetTo: { index: 5, term: 2 }, truncateFrom: undefined });
    log.persisted(2);
    expect(log.durableIndex).toBe(9);
  });

  it('what was refused is unwritten again: the snapshot, what was truncated on the disk, and the entries', () => {
    const log = emptyLog();
    for (let index = 1; index <= 4; index++) log.append(entryAt(index, 1));
    log.takeUnwritten(1);
    log.persisted(1);
    log.truncate(3);
    log.append(entryAt(3, 2));
    log.takeUnwritten(2);
    log.append(entryAt(4, 2));
    log.takeUnwritten(3);
    log.truncate(4);
    log.refused(2);
    const again = log.takeUnwritten(4);
    expect([again.truncateFrom, again.entries.map(({ index, term }) => [index, term])]).toEqual([3, [[3, 2]]]);
    log.append(entryAt(4, 3));
    log.takeUnwritten(5);
    log.refused(5);
    // Nothing was there that would have to be dropped.
    expect(log.takeUnwritten(6)).toMatchObject({ truncateFrom: undefined, entries: [{ index: 4 }] });
    log.persisted(6);
    log.reset({ index: 9, term: 3 });
    log.takeUnwritten(7);
    log.append(entryAt(10, 3));
    log.refused(7);
    expect(log.takeUnwritten(8)).toMatchObject({ resetTo: { index: 9 }, entries: [{ index: 10 }] });
  });
});

const emptyLog = (): RaftLog =>
  new RaftLog({ firstIndex: 1, lastIndex: 0, terms: [{ index: 0, term: 0 }], commitIndex: 0 }, 1000);

const entryAt = (index: number, term: number): Entry => ({
  index,
  term,
  type: EntryType.command,
  data: new Uint8Array(1),
});
