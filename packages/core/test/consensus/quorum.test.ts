import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyConfiguration } from '../../src/consensus/configuration.js';
import { quorumValue, voteResult } from '../../src/consensus/quorum.js';
import type { VoteResult } from '../../src/consensus/quorum.js';
import type { Configuration, NodeId } from '../../src/types.js';

const ids = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
const set = (minLength: number) => fc.uniqueArray(fc.constantFrom(...ids), { minLength, maxLength: 9 });
const configurations = fc.oneof(
  set(1).map((voters): Configuration => ({ ...emptyConfiguration, voters })),
  fc.tuple(set(1), set(1)).map(([voters, outgoing]): Configuration => ({ ...emptyConfiguration, voters, outgoing })),
);
const values = fc.array(fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 1000 })), { minLength: 9, maxLength: 9 });
const votes = fc.array(fc.constantFrom(true, false, undefined), { minLength: 9, maxLength: 9 });

/** Whether those in `chosen` are a quorum: counted set by set. */
function isQuorum({ voters, outgoing }: Configuration, chosen: readonly NodeId[]): boolean {
  return [voters, outgoing].every(
    (half) => half.length === 0 || half.filter((id) => chosen.includes(id)).length > half.length / 2,
  );
}

/** Tries every value there is. */
function naiveQuorumValue(configuration: Configuration, value: (id: NodeId) => number): number {
  const candidates = ids.map(value).sort((a, b) => b - a);
  return candidates.find((candidate) =>
    isQuorum(
      configuration,
      ids.filter((id) => value(id) >= candidate),
    ),
  ) as number;
}

/** Tries every way in which those that are silent may still vote. */
function naiveVoteResult(configuration: Configuration, heard: ReadonlyMap<NodeId, boolean>): VoteResult {
  const granted = ids.filter((id) => heard.get(id) === true);
  const possible = ids.filter((id) => heard.get(id) !== false);
  if (isQuorum(configuration, granted)) return 'won';
  return isQuorum(configuration, possible) ? 'pending' : 'lost';
}

describe('quorums (paper, sections 5.2 and 6)', () => {
  it('quorumValue is what a naive count gives, in joint configurations too', () => {
    fc.assert(
      fc.property(configurations, values, (configuration, all) => {
        const value = (id: NodeId): number => all[Number(id) - 1] as number;
        expect(quorumValue(configuration, value)).toBe(naiveQuorumValue(configuration, value));
      }),
      { numRuns: 2000 },
    );
  });

  it('voteResult is what a naive count gives, in joint configurations too', () => {
    fc.assert(
      fc.property(configurations, votes, (configuration, all) => {
        const heard = new Map<NodeId, boolean>();
        ids.forEach((id, place) => {
          const vote = all[place];
          if (vote !== undefined) heard.set(id, vote);
        });
        expect(voteResult(configuration, heard)).toBe(naiveVoteResult(configuration, heard));
      }),
      { numRuns: 2000 },
    );
  });

  it('whoever has not been heard of counts for nothing', () => {
    const configuration = { ...emptyConfiguration, voters: ['1', '2', '3', '4'] };
    const value = (id: NodeId): number => (id === '1' ? 7 : Number.NEGATIVE_INFINITY);
    expect(quorumValue(configuration, value)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('votes of those that have none are ignored', () => {
    const configuration = { ...emptyConfiguration, voters: ['1', '2', '3'], learners: ['4', '5'] };
    expect(voteResult(configuration, new Map(['1', '4', '5'].map((id) => [id, true])))).toBe('pending');
  });

  it('two quorums of one configuration always meet', () => {
    fc.assert(
      fc.property(configurations, fc.subarray(ids), (configuration, chosen) => {
        const rest = ids.filter((id) => !chosen.includes(id));
        const wins = (set: readonly NodeId[]): boolean =>
          voteResult(configuration, new Map(set.map((id) => [id, true]))) === 'won';
        expect(wins(chosen) && wins(rest)).toBe(false);
      }),
    );
  });
});
