import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

describe('term and vote (paper, figure 2: updated on stable storage before responding)', () => {
  it('a candidate asks for votes once its own is on its disk', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.holdDisk('1');
    cluster.timeout('1');
    expect(cluster.wire('requestVote')).toEqual([]);
    cluster.sync('1');
    expect(cluster.wire('requestVote').map(({ to }) => to)).toEqual(['2', '3']);
    expect(cluster.disks.get('1')!.hardState).toMatchObject({ term: 1, votedFor: '1' });
  });

  it('a voter answers once its vote is on its disk', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.holdDisk('2');
    cluster.timeout('1');
    cluster.deliver('1', '2');
    expect(cluster.wire('requestVoteResponse')).toEqual([]);
    cluster.sync('2');
    expect(cluster.wire('requestVoteResponse')).toMatchObject([{ granted: true, storeId: '' }]);
  });

  it('a vote in a term that is on the disk already is written, too, before it is told', () => {
    const cluster = new Cluster({ preVote: false, hardStates: { 2: { term: 1 } } });
    cluster.holdDisk('2');
    cluster.timeout('1');
    cluster.deliver('1', '2');
    expect(cluster.wire('requestVoteResponse')).toEqual([]);
    cluster.sync('2');
    cluster.crash('2');
    cluster.restart('2');
    expect(cluster.view('2')).toMatchObject({ term: 1, votedFor: '1' });
  });

  it('a refusal, too, tells of a term only when it is on the disk', () => {
    const cluster = new Cluster({ preVote: false, logs: { 1: [1], 2: [1, 1] } });
    cluster.holdDisk('2');
    cluster.timeout('1');
    cluster.deliver('1', '2');
    expect(cluster.wire('requestVoteResponse')).toEqual([]);
    cluster.sync('2');
    expect(cluster.wire('requestVoteResponse')).toMatchObject([{ granted: false, term: 2 }]);
  });

  it('a single voter leads once its vote for itself is on its disk', () => {
    const cluster = new Cluster({ nodes: 1 });
    cluster.holdDisk('1');
    cluster.timeout('1');
    expect(cluster.view('1')).toMatchObject({ role: 'candidate', term: 1 });
    cluster.sync('1');
    expect(cluster.view('1')).toMatchObject({ role: 'leader', commitIndex: 0 });
    cluster.sync('1');
    expect(cluster.view('1').commitIndex).toBe(1);
  });

  it('a vote that the crash has taken was told to nobody', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.holdDisk('3');
    cluster.timeout('1');
    cluster.timeout('2');
    cluster.deliver('1', '3');
    cluster.crash('3');
    cluster.restart('3');
    cluster.deliver('2', '3');
    cluster.sync('3');
    expect(cluster.wire('requestVoteResponse', '3')).toMatchObject([{ to: '2', granted: true, storeId: '' }]);
  });

  it('a follower answers the leader of a new term once that term is on its disk', () => {
    const cluster = new Cluster();
    cluster.holdDisk('3');
    cluster.elect('1');
    expect(cluster.view('3')).toMatchObject({ leaderId: '1', term: 1 });
    expect(cluster.raft('1').progress.get('3')?.ackedRound).toBe(0);
    cluster.sync('3');
    cluster.settle();
    expect(cluster.raft('1').progress.get('3')?.ackedRound).toBe(1);
  });
});

