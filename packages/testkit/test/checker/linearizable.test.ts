import { seededRandom } from '@raft/core';
import { describe, expect, it } from 'vitest';
import { checkLinearizable } from '../../src/index.js';
import { simplify } from '../../src/checker/register.js';
import { hasWitness } from '../../src/checker/witness.js';
import type { Operation } from '../../src/index.js';
import { isLinearizableByBruteForce } from './support/brute-force.js';

type Ends = readonly [call: number, end: number | null];

let caller = 0;
const base = ([call, end]: Ends) => ({ client: `c${caller++}`, key: 'k', call, return: end });
const get = (ends: Ends, output: string | null): Operation => ({ ...base(ends), op: 'get', output });
const set = (ends: Ends, value: string): Operation => ({ ...base(ends), op: 'set', value });
const remove = (ends: Ends, ok?: boolean): Operation => ({
  ...base(ends),
  op: 'delete',
  ...(ok === undefined ? {} : { ok }),
});
const swap = (ends: Ends, expected: string | null, value: string): Operation => ({
  ...base(ends),
  op: 'cas',
  expected,
  value,
  ok: true,
});
const refused = (ends: Ends, expected: string | null, output: string | null): Operation => ({
  ...base(ends),
  op: 'cas',
  expected,
  value: 'unused',
  ok: false,
  output,
});

const isLinearizable = (history: readonly Operation[]): boolean => checkLinearizable(history).length === 0;

/** Name, whether it has an order, and the calls. */
const histories: [string, boolean, Operation[]][] = [
  ['nothing', true, []],
  ['a key that was never written', true, [get([0, 1], null)]],
  ['a value from nowhere', false, [get([0, 1], 'a')]],
  ['a write, then its value', true, [set([0, 1], 'a'), get([2, 3], 'a')]],
  ['a write that the next read misses', false, [set([0, 1], 'a'), get([2, 3], null)]],
  ['a write under way may be missed', true, [set([0, 5], 'a'), get([2, 3], null)]],
  ['a write under way may be seen', true, [set([0, 5], 'a'), get([2, 3], 'a')]],
  [
    'reads that go back in time, while the write is under way',
    false,
    [set([0, 9], 'a'), get([2, 3], 'a'), get([4, 5], null)],
  ],
  ['an older value after a newer one', false, [set([0, 1], 'a'), set([2, 3], 'b'), get([4, 5], 'b'), get([6, 7], 'a')]],
  ['two writes at once, either is last', true, [set([0, 9], 'a'), set([1, 8], 'b'), get([10, 11], 'a')]],
  [
    'two writes at once, each last in turn',
    false,
    [set([0, 9], 'a'), set([1, 8], 'b'), get([10, 11], 'a'), get([12, 13], 'b')],
  ],
  ['a write that was perhaps done, much later', true, [set([0, null], 'a'), get([1, 2], null), get([3, 4], 'a')]],
  ['a write that was perhaps done, and undone', false, [set([0, null], 'a'), get([3, 4], 'a'), get([5, 6], null)]],
  ['a write that was perhaps done, before it was asked for', false, [get([0, 1], 'a'), set([2, null], 'a')]],
  ['a lost write', false, [set([0, 1], 'a'), set([2, 3], 'b'), get([4, 5], 'a')]],
  ['a deletion, then nothing', true, [set([0, 1], 'a'), remove([2, 3], true), get([4, 5], null)]],
  ['a deletion that the next read misses', false, [set([0, 1], 'a'), remove([2, 3], true), get([4, 5], 'a')]],
  ['a deletion of nothing that found something', false, [remove([0, 1], true)]],
  ['a deletion of something that found nothing', false, [set([0, 1], 'a'), remove([2, 3], false)]],
  [
    'two deletions that both found the one value',
    false,
    [set([0, 1], 'a'), remove([2, 5], true), remove([3, 6], true)],
  ],
  [
    'a value that comes back after its deletion',
    false,
    [set([0, 1], 'a'), remove([2, 3]), get([4, 5], null), get([6, 7], 'a')],
  ],
  [
    'a deletion that was perhaps done',
    true,
    [set([0, 1], 'a'), remove([2, null]), get([3, 4], 'a'), get([5, 6], null)],
  ],
  ['two swaps of one value', false, [set([0, 1], 'a'), swap([2, 5], 'a', 'b'), swap([2, 5], 'a', 'c')]],
  [
    'two swaps of one value, one perhaps',
    true,
    [
      set([0, 1], 'a'),
      { ...base([2, null]), op: 'cas', expected: 'a', value: 'b' },
      swap([2, 5], 'a', 'c'),
      get([6, 7], 'c'),
    ],
  ],
  ['a swap of what is not there', true, [swap([0, 1], null, 'a'), get([2, 3], 'a')]],
  ['two swaps of what is not there', false, [swap([0, 1], null, 'a'), swap([2, 3], null, 'b')]],
  ['a swap that was refused without reason', false, [set([0, 1], 'a'), refused([2, 3], 'a', 'a')]],
  ['a swap that found another value', true, [set([0, 1], 'a'), refused([2, 3], 'b', 'a')]],
  ['a swap that found what was not there', false, [set([0, 1], 'a'), refused([2, 3], 'b', 'c')]],
  [
    'a read of a swap that needs an unanswered swap that needs an unanswered write',
    true,
    [
      set([0, null], 'a'),
      { ...base([1, null]), op: 'cas', expected: 'a', value: 'b' },
      swap([2, 3], 'b', 'c'),
      get([4, 5], 'c'),
    ],
  ],
  ['a call that was certainly not done', true, [{ ...set([0, 1], 'a'), outcome: 'fail' }, get([2, 3], null)]],
];

