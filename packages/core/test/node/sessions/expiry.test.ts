import { beforeEach, expect, test } from 'vitest';
import { SessionExpiry } from '../../../src/node/sessions/expiry.js';
import { Log, replica } from '../support/replica.js';
import type { Replica } from '../support/replica.js';

const timeoutMs = 8000;
const leader = { role: 'leader', term: 2 };
let now: number;
let log: Replica;
let expiry: SessionExpiry;
/** Entries that are applied; those of the log and others. */
let appliedIndex: number;

beforeEach(() => {
  now = 0;
  log = replica();
  expiry = new SessionExpiry(log.table, timeoutMs);
  appliedIndex = 0;
});

function apply(entries: Log): void {
  log.apply(entries.entries);
  appliedIndex += entries.entries.length;
}

/** Comes at each deadline until `end`; gives what was found and when. */
function watch(end: number, leadership = leader): { at: number; ids: number[] }[] {
  const found: { at: number; ids: number[] }[] = [];
  for (;;) {
    const deadline = expiry.deadline(leadership);
    if (deadline > end) break;
    now = Math.max(now, deadline);
    const ids = expiry.due(leadership, now, appliedIndex).map(({ id }) => id);
    if (ids.length > 0) found.push({ at: now, ids });
  }
  now = end;
  return found;
}

test('of many sessions some expire at a time, by their number and that of their results, and the others soon after', () => {
  const many = new Log();
  for (let id = 1; id <= 600; id++) many.register(1000);
  for (let sequence = 1; sequence <= 1000; sequence++) {
    for (let id = 1; id <= 30; id++) many.command(id, sequence, 'a');
  }
  apply(many);
  const found: [number, number][] = [];
  while (log.table.size > 0) {
    now = Math.max(now, expiry.deadline(leader));
    const unused = expiry.due(leader, now, appliedIndex);
    if (unused.length > 0) found.push([now, unused.length]);
    const ends = new Log(appliedIndex + 1);
    for (const one of unused) ends.session({ kind: 'expire', ...one });
    apply(ends);
  }
  // The sessions with results were used last.
  expect(found).toEqual([
    [timeoutMs, 250],
    [timeoutMs + 125, 250],
    [timeoutMs + 250, 70 + 11],
    [timeoutMs + 375, 11],
    [timeoutMs + 500, 8],
  ]);
});

test('a session that is not used expires after the timeout, and at most an eighth later', () => {
  apply(new Log().register().register());
  expect(watch(4500)).toEqual([]);
  apply(new Log(3).command(1, 1, 'a'));
  expect(watch(7999)).toEqual([]);
  expect(watch(9000)).toEqual([
    { at: 8000, ids: [2] },
    { at: 9000, ids: [2] },
  ]);
  expect(watch(12_499)[0]?.ids).toEqual([2]);
  const first = watch(14_000).find(({ ids }) => ids.includes(1));
  expect(first?.at).toBeGreaterThanOrEqual(4500 + timeoutMs);
  expect(first?.at).toBeLessThanOrEqual(4500 + timeoutMs + timeoutMs / 8);
});

test('what was proposed is found again only when the session was used since, or by the next leadership', () => {
  apply(new Log().register().register());
  expect(watch(7999)).toEqual([]);
  now = 8000;
  const found = expiry.due(leader, now, appliedIndex);
  expect(found.map(({ id }) => id)).toEqual([1, 2]);
  expiry.proposed(found[0]!);
  expect(watch(15_999).every(({ ids }) => ids.join() === '2')).toBe(true);
  apply(new Log(3).command(1, 1, 'a'));
  expect(watch(25_000).at(-1)).toEqual({ at: 25_000, ids: [2, 1] });
  const again = { role: 'leader', term: 3 };
  expiry.due(again, now, appliedIndex);
  expect(watch(33_000, again)).toEqual([{ at: 33_000, ids: [2, 1] }]);
});

test('a new leader, or the same in a new term, gives every session the whole timeout', () => {
  apply(new Log().register());
  expect(watch(7900)).toEqual([]);
  const again = { role: 'leader', term: 3 };
  expiry.due(again, now, appliedIndex);
  expect(watch(15_800, again)).toEqual([]);
  expect(watch(15_900, again)).toEqual([{ at: 15_900, ids: [1] }]);
});

test('a process that stood still lets nothing expire for that time', () => {
  apply(new Log().register());
  expect(watch(7000)).toEqual([]);
  now = 100_000;
  expect(watch(107_999)).toEqual([]);
  expect(watch(108_000)).toEqual([{ at: 108_000, ids: [1] }]);
});

test('whoever does not lead, or has no sessions, watches nothing', () => {
  expect(expiry.deadline(leader)).toBe(Infinity);
  apply(new Log().register());
  expect(expiry.deadline({ role: 'follower', term: 2 })).toBe(Infinity);
  expect(expiry.due({ role: 'follower', term: 2 }, 1e9, appliedIndex)).toEqual([]);
  expect(expiry.deadline(leader)).toBeLessThan(0);
  apply(new Log(2).session({ kind: 'close', id: 1 }));
  expect(expiry.deadline(leader)).toBe(Infinity);
});