describe('entries (thesis, section 10.2.1)', () => {
  it('the leader sends them without waiting for its own disk', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('1');
    cluster.propose('1');
    expect(cluster.wire('appendEntries', '1').map(({ entries }) => entries.length)).toEqual([1, 1]);
  });

  it('the leader counts itself once its own disk has them', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('1');
    const index = cluster.propose('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.raft('1').commitIndex).toBe(index - 1);
    cluster.sync('1');
    expect(cluster.raft('1').commitIndex).toBe(index);
  });

  it('they are committed without the leader’s disk when a majority of others has them, and then applied there first', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('1');
    const index = cluster.propose('1');
    cluster.settle();
    expect(cluster.raft('1').commitIndex).toBe(index);
    expect(cluster.ids.map((id) => cluster.host(id).appliedIndex)).toEqual([index - 1, index, index]);
    cluster.sync('1');
    expect(cluster.host('1').appliedIndex).toBe(index);
  });

  it('a follower acknowledges what its disk has, and answers heartbeats meanwhile', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('2');
    const index = cluster.propose('1');
    cluster.deliver('1', '2');
    expect(cluster.wire('appendEntriesResponse', '2')).toEqual([]);
    cluster.timeout('1');
    cluster.deliver('1', '2');
    expect(cluster.wire('appendEntriesResponse', '2')).toMatchObject([{ matchIndex: index - 1, round: 2 }]);
    cluster.sync('2');
    expect(cluster.wire('appendEntriesResponse', '2').at(-1)).toMatchObject({ matchIndex: index });
  });

  it('what a crash has taken is sent again', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('2');
    cluster.isolate('3');
    const index = cluster.propose('1');
    cluster.settle();
    cluster.crash('2');
    cluster.restart('2');
    expect(cluster.raft('2').lastIndex).toBe(index - 1);
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('1').commitIndex).toBe(index - 1);
    cluster.sync('2');
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('1').commitIndex).toBe(index);
  });

  it('what was committed is there after a crash of all, and of what each had not synced', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    for (let times = 0; times < 10; times++) cluster.propose('1');
    cluster.settle();
    for (const id of cluster.ids) cluster.holdDisk(id);
    cluster.propose('1');
    for (const id of cluster.ids) cluster.crash(id);
    for (const id of cluster.ids) cluster.restart(id);
    expect(cluster.ids.map((id) => cluster.raft(id).lastIndex)).toEqual([11, 11, 11]);
  });

  it('a restarted node applies at once what its disk knows to be committed', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    for (let times = 0; times < 3; times++) {
      cluster.propose('1');
      cluster.settle();
    }
    cluster.crash('2');
    cluster.restart('2');
    expect(cluster.view('2')).toMatchObject({ lastIndex: 4, commitIndex: 3 });
    expect(cluster.host('2').appliedIndex).toBe(3);
  });

  it('a commit index is never written by itself', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.propose('1');
    cluster.settle();
    const written = cluster.disks.get('2')!.hardState.commitIndex;
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.disks.get('2')!.hardState.commitIndex).toBe(written);
    expect(cluster.raft('2').commitIndex).toBeGreaterThan(written);
  });
});

describe('a write that is under way while the log is truncated under it', () => {
  /** "3" has written 2..4 of term 1, unsynced; the leader of term 2 has told it to write others in their place, unsynced too. */
  function truncatedUnderWrite(): Cluster {
    const cluster = new Cluster({ nodes: 5 });
    cluster.elect('1');
    cluster.holdDisk('3');
    for (let times = 0; times < 3; times++) cluster.propose('1');
    cluster.deliver('1', '3');
    cluster.dropAll();
    cluster.isolate('1');
    cluster.elect('2');
    cluster.propose('2');
    cluster.propose('2');
    return cluster;
  }

  it('counts up to the place of the conflict, and the new write for the rest', () => {
    const cluster = truncatedUnderWrite();
    cluster.settle();
    expect(cluster.disks.get('3')!.unsynced.length).toBeGreaterThan(1);
    const durable: number[] = [];
    while (cluster.disks.get('3')!.unsynced.length > 0) {
      cluster.sync('3', 'one');
      cluster.settle();
      durable.push(cluster.raft('3').durableIndex);
      expect(cluster.disks.get('3')!.termAt(cluster.raft('3').durableIndex)).toBe(
        cluster.raft('3').termAt(cluster.raft('3').durableIndex),
      );
    }
    expect(durable[0]).toBe(1);
    expect(durable.at(-1)).toBe(cluster.raft('3').lastIndex);
  });
});

describe('a slow disk', () => {
  it('slower than every election timeout still lets a single voter lead', () => {
    const cluster = new Cluster({ nodes: 1 });
    cluster.holdDisk('1');
    cluster.timeout('1');
    // Three timeouts pass before the disk has answered once.
    for (let times = 0; times < 3; times++) {
      cluster.pass(ELECTION_MS.max);
      cluster.timeout('1');
    }
    cluster.sync('1', 'one');
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('leaves the others a whole election timeout to answer, from when they are asked', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.holdDisk('1');
    cluster.timeout('1');
    cluster.pass(60);
    cluster.sync('1');
    expect(cluster.raft('1').deadline).toBe(cluster.now + 75);
  });
});
