import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

const stores = { 1: 'a', 2: 'b', 3: 'c' };

/** All storages are on record. */
function recorded(options: ConstructorParameters<typeof Cluster>[0] = {}): Cluster {
  const cluster = new Cluster({ stores, ...options });
  cluster.elect('1');
  cluster.settle();
  return cluster;
}

describe('members are known by their storages', () => {
  it('a leader that has heard of all records them, once', () => {
    const cluster = recorded();
    expect(cluster.raft('2').configuration.stores).toEqual(stores);
    expect(cluster.raft('1').configurationIndex).toBe(2);
    cluster.beat('1', 5 * ELECTION_MS.max);
    expect(cluster.raft('1').lastIndex).toBe(2);
    cluster.call('1', (raft, now) => raft.transferLeadership('2', now));
    cluster.settle();
    cluster.beat('2', 2 * ELECTION_MS.max);
    expect(cluster.raft('2').configurationIndex).toBe(2);
  });

  it('one that it does not hear of holds it up for an election timeout, and is recorded when it comes', () => {
    const cluster = new Cluster({ stores });
    cluster.crash('3');
    cluster.elect('1');
    cluster.beat('1', ELECTION_MS.max - 1);
    expect(cluster.raft('1').lastIndex).toBe(1);
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('1').configuration.stores).toEqual({ 1: 'a', 2: 'b' });
    cluster.restart('3');
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('3').configuration.stores).toEqual(stores);
  });

  it('none are recorded while a change is under way', () => {
    const cluster = new Cluster({ stores, strangers: ['4'] });
    cluster.cut('3', '1');
    cluster.elect('1');
    cluster.cut('2', '1');
    cluster.change('1', { add: ['4'] });
    cluster.mend();
    cluster.settle();
    cluster.beat('1', ELECTION_MS.max);
    expect(cluster.raft('1').configuration).toMatchObject({ voters: ['1', '2', '3', '4'], stores });
  });

  it('without storages that can be told apart nothing is recorded', () => {
    const cluster = recorded({ stores: {} });
    cluster.beat('1', 2 * ELECTION_MS.max);
    expect(cluster.raft('1').lastIndex).toBe(1);
  });
});

