import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

/** A group that has come to rest. */
function resting(options: ConstructorParameters<typeof Cluster>[0] = {}): Cluster {
  const cluster = new Cluster({ quiesce: true, ...options });
  cluster.elect('1');
  cluster.propose('1');
  cluster.settle();
  cluster.beat('1', 8 * HEARTBEAT_MS);
  return cluster;
}

describe('a group with nothing to do', () => {
  it('rests: no message, no deadline', () => {
    const cluster = resting();
    expect(cluster.ids.map((id) => cluster.raft(id).deadline)).toEqual([Infinity, Infinity, Infinity]);
    cluster.pass(100 * ELECTION_MS.max);
    for (const id of cluster.ids) expect(cluster.turn(id, {}).effects.messages).toEqual([]);
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('does not rest when it was not asked to', () => {
    expect(resting({ quiesce: false }).raft('1').deadline).toBeLessThan(Infinity);
  });

  it('does not rest before every follower has everything and knows', () => {
    const cluster = new Cluster({ quiesce: true });
    cluster.elect('1');
    cluster.isolate('3');
    cluster.beat('1', 20 * HEARTBEAT_MS);
    expect(cluster.raft('1').deadline).toBeLessThan(Infinity);
    cluster.mend();
    cluster.cut('3', '1');
    cluster.beat('1', 20 * HEARTBEAT_MS);
    expect(cluster.raft('1').deadline).toBeLessThan(Infinity);
  });

  it('a proposal wakes it', () => {
    const cluster = resting();
    cluster.pass(100 * ELECTION_MS.max);
    const index = cluster.propose('1');
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.ids.map((id) => cluster.raft(id).commitIndex)).toEqual([index, index, index]);
    expect(cluster.raft('1').role).toBe('leader');
    expect(cluster.raft('2').deadline).toBeLessThan(Infinity);
  });

  it('a read wakes it, and a lease needs a round first', () => {
    const cluster = resting();
    cluster.pass(100 * ELECTION_MS.max);
    const reads = [cluster.read('1', 'lease'), cluster.read('2')];
    expect(cluster.reads.size).toBe(0);
    cluster.settle();
    expect(reads.map((read) => cluster.reads.get(read))).toEqual([2, 2]);
  });

  it('a follower that asks in vain finds out that its leader is gone', () => {
    const cluster = resting();
    cluster.isolate('1');
    cluster.read('2');
    expect(cluster.raft('2').deadline).toBeLessThan(Infinity);
  });

  it('when the transport loses the leader, an election follows', () => {
    const cluster = resting();
    cluster.crash('1');
    cluster.pass(10 * ELECTION_MS.max);
    for (const id of ['2', '3']) cluster.call(id, (raft, now) => raft.peerDown('1', now));
    expect(cluster.raft('2').deadline).toBeGreaterThanOrEqual(cluster.now + ELECTION_MS.min);
    cluster.timeout('2');
    cluster.settle();
    expect(cluster.raft('2').role).toBe('leader');
  });

  it('when it loses another follower, nothing happens', () => {
    const cluster = resting();
    cluster.call('2', (raft, now) => raft.peerDown('3', now));
    expect(cluster.raft('2').deadline).toBe(Infinity);
  });

  it('a follower that was restarted wakes the leader and does not depose it', () => {
    const cluster = resting();
    cluster.crash('3');
    cluster.pass(10 * ELECTION_MS.max);
    cluster.restart('3');
    cluster.timeout('3');
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('1').role).toBe('leader');
    expect(cluster.raft('3').leaderId).toBe('1');
  });

  it('one that was removed and lacks that wakes nobody with its campaigns; one that has as much does', () => {
    const cluster = resting();
    const campaign = { type: 'requestVote', from: '9', term: 5, preVote: true, transfer: false, storeId: '' } as const;
    for (const to of ['1', '2']) cluster.hand({ ...campaign, to, lastLogIndex: 1, lastLogTerm: 1 });
    expect(cluster.ids.map((id) => cluster.raft(id).deadline)).toEqual([Infinity, Infinity, Infinity]);
    cluster.hand({ ...campaign, to: '2', lastLogIndex: 9, lastLogTerm: 4 });
    expect(cluster.raft('2').deadline).toBeLessThan(Infinity);
  });

  it('one that has lost touch with the leader alone does not depose it', () => {
    const cluster = resting();
    cluster.cut('1', '3');
    cluster.cut('3', '1');
    cluster.call('1', (raft, now) => raft.peerDown('3', now));
    cluster.call('3', (raft, now) => raft.peerDown('1', now));
    for (let campaign = 0; campaign < 10; campaign++) {
      cluster.timeout('3');
      cluster.settle();
      cluster.beat('1', 8 * HEARTBEAT_MS);
      expect([cluster.raft('1').role, cluster.raft('1').isResting, cluster.raft('2').isResting]).toEqual([
        ...['leader', true, true],
      ]);
      expect(cluster.raft('2').term).toBe(1);
    }
  });

  it('a late message that tells of an earlier rest puts nobody to sleep', () => {
    const cluster = new Cluster({ quiesce: true });
    cluster.elect('1');
    cluster.beat('1', HEARTBEAT_MS);
    const [heartbeat] = (cluster.timeout('1'), cluster.wire('appendEntries', '1', '2'));
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    cluster.hand({ ...heartbeat!, quiesce: true });
    expect(cluster.raft('2').deadline).toBeLessThan(Infinity);
  });
});

