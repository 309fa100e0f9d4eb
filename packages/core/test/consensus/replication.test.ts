import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppendEntries } from '../../src/messages.js';
import { EntryType } from '../../src/types.js';
import type { Entry, Term } from '../../src/types.js';
import { Cluster, HEARTBEAT_MS } from './support/cluster.js';

const entry = (index: number, term: Term): Entry => ({ index, term, type: EntryType.command, data: new Uint8Array(1) });

/** From a leader "1" that the test plays. */
function append(fields: Partial<AppendEntries>): AppendEntries {
  return {
    type: 'appendEntries',
    from: '1',
    to: '2',
    term: 1,
    prevLogIndex: 0,
    prevLogTerm: 0,
    leaderCommit: 0,
    round: 1,
    entries: [],
    quiesce: false,
    ...fields,
  };
}

describe('log replication (paper, section 5.3)', () => {
  it('an entry is committed once a majority has it, and followers are told at once', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    const index = cluster.propose('1');
    expect(cluster.raft('1').commitIndex).toBe(index - 1);
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.raft('1').commitIndex).toBe(index);
    cluster.settle();
    expect(cluster.ids.map((id) => cluster.host(id).appliedIndex)).toEqual([index, index, index]);
  });

  it('one message carries all that was proposed in a turn', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    for (let id = 1; id <= 3; id++) cluster.host('1').proposals.push({ id, data: new Uint8Array(1) });
    cluster.turn('1');
    expect(cluster.wire('appendEntries', '1', '2').map(({ entries }) => entries.length)).toEqual([3]);
  });

  it('the logs of figure 7 all become the leader’s', () => {
    const leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    const cluster = new Cluster({
      nodes: 7,
      logs: {
        1: leader,
        2: [1, 1, 1, 4, 4, 5, 5, 6, 6],
        3: [1, 1, 1, 4],
        4: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        5: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        6: [1, 1, 1, 4, 4, 4, 4],
        7: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
      },
      hardStates: Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((id) => [id, { term: 7 }])),
    });
    cluster.elect('1');
    cluster.beat('1', 5 * HEARTBEAT_MS);
    for (const id of cluster.ids) {
      expect(cluster.log(id)).toEqual([...leader, 8]);
      expect(cluster.host(id).appliedIndex).toBe(11);
    }
  });

  it('a late or repeated message never shortens a log that agrees with it', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    const copies: AppendEntries[] = [];
    for (let times = 0; times < 5; times++) {
      cluster.propose('1');
      copies.push(...cluster.wire('appendEntries', '1', '2'));
    }
    cluster.settle();
    const { lastIndex } = cluster.raft('2');
    for (const copy of copies.toReversed()) {
      expect(cluster.hand(copy).effects.write).toBeUndefined();
      expect(cluster.raft('2').lastIndex).toBe(lastIndex);
    }
  });

  it('what is not yet committed is not shortened by a late message either', () => {
    const cluster = new Cluster({ checked: false });
    cluster.hand(append({ entries: [entry(1, 1), entry(2, 1), entry(3, 1)] }));
    cluster.hand(append({ entries: [entry(1, 1)] }));
    cluster.hand(append({ prevLogIndex: 1, prevLogTerm: 1 }));
    expect(cluster.log('2')).toEqual([1, 1, 1]);
  });

  it('what is not yet on the disk is not shortened by a repeated message either', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('2');
    cluster.propose('1');
    const [copy] = cluster.wire('appendEntries', '1', '2');
    cluster.propose('1');
    cluster.deliver('1', '2');
    expect(cluster.hand(copy!).effects.write).toBeUndefined();
    expect(cluster.log('2')).toEqual([1, 1, 1]);
  });

  it('only what conflicts is truncated', () => {
    const cluster = new Cluster({ logs: { 2: [1, 1, 2, 2, 2] }, checked: false });
    const { effects } = cluster.hand(
      append({ term: 3, prevLogIndex: 1, prevLogTerm: 1, entries: [entry(2, 1), entry(3, 2), entry(4, 3)] }),
    );
    expect(effects.write?.batch).toMatchObject({ truncateFrom: 4, entries: [{ index: 4, term: 3 }] });
    expect(cluster.log('2')).toEqual([1, 1, 2, 3]);
  });

  it('a message whose preceding entry is missing or of another term is refused and changes nothing', () => {
    const cluster = new Cluster({ logs: { 2: [1, 1, 2] }, checked: false });
    cluster.hand(append({ term: 4, prevLogIndex: 5, prevLogTerm: 3, entries: [entry(6, 4)] }));
    cluster.hand(append({ term: 4, prevLogIndex: 3, prevLogTerm: 3, entries: [entry(4, 4)] }));
    cluster.hand(append({ term: 4, prevLogIndex: 3, prevLogTerm: 1, entries: [entry(4, 4)] }));
    expect(cluster.log('2')).toEqual([1, 1, 2]);
    expect(cluster.wire('appendEntriesResponse', '2', '1').map(({ rejection }) => rejection)).toEqual([
      { prevLogIndex: 5, hintIndex: 3, hintTerm: 2 },
      { prevLogIndex: 3, hintIndex: 3, hintTerm: 2 },
      { prevLogIndex: 3, hintIndex: 2, hintTerm: 1 },
    ]);
  });

  it('a leader that contradicts what is committed is not followed: the node stops', () => {
    const logs = { logs: { 2: [1, 1, 1] }, hardStates: { 2: { commitIndex: 2 } }, checked: false };
    const leader = { term: 4, leaderCommit: 3 };
    // As when a majority was wiped and has elected one of its own.
    expect(() =>
      new Cluster(logs).hand(append({ ...leader, prevLogIndex: 1, prevLogTerm: 1, entries: [entry(2, 4)] })),
    ).toThrow('a majority has lost its data');
    expect(() => new Cluster(logs).hand(append({ ...leader, prevLogIndex: 2, prevLogTerm: 3 }))).toThrow(
      'a majority has lost its data',
    );
    const cluster = new Cluster(logs);
    cluster.hand(append({ ...leader, prevLogIndex: 2, prevLogTerm: 1, entries: [entry(3, 4)] }));
    expect(cluster.log('2')).toEqual([1, 1, 4]);
  });

  it('messages that arrive in the wrong order are made good without a restart of anybody', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.propose('1');
    cluster.propose('1');
    const [first, second] = cluster.take('1', '2');
    cluster.hand(second!);
    cluster.hand(first!);
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('2')).toHaveProperty('commitIndex', 3);
  });
});