describe('linearizability', () => {
  it.each(histories)('%s: %s', (_, expected, operations) => {
    expect(isLinearizable(operations)).toBe(expected);
    expect(isLinearizable(operations.toReversed())).toBe(expected);
    expect(isLinearizableByBruteForce(operations.filter(({ outcome }) => outcome !== 'fail'))).toBe(expected);
  });

  it('looks at each key by itself', () => {
    const good = set([0, 1], 'a');
    const bad = { ...get([2, 3], null), key: 'other' };
    expect(isLinearizable([good, bad])).toBe(true);
    expect(checkLinearizable([{ ...good, key: 'x' }, { ...bad, key: 'x' }, bad]).map(({ key }) => key)).toEqual(['x']);
  });

  it('says the same as trying everything, of thousands of small random histories', () => {
    const seed = 20;
    const random = seededRandom(seed);
    const verdicts = { true: 0, false: 0 };
    for (let run = 0; run < 6000; run++) {
      const history = randomHistory(random);
      const expected = isLinearizableByBruteForce(history);
      verdicts[`${expected}`]++;
      expect(isLinearizable(history), `seed ${seed}, history ${run}: ${JSON.stringify(history)}`).toBe(expected);
    }
    // Neither is rare.
    expect(verdicts.true).toBeGreaterThan(1000);
    expect(verdicts.false).toBeGreaterThan(1000);
  });

  it('gives counterexamples that are wrong by themselves, and of which nothing can be left out', () => {
    const random = seededRandom(21);
    let found = 0;
    for (let run = 0; run < 2000; run++) {
      const [anomaly] = checkLinearizable(randomHistory(random));
      if (anomaly === undefined) continue;
      found++;
      const { counterexample } = anomaly;
      expect(isLinearizableByBruteForce(counterexample)).toBe(false);
      for (const operation of counterexample.filter(({ op, ok }) => op === 'get' || ok === false)) {
        const fewer = counterexample.filter((other) => other !== operation);
        expect(isLinearizableByBruteForce(fewer), `${anomaly.report}\nwithout ${operation.client}`).toBe(true);
      }
    }
    expect(found).toBeGreaterThan(500);
  });

  it('finds the few calls that matter in a long history', () => {
    const history = [...longHistory(100), set([5000, 5001], 'x'), get([5002, 5003], '0-0')];
    const [anomaly] = checkLinearizable(history);
    expect(anomaly?.counterexample.length).toBeLessThanOrEqual(3);
    expect(anomaly?.report).toContain('get k = 0-0');
  });

  it('is quick with many calls at a time, and many without an answer', () => {
    const history = longHistory(300);
    expect(isLinearizable(history)).toBe(true);
    expect(isLinearizable([...history, get([5000, 5001], '0-0')])).toBe(false);
  });

  it('finds an order of ten thousand calls of ten clients on one key within about as many choices', () => {
    for (const seed of [1, 2, 3]) {
      const history = busyHistory(seed, 10, 1000);
      expect(hasWitness(simplify(history), 5 * history.length), `seed ${seed}`).toBe(true);
      expect(isLinearizable(history)).toBe(true);
    }
  });
});

