import { expect, test } from 'vitest';
import type { Raft } from '../../src/consensus/raft.js';
import { EntryType } from '../../src/index.js';
import type { ProposeResponse } from '../../src/index.js';
import { Proposals } from '../../src/node/proposals.js';
import { Waiters } from '../../src/node/waiters.js';
import { watch } from './support/outcome.js';
import type { Outcome } from './support/outcome.js';
import { virtualClock } from './support/virtual-clock.js';

const limits = { maxMessageBytes: 1000, maxInflightBytes: 10_000, maxUncommittedBytes: 10_000, retryDelayMs: 50 };

/** A follower of node 1 in term 2 that has handed on one command, as question 7. */
async function handedOn(found: { termAt?: number | undefined }) {
  const clock = virtualClock();
  const proposals = new Proposals(new Waiters(clock), { ...limits, forward: true, isDiskFull: () => false });
  const raft = {
    role: 'follower',
    leaderId: '1',
    term: 2,
    forward: () => 7,
    termAt: () => found.termAt,
  } as unknown as Raft;
  const outcome: Outcome<unknown> = watch(
    new Promise((resolve, reject) => {
      proposals.add(EntryType.command, Uint8Array.of(1), { timeoutMs: 100 }, { resolve, reject });
    }),
  );
  proposals.enter(raft, clock.now(), () => {
    throw new Error('it may be handed on');
  });
  const answer = async (response: Partial<ProposeResponse>, appliedIndex: number): Promise<void> => {
    const header = { type: 'proposeResponse', from: '1', to: '2', term: 2, id: 7 } as const;
    const all = { ...header, index: 5, accepted: 1, count: 1, refusal: undefined, ...response };
    proposals.answered([all], raft, clock.now(), appliedIndex);
    await clock.settle();
  };
  return { clock, proposals, outcome, answer };
}

for (const [what, termAt, end] of [
  ['is the same', 2, 'RAFT_UNKNOWN_OUTCOME'],
  ['is compacted', undefined, 'RAFT_UNKNOWN_OUTCOME'],
  ['is of another leader', 3, 'RAFT_PROPOSAL_DROPPED'],
] as const) {
  test(`an answer that comes after its index was applied, where the entry ${what}: ${end}`, async () => {
    const { answer, outcome } = await handedOn({ termAt });
    await answer({}, 5);
    expect(outcome.end).toBe(end);
  });
}

test('an answer to another question, of another term, or a second one, changes nothing', async () => {
  const { answer, outcome, proposals, clock } = await handedOn({});
  await answer({ id: 8 }, 0);
  await answer({ term: 3 }, 0);
  expect(outcome.end).toBe('hanging');
  await answer({}, 0);
  await answer({ index: 6 }, 0);
  const data = Uint8Array.of(1);
  proposals.applied({ index: 6, term: 2, type: EntryType.command, data }, 'not mine');
  proposals.applied({ index: 5, term: 2, type: EntryType.command, data }, 'mine');
  await clock.settle();
  expect(outcome.value).toBe('mine');
});

test('a refusal of one who is not the leader any more does not keep from asking the new one at once', async () => {
  const { answer, proposals } = await handedOn({});
  await answer({ from: '3', accepted: 0, refusal: 'notLeader' }, 0);
  expect(proposals.retryAt).toBe(Infinity);
});

test('a command whose caller was answered in the meantime is not proposed again when it is refused', async () => {
  const { answer, clock, outcome, proposals } = await handedOn({});
  await clock.advance(100);
  expect(outcome.end).toBe('RAFT_UNKNOWN_OUTCOME');
  await answer({ accepted: 0, refusal: 'notLeader' }, 0);
  let asked = 0;
  const raft = { role: 'follower', leaderId: '3', term: 2, forward: () => ++asked } as unknown as Raft;
  proposals.enter(raft, clock.now() + 1000, () => {
    throw new Error('it may be handed on');
  });
  expect(asked).toBe(0);
});