describe('a follower’s commit index (paper, figure 2)', () => {
  it('never passes the last entry verified against this leader in this term', () => {
    const cluster = new Cluster({ logs: { 2: [1, 1, 2] }, checked: false });
    cluster.hand(append({ term: 3, prevLogIndex: 2, prevLogTerm: 1, leaderCommit: 3 }));
    expect(cluster.view('2').commitIndex).toBe(2);
    cluster.hand(append({ term: 3, prevLogIndex: 2, prevLogTerm: 1, leaderCommit: 3, entries: [entry(3, 3)] }));
    expect(cluster.view('2').commitIndex).toBe(3);
  });

  it('what was verified under one leader is not verified under the next', () => {
    const cluster = new Cluster({ checked: false });
    cluster.hand(append({ term: 1, entries: [entry(1, 1), entry(2, 1), entry(3, 1)] }));
    cluster.take('2', '1');
    cluster.hand(append({ term: 2, from: '3', prevLogIndex: 1, prevLogTerm: 1, leaderCommit: 3 }));
    expect(cluster.view('2').commitIndex).toBe(1);
    expect(cluster.wire('appendEntriesResponse', '2', '3')).toMatchObject([{ matchIndex: 1 }]);
  });

  it('goes as far as the leader’s, not farther', () => {
    const cluster = new Cluster({ checked: false });
    cluster.hand(append({ entries: [entry(1, 1), entry(2, 1), entry(3, 1)], leaderCommit: 2 }));
    expect(cluster.view('2').commitIndex).toBe(2);
    cluster.hand(append({ leaderCommit: 1 }));
    expect(cluster.view('2').commitIndex).toBe(2);
  });
});