describe('a group of which a member is away', () => {
  /** At rest without 3, which lacks an entry. */
  function restingWithout3(): Cluster {
    const cluster = resting();
    cluster.isolate('3');
    for (const id of ['1', '2']) cluster.call(id, (raft, now) => raft.peerDown('3', now));
    cluster.propose('1');
    cluster.settle();
    cluster.beat('1', 8 * HEARTBEAT_MS);
    return cluster;
  }

  it('goes on resting when the transport loses a follower', () => {
    const cluster = resting();
    for (const id of ['1', '2']) cluster.call(id, (raft, now) => raft.peerDown('3', now));
    expect(cluster.ids.map((id) => cluster.raft(id).deadline)).toEqual([Infinity, Infinity, Infinity]);
  });

  it('rests again after a command, but only once the others have it', () => {
    const cluster = resting();
    cluster.isolate('3');
    cluster.call('1', (raft, now) => raft.peerDown('3', now));
    cluster.cut('1', '2');
    cluster.propose('1');
    cluster.beat('1', 8 * HEARTBEAT_MS);
    expect(cluster.raft('1').deadline).toBeLessThan(Infinity);
    expect(restingWithout3().raft('1').deadline).toBe(Infinity);
  });

  it('does not rest without a quorum: its leader steps down', () => {
    const cluster = resting();
    cluster.isolate('1');
    for (const peer of ['2', '3']) cluster.call('1', (raft, now) => raft.peerDown(peer, now));
    expect(cluster.raft('1').wakesAt).toBeLessThan(cluster.now);
    cluster.raft('1').hold(true);
    expect(cluster.raft('1').deadline).toBe(Infinity);
    cluster.raft('1').hold(false);
    cluster.beat('1', 2 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('follower');
  });

  it('does not depose a resting leader that comes late to look for it', () => {
    const cluster = restingWithout3();
    cluster.call('1', (raft, now) => raft.peerUp('3', now));
    cluster.pass(5 * ELECTION_MS.max);
    cluster.turn('1', {});
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('rests without one that has not answered for long, though nobody says that it is lost', () => {
    const cluster = resting();
    cluster.isolate('3');
    cluster.propose('1');
    cluster.settle();
    cluster.beat('1', 3 * ELECTION_MS.max);
    expect(cluster.raft('1').isResting).toBe(false);
    cluster.beat('1', 2 * ELECTION_MS.max);
    expect(cluster.raft('1').isResting).toBe(true);
  });

  it('looks for it once it can be reached, with pauses that grow to a limit', () => {
    const cluster = restingWithout3();
    cluster.call('1', (raft, now) => raft.peerUp('3', now));
    const pauses: number[] = [];
    for (let look = 0; look < 8; look++) {
      const before = cluster.now;
      cluster.timeout('1');
      expect(cluster.wire('appendEntries', '1', '3')).toHaveLength(1);
      cluster.settle();
      pauses.push((cluster.now - before) / ELECTION_MS.max);
      expect([cluster.raft('1').isResting, cluster.raft('2').isResting]).toEqual([true, true]);
    }
    expect(pauses).toEqual([0, 1, 2, 4, 8, 16, 16, 16]);
    cluster.call('1', (raft, now) => raft.peerDown('3', now));
    expect(cluster.raft('1').deadline).toBe(Infinity);
  });

  it('brings it up to date when it is found, and all rest', () => {
    const cluster = restingWithout3();
    cluster.mend();
    cluster.call('1', (raft, now) => raft.peerUp('3', now));
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.raft('3').isResting).toBe(false);
    cluster.beat('1', 8 * HEARTBEAT_MS);
    expect(cluster.ids.map((id) => cluster.raft(id).commitIndex)).toEqual([3, 3, 3]);
    expect(cluster.ids.map((id) => cluster.raft(id).isResting)).toEqual([true, true, true]);
  });

  it('is woken by it, also when nobody says that it can be reached', () => {
    const cluster = restingWithout3();
    cluster.mend();
    cluster.crash('3');
    cluster.restart('3');
    cluster.timeout('3');
    cluster.settle();
    cluster.beat('1', 8 * HEARTBEAT_MS);
    expect(cluster.raft('1').role).toBe('leader');
    expect(cluster.ids.map((id) => cluster.raft(id).commitIndex)).toEqual([3, 3, 3]);
    expect(cluster.ids.map((id) => cluster.raft(id).isResting)).toEqual([true, true, true]);
  });

  it('is woken by any word of it', () => {
    const cluster = restingWithout3();
    cluster.hand({
      ...{ type: 'appendEntriesResponse', from: '3', to: '1', term: cluster.raft('1').term, round: 1, matchIndex: 2 },
      ...{ rejection: undefined, storeId: '', priority: 1 },
    });
    expect(cluster.raft('1').isResting).toBe(false);
  });

  it('does not tell one that is behind to rest', () => {
    const cluster = resting();
    cluster.isolate('3');
    cluster.call('1', (raft, now) => raft.peerDown('3', now));
    cluster.propose('1');
    cluster.settle();
    cluster.beat('1', 8 * HEARTBEAT_MS);
    cluster.call('1', (raft, now) => raft.peerUp('3', now));
    cluster.timeout('1');
    expect(cluster.wire('appendEntries', '1').map(({ to, quiesce }) => [to, quiesce])).toEqual([
      ['2', true],
      ['3', false],
    ]);
  });
});

describe('a host with many groups', () => {
  it('puts off a campaign until it lets it go, or a leader is heard of', () => {
    const cluster = new Cluster();
    cluster.pass(ELECTION_MS.max);
    cluster.raft('2').hold(true);
    expect(cluster.raft('2').wakesAt).toBeLessThanOrEqual(cluster.now);
    expect(cluster.raft('2').deadline).toBe(Infinity);
    cluster.turn('2', { onTime: true });
    expect(cluster.raft('2').role).toBe('follower');
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.raft('2').leaderId).toBe('1');
    expect(cluster.raft('2').wakesAt).toBeGreaterThan(cluster.now);
    cluster.pass(ELECTION_MS.max);
    cluster.raft('2').hold(false);
    cluster.turn('2', { onTime: true });
    expect(cluster.raft('2').role).toBe('preCandidate');
  });
});
