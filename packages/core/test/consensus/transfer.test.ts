import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

describe('leadership transfer (thesis, section 3.10)', () => {
  it('the target is told to campaign once its disk has everything, and wins although the leader is alive', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('2');
    cluster.propose('1');
    expect(cluster.call('1', (raft, now) => raft.transferLeadership('2', now))).toBeUndefined();
    cluster.settle();
    expect(cluster.wire('timeoutNow')).toEqual([]);
    expect(cluster.raft('1').role).toBe('leader');
    cluster.sync('2');
    cluster.deliver('2', '1');
    expect(cluster.wire('timeoutNow', '1', '2').length).toBe(1);
    cluster.deliver('1', '2');
    cluster.sync('2');
    expect(cluster.wire('requestVote', '2', '3')).toMatchObject([{ preVote: false, transfer: true, term: 2 }]);
    cluster.settle();
    cluster.sync('2');
    cluster.settle();
    expect(cluster.view('2')).toMatchObject({ role: 'leader', term: 2 });
    expect(cluster.seen('transfer', '1')).toEqual([{ leaderId: '2', reason: '2 leads' }]);
  });

  it('without a target the one that knows most is taken', () => {
    const cluster = new Cluster({ nodes: 5 });
    cluster.elect('1');
    cluster.isolate('2', '4');
    cluster.propose('1');
    cluster.settle();
    cluster.mend();
    cluster.call('1', (raft, now) => raft.transferLeadership(undefined, now));
    cluster.settle();
    expect(cluster.raft('3').role).toBe('leader');
  });

  it('without a target nobody is taken who is known to be away, though a group at rest has not missed it', () => {
    const cluster = new Cluster({ quiesce: true });
    cluster.elect('1');
    cluster.beat('1', 8 * HEARTBEAT_MS);
    expect(cluster.raft('1').isResting).toBe(true);
    cluster.crash('2');
    cluster.call('1', (raft, now) => raft.peerDown('2', now));
    cluster.call('1', (raft, now) => raft.transferLeadership(undefined, now));
    cluster.settle();
    expect(cluster.raft('3').role).toBe('leader');
  });

  it('proposals are refused meanwhile, and nothing that was taken is lost', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    const index = cluster.propose('1');
    cluster.call('1', (raft, now) => raft.transferLeadership('2', now));
    expect(cluster.raft('1').refusal(1)).toBe('transferring');
    expect(() => cluster.propose('1')).toThrow('transferring');
    expect(cluster.change('1', { remove: ['3'] })).toEqual({ why: 'transferring' });
    cluster.settle();
    expect(cluster.raft('2').commitIndex).toBeGreaterThan(index);
  });

  it('it is given up after an election timeout, and proposals are taken again', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.isolate('2');
    cluster.call('1', (raft, now) => raft.transferLeadership('2', now));
    cluster.beat('1', ELECTION_MS.max - 1);
    expect(cluster.raft('1').refusal(1)).toBe('transferring');
    cluster.beat('1', 2);
    expect(cluster.raft('1').refusal(1)).toBeUndefined();
    expect(cluster.seen('transfer', '1')).toEqual([
      { leaderId: undefined, reason: '2 did not take over within an election timeout' },
    ]);
  });

  it('an order to campaign that is lost is given again', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.call('1', (raft, now) => raft.transferLeadership('2', now));
    expect(cluster.wire('timeoutNow').length).toBe(1);
    cluster.dropAll();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('2').role).toBe('leader');
  });

  it('an order of another term, or of one that does not lead, is not followed', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    const order = { type: 'timeoutNow', from: '1', to: '2', term: 1 } as const;
    cluster.hand({ ...order, term: 0 });
    cluster.hand({ ...order, term: 2 });
    cluster.hand({ ...order, from: '3' });
    expect(cluster.view('2')).toMatchObject({ role: 'follower', term: 1 });
    cluster.hand(order);
    expect(cluster.view('2')).toMatchObject({ role: 'candidate', term: 2 });
    cluster.hand(order);
    expect(cluster.raft('2').term).toBe(2);
  });

  it('a learner does not follow it, and is no target', () => {
    const cluster = new Cluster({ configuration: { voters: ['1', '2'], learners: ['3'] } });
    cluster.elect('1');
    const message = 'node 3 is no voter: name one that is';
    expect(cluster.call('1', (raft, now) => raft.transferLeadership('3', now))).toEqual({ why: 'invalid', message });
    cluster.hand({ type: 'timeoutNow', from: '1', to: '3', term: 1 });
    expect(cluster.raft('3').role).toBe('follower');
  });

  it('only a leader transfers, once at a time, and not to itself', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    const transfer = (id: string, to: string | undefined): unknown =>
      cluster.call(id, (raft, now) => raft.transferLeadership(to, now));
    expect(transfer('2', '3')).toEqual({ why: 'notLeader' });
    expect(transfer('1', '1')).toEqual({ why: 'invalid', message: 'node 1 leads already' });
    expect(transfer('1', '2')).toBeUndefined();
    expect(transfer('1', '3')).toEqual({ why: 'transferring' });
  });

  it('one that is deposed by a third tells who leads', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.isolate('1');
    cluster.call('1', (raft, now) => raft.transferLeadership('2', now));
    cluster.elect('3');
    cluster.mend();
    cluster.beat('3', HEARTBEAT_MS);
    expect(cluster.seen('transfer', '1')).toEqual([{ leaderId: '3', reason: '3 leads' }]);
  });
});

describe('priority', () => {
  it('a leader that is there to stay hands over to a voter of a higher one', () => {
    const cluster = new Cluster({ own: { 3: { priority: 5 } } });
    cluster.elect('1');
    cluster.beat('1', 3 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('leader');
    cluster.beat('1', 2 * ELECTION_MS.max);
    expect(cluster.raft('3').role).toBe('leader');
  });

  it('a node of priority 0 never campaigns by itself, but when it is asked to', () => {
    const cluster = new Cluster({ own: { 3: { priority: 0 } } });
    expect(cluster.raft('3').deadline).toBe(Number.POSITIVE_INFINITY);
    cluster.elect('1');
    cluster.call('1', (raft, now) => raft.transferLeadership('3', now));
    cluster.settle();
    expect(cluster.raft('3').role).toBe('leader');
  });
});
