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