describe('the search for a conflict (paper, section 5.3)', () => {
  /** How many messages a follower refuses until its log is the leader's. */
  function refusals(leaderLog: Term[], followerLog: Term[]): number {
    const term = Math.max(leaderLog.at(-1) ?? 0, followerLog.at(-1) ?? 0);
    const states = Object.fromEntries(['1', '2', '3'].map((id) => [id, { term }]));
    const cluster = new Cluster({ logs: { 1: leaderLog, 2: followerLog, 3: [] }, hardStates: states });
    cluster.cut('2', '1');
    cluster.cut('1', '2');
    cluster.elect('1');
    cluster.mend();
    cluster.timeout('1');
    let count = 0;
    for (let steps = 0; cluster.raft('1').progress.get('2')?.matchIndex !== cluster.raft('1').lastIndex; steps++) {
      expect(steps).toBeLessThan(1000);
      cluster.deliver('1', '2');
      count += cluster
        .wire('appendEntriesResponse', '2', '1')
        .filter(({ rejection }) => rejection !== undefined).length;
      cluster.deliver('2', '1');
    }
    expect(cluster.log('2')).toEqual(cluster.log('1'));
    return count;
  }

  const repeat = (count: number, term: Term): Term[] => Array.from({ length: count }, () => term);

  it('takes one message for a follower that only lags, however far', () => {
    expect(refusals(repeat(500, 1), [1])).toBe(1);
    expect(refusals(repeat(500, 1), [])).toBe(1);
  });

  it('takes one message for a tail of one foreign term, however long', () => {
    expect(refusals([...repeat(3, 1), ...repeat(200, 4)], [...repeat(3, 1), ...repeat(200, 2)])).toBe(1);
    expect(refusals([...repeat(3, 1), ...repeat(5, 4)], [...repeat(3, 1), ...repeat(300, 3)])).toBe(1);
  });

  it('takes at most one message for each term in which the logs differ', () => {
    const leader = [...repeat(5, 1), ...repeat(50, 2), ...repeat(50, 4), ...repeat(50, 6)];
    const follower = [...repeat(5, 1), ...repeat(50, 3), ...repeat(50, 5), ...repeat(50, 7)];
    expect(refusals(leader, follower.slice(0, 105))).toBeLessThanOrEqual(3);
    expect(refusals([...leader, 8], follower)).toBeLessThanOrEqual(4);
  });

  it('takes at most one message for each term in which the logs differ, whatever they are', () => {
    const tail = (parity: number): fc.Arbitrary<Term[]> =>
      fc
        .array(fc.record({ term: fc.integer({ min: 1, max: 5 }), count: fc.integer({ min: 1, max: 20 }) }), {
          maxLength: 4,
        })
        .map((runs) =>
          runs.sort((a, b) => a.term - b.term).flatMap(({ term, count }) => repeat(count, 2 * term + parity)),
        );
    fc.assert(
      fc.property(fc.nat({ max: 10 }), tail(0), tail(1), (common, leaderTail, followerTail) => {
        const leaderTerms = new Set(leaderTail).size;
        const followerTerms = new Set(followerTail).size;
        const count = refusals([...repeat(common, 1), ...leaderTail, 20], [...repeat(common, 1), ...followerTail]);
        expect(count).toBeLessThanOrEqual(1 + Math.min(leaderTerms + 1, followerTerms));
      }),
      { numRuns: 100 },
    );
  });
});

describe('the leader', () => {
  it('never touches its own log: what it lacks when elected is gone (Leader Append-Only)', () => {
    const cluster = new Cluster({ logs: { 1: [1, 2], 2: [1], 3: [1] }, hardStates: { 2: { term: 2 } } });
    cluster.isolate('1');
    cluster.elect('2');
    cluster.mend();
    cluster.beat('2', 3 * HEARTBEAT_MS);
    expect(cluster.log('1')).toEqual(cluster.log('2'));
    expect(cluster.log('2')[1]).toBe(cluster.raft('2').term);
  });

  it('says nothing but a heartbeat an interval when all is quiet', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.propose('1');
    cluster.settle();
    for (let times = 0; times < 3; times++) {
      expect(cluster.raft('1').deadline).toBe(cluster.now + HEARTBEAT_MS);
      const { effects } = cluster.timeout('1');
      expect(effects.write).toBeUndefined();
      expect(effects.messages.map(({ to, type }) => [to, type])).toEqual([
        ['2', 'appendEntries'],
        ['3', 'appendEntries'],
      ]);
      cluster.settle();
    }
  });

  it('keeps its followers from campaigning', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.pass(20);
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.raft('2').deadline).toBe(cluster.now + 75);
  });
});