/** All call at the same time, as soon as their last call has returned; one call in fifty gets no answer. */
function busyHistory(seed: number, clients: number, calls: number): Operation[] {
  const random = seededRandom(seed);
  const times = Array.from({ length: clients }, (_, lane) => {
    let now = 0;
    return Array.from({ length: calls }, (__, turn) => {
      const call = now + random() * 5;
      const at = call + random() * 20;
      now = at + random() * 20;
      return { call, at, end: now, client: `c${lane}`, value: `${lane}-${turn}` };
    });
  }).flat();
  let held: string | null = null;
  return times
    .toSorted((a, b) => a.at - b.at)
    .map(({ call, end, client, value }): Operation => {
      const isLost = random() < 0.02;
      const common = { client, key: 'k', call, return: isLost ? null : end };
      const kind = random();
      if (kind < 0.4) return isLost ? { ...common, op: 'get' } : { ...common, op: 'get', output: held };
      if (kind < 0.7) {
        if (!isLost || random() < 0.5) held = value;
        return { ...common, op: 'set', value };
      }
      if (kind > 0.9) {
        const ok = held !== null;
        held = null;
        return isLost ? { ...common, op: 'delete' } : { ...common, op: 'delete', ok };
      }
      const before = held;
      const expected = random() < 0.6 ? before : 'nobody’s';
      if (expected === before) held = value;
      if (isLost) return { ...common, op: 'cas', value, expected };
      return expected === before
        ? { ...common, op: 'cas', value, expected, ok: true }
        : { ...common, op: 'cas', value, expected, ok: false, output: before };
    });
}

/** Six writers at a time, one of which never gets an answer, and a reader after them. */
function longHistory(rounds: number): Operation[] {
  const history: Operation[] = [];
  for (let i = 0; i < rounds; i++) {
    for (let lane = 0; lane < 6; lane++)
      history.push(set([i * 10 + lane, lane === 5 ? null : i * 10 + 9], `${i}-${lane}`));
    history.push(get([i * 10 + 9.2, i * 10 + 9.8], i % 7 === 0 ? `${i}-5` : `${i}-3`));
  }
  return history;
}

/** Half of them are taken from a run that is right, and then perhaps spoilt: pure chance hardly ever is. */
function randomHistory(random: () => number): Operation[] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const values = ['a', 'b', 'c'];
  const any = (): string | null => pick([...values, null]);
  const count = 2 + Math.floor(random() * 5);
  const isHonest = random() < 0.6;
  let now: string | null = null;
  return Array.from({ length: count }, (_, place) => {
    const at = isHonest ? place * 2 + 1 : random() * 10;
    const call = at - random() * 4;
    const end = random() < 0.2 ? null : at + random() * 4;
    const op = pick(['get', 'set', 'delete', 'cas'] as const);
    const value = pick(values);
    const expected = random() < 0.5 ? now : any();
    const before = isHonest && random() < 0.9 ? now : any();
    const common = { client: `c${place}`, key: 'k', call, return: end };
    if (end === null && random() < 0.5) {
      if (op === 'cas') return { ...common, op, value, expected };
      return op === 'set' ? { ...common, op, value } : { ...common, op };
    }
    const swaps = before === expected;
    if (op === 'set' || (op === 'cas' && swaps)) now = value;
    if (op === 'delete') now = null;
    if (op === 'get') return end === null ? { ...common, op } : { ...common, op, output: before };
    if (op === 'set') return { ...common, op, value };
    if (op === 'delete') return random() < 0.5 ? { ...common, op } : { ...common, op, ok: before !== null };
    if (swaps) return { ...common, op, value, expected, ok: true };
    return random() < 0.5
      ? { ...common, op, value, expected, ok: false }
      : { ...common, op, value, expected, ok: false, output: before };
  });
}
