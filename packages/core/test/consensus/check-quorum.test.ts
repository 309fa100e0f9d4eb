import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS } from './support/cluster.js';

describe('check quorum (thesis, section 6.2)', () => {
  it('a leader that reaches no quorum for an election timeout steps down, and says so', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.isolate('1');
    const read = cluster.read('1');
    cluster.beat('1', ELECTION_MS.max - 1);
    expect(cluster.raft('1').role).toBe('leader');
    cluster.beat('1', 1);
    expect(cluster.view('1')).toMatchObject({ role: 'follower', term: 1, votedFor: '1', leaderId: undefined });
    expect(cluster.reasons.get('1')?.at(-1)).toBe('no quorum answered within the election timeout');
    expect(cluster.reads.has(read)).toBe(true);
    expect(cluster.reads.get(read)).toBeUndefined();
    expect(cluster.raft('1').refusal(1)).toBe('notLeader');
  });

  it('a minority that answers is not enough', () => {
    const cluster = new Cluster({ nodes: 5 });
    cluster.elect('1');
    cluster.isolate('1', '2');
    cluster.beat('1', 2 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('follower');
  });

  it('a quorum that answers is', () => {
    const cluster = new Cluster({ nodes: 5 });
    cluster.elect('1');
    cluster.isolate('1', '2', '3');
    cluster.beat('1', 10 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('in a joint phase both majorities must answer', () => {
    const cluster = new Cluster({ configuration: { voters: ['1', '4', '5'] }, strangers: ['2', '3'] });
    cluster.elect('1');
    cluster.isolate('1', '2', '3');
    cluster.change('1', { add: ['2', '3'], remove: ['4', '5'] });
    cluster.settle();
    expect(cluster.raft('1').configuration.outgoing).toEqual(['1', '4', '5']);
    cluster.beat('1', 2 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('follower');
  });

  it('a learner that answers counts for nothing', () => {
    const cluster = new Cluster({ configuration: { voters: ['1', '2', '3'], learners: ['4'] } });
    cluster.elect('1');
    cluster.isolate('1', '4');
    cluster.beat('1', 2 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('follower');
  });

  it('a leader that has slept too long steps down before it says anything', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.pass(ELECTION_MS.max);
    const { effects } = cluster.timeout('1');
    expect(cluster.raft('1').role).toBe('follower');
    expect(effects.messages).toEqual([]);
  });

  it('what was queued to be sent is not sent by one that has stepped down', () => {
    const cluster = new Cluster({ cacheBytes: 1, logs: { 1: [1, 1], 2: [], 3: [1, 1] } });
    cluster.holdLoads = true;
    cluster.elect('1');
    expect(cluster.loads.length).toBe(1);
    const { request } = cluster.loads.shift()!;
    cluster.pass(ELECTION_MS.max);
    // The entries have come just before the leader finds that it has been alone for too long.
    cluster.host('1').loaded.push({ request, entries: cluster.disks.get('1')!.read(1, 2, 1000) });
    const { effects } = cluster.timeout('1');
    expect(cluster.raft('1').role).toBe('follower');
    expect(effects.messages).toEqual([]);
  });

  it('switched off, an unreachable leader goes on', () => {
    const cluster = new Cluster({ checkQuorum: false });
    cluster.elect('1');
    cluster.isolate('1');
    cluster.beat('1', 5 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('leader');
  });
});