describe('a member that comes back with another storage', () => {
  it('is told of, and its acknowledgements count for nothing', () => {
    const cluster = recorded();
    cluster.wipe('3', 'new');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    expect(cluster.seen('wiped', '1')).toEqual([['3']]);
    expect(cluster.raft('1').wipedMembers).toEqual(['3']);
    cluster.isolate('1', '3');
    const index = cluster.propose('1');
    cluster.settle();
    const read = cluster.read('1');
    cluster.settle();
    // It has the log like a learner.
    expect(cluster.raft('3').lastIndex).toBe(index);
    expect(cluster.raft('1').commitIndex).toBe(index - 1);
    expect(cluster.reads.has(read)).toBe(false);
    cluster.beat('1', 2 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('follower');
  });

  it('is told of once, also while one with the old storage comes and goes beside it', () => {
    const cluster = recorded();
    const { 3: old } = cluster.raft('1').configuration.stores;
    for (const storeId of ['new', old, 'new', old, 'new', 'newer', 'new'] as string[]) {
      cluster.wipe('3', storeId);
      cluster.beat('1', 3 * HEARTBEAT_MS);
    }
    expect(cluster.seen('wiped', '1')).toEqual([['3'], ['3']]);
  });

  it('neither votes nor campaigns once it knows its log', () => {
    const cluster = recorded();
    cluster.wipe('3', 'new');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    expect(cluster.raft('3').deadline).toBe(Number.POSITIVE_INFINITY);
    cluster.isolate('1');
    cluster.pass(2 * ELECTION_MS.max);
    cluster.timeout('2');
    cluster.settle();
    expect(cluster.raft('2').role).not.toBe('leader');
    expect(cluster.raft('3').votedFor).toBeUndefined();
  });

  it('has no vote that counts although it grants it', () => {
    const cluster = recorded({ preVote: false });
    cluster.isolate('1');
    cluster.wipe('3', 'new');
    cluster.pass(2 * ELECTION_MS.max);
    cluster.timeout('2');
    cluster.deliver('2', '3');
    expect(cluster.wire('requestVoteResponse', '3', '2')).toMatchObject([{ granted: true, storeId: 'new' }]);
    cluster.settle();
    expect(cluster.raft('2').role).not.toBe('leader');
  });

  it('votes for one that knows of its new storage, although it has not heard of that itself', () => {
    const cluster = recorded();
    cluster.wipe('3', 'new');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    cluster.change('1', cluster.raft('1').readmission!);
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    cluster.cut('1', '3');
    cluster.change('1', cluster.raft('1').readmission!);
    cluster.settle();
    const known = cluster.raft('3').configuration;
    expect([known.learners, known.stores['3']]).toEqual([['3'], 'new']);
    const stale = new Cluster({
      stores: { ...stores, 3: 'new' },
      logs: { 1: [1, 1, 1], 2: [1, 1, 1], 3: [1, 1] },
      configurations: {
        2: { ...known, voters: ['1', '2', '3'], learners: [], stores, returning: [] },
        3: { ...known, voters: ['1', '2', '3'], learners: [], stores: { ...stores, 3: 'new' }, returning: [] },
      },
    });
    expect(stale.raft('3').deadline).toBe(Number.POSITIVE_INFINITY);
    stale.isolate('2');
    stale.elect('1');
    expect(stale.raft('3').votedFor).toBe('1');
  });

  it('gets no vote, unless it knows more than the voter', () => {
    const cluster = recorded({ preVote: false, checked: false });
    cluster.pass(2 * ELECTION_MS.max);
    const { lastIndex: lastLogIndex, term } = cluster.raft('2');
    const ask = {
      type: 'requestVote',
      from: '3',
      to: '2',
      lastLogTerm: term,
      preVote: false,
      transfer: false,
    } as const;
    cluster.hand({ ...ask, term: 5, lastLogIndex, storeId: 'new' });
    expect(cluster.raft('2').votedFor).toBeUndefined();
    cluster.hand({ ...ask, term: 6, lastLogIndex, storeId: 'c' });
    expect(cluster.raft('2').votedFor).toBe('3');
    cluster.hand({ ...ask, term: 7, lastLogIndex: lastLogIndex + 1, storeId: 'new' });
    expect(cluster.raft('2').votedFor).toBe('3');
  });

  it('is brought back: a learner with its new storage first, a voter once it has caught up', () => {
    const cluster = recorded();
    cluster.wipe('3', 'new');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    const first = cluster.raft('1').readmission;
    expect(first).toEqual({ learners: ['3'] });
    cluster.change('1', first!);
    // Until the joint phase is over its old storage is the one that has a vote.
    expect(cluster.raft('1').configuration).toMatchObject({ outgoing: ['1', '2', '3'], stores });
    cluster.settle();
    expect(cluster.raft('1').configuration).toMatchObject({
      voters: ['1', '2'],
      learners: ['3'],
      stores: { ...stores, 3: 'new' },
      returning: ['3'],
    });
    cluster.beat('1', HEARTBEAT_MS);
    const second = cluster.raft('1').readmission;
    expect(second).toEqual({ add: ['3'] });
    cluster.change('1', second!);
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('3').configuration).toMatchObject({ voters: ['1', '2', '3'], learners: [], outgoing: [] });
    expect(cluster.raft('1').readmission).toBeUndefined();
    expect(cluster.raft('1').wipedMembers).toEqual([]);
    cluster.isolate('1', '3');
    const index = cluster.propose('1');
    cluster.settle();
    expect(cluster.raft('1').commitIndex).toBe(index);
  });

  it('is brought back by the next leader when the first dies on the way', () => {
    const cluster = recorded();
    cluster.wipe('3', 'new');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    cluster.change('1', cluster.raft('1').readmission!);
    cluster.settle();
    cluster.call('1', (raft, now) => raft.transferLeadership('2', now));
    cluster.settle();
    cluster.beat('2', HEARTBEAT_MS);
    expect(cluster.raft('2').readmission).toEqual({ add: ['3'] });
  });

  it('is brought back by a leader that was restarted on the way, and knows no more than its snapshot', () => {
    const cluster = recorded({ retainedEntries: 0 });
    cluster.wipe('3', 'new');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    cluster.change('1', cluster.raft('1').readmission!);
    cluster.settle();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    cluster.takeSnapshot('2');
    cluster.crash('2', 100);
    cluster.restart('2');
    cluster.beat('1', 2 * HEARTBEAT_MS + ELECTION_MS.max);
    cluster.call('1', (raft, now) => raft.transferLeadership('2', now));
    cluster.settle();
    cluster.beat('2', 3 * HEARTBEAT_MS);
    expect(cluster.raft('2').readmission).toEqual({ add: ['3'] });
    cluster.change('2', cluster.raft('2').readmission!);
    cluster.settle();
    expect(cluster.raft('1').configuration).toEqual({
      ...{ voters: ['1', '2', '3'], outgoing: [], learners: [], returning: [] },
      ...{ addresses: cluster.raft('1').configuration.addresses, stores: { ...stores, 3: 'new' } },
    });
  });

  it('a learner that an operator has made one stays a learner', () => {
    const cluster = recorded();
    cluster.change('1', { learners: ['3'] });
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('1').readmission).toBeUndefined();
    cluster.wipe('3', 'new');
    cluster.beat('1', 4 * HEARTBEAT_MS);
    // It has promised nothing, so it is recorded anew.
    expect(cluster.raft('1').configuration).toMatchObject({ learners: ['3'], stores: { 3: 'new' } });
    expect(cluster.raft('1').readmission).toBeUndefined();
    expect(cluster.seen('wiped')).toEqual([]);
  });

  it('cannot become one that the quorum depends on', () => {
    const cluster = recorded();
    cluster.wipe('3', 'new');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    const message = 'too many of the voters to be have lost their storages: make 3 learners first';
    expect(cluster.change('1', { remove: ['2'] })).toEqual({ why: 'invalid', message });
  });

  it('removed and added again by hand it is a member like any other', () => {
    const cluster = recorded();
    cluster.wipe('3', 'new');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    cluster.change('1', { remove: ['3'] });
    cluster.settle();
    expect(cluster.raft('1').configuration.stores).toEqual({ 1: 'a', 2: 'b' });
    cluster.change('1', { add: ['3'] });
    cluster.settle();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('3').configuration).toMatchObject({
      voters: ['1', '2', '3'],
      stores: { ...stores, 3: 'new' },
    });
    expect(cluster.raft('1').wipedMembers).toEqual([]);
  });
});
