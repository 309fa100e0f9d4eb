import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

describe('ReadIndex (thesis, section 6.4)', () => {
  it('a read is answered once a quorum has answered a round that began after it, at the index committed when it began', () => {
    const cluster = new Cluster({ nodes: 5 });
    cluster.elect('1');
    cluster.propose('1');
    cluster.settle();
    const read = cluster.read('1');
    expect(cluster.wire('appendEntries', '1').length).toBe(4);
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.reads.has(read)).toBe(false);
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    expect(cluster.reads.get(read)).toBe(2);
  });

  it('an answer to an earlier round does not count', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.timeout('1');
    cluster.deliver('1', '2');
    cluster.deliver('1', '3');
    const read = cluster.read('1');
    cluster.deliver('2', '1');
    cluster.deliver('3', '1');
    expect(cluster.reads.has(read)).toBe(false);
    cluster.settle();
    expect(cluster.reads.get(read)).toBe(1);
  });

  it('a round that was answered before the read began does not count', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.beat('1', HEARTBEAT_MS);
    const read = cluster.read('1');
    expect(cluster.reads.has(read)).toBe(false);
  });

  it('many reads share a round; those that come while it is under way share the next', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster
      .host('1')
      .reads.push(...[101, 102, 103].map((id) => (cluster.expectRead(id), { id, level: 'linearizable' as const })));
    cluster.turn('1');
    const [first] = cluster.wire('appendEntries', '1', '2');
    expect(cluster.wire('appendEntries', '1', '2').length).toBe(1);
    const late = [cluster.read('1'), cluster.read('1')];
    expect(cluster.wire('appendEntries', '1', '2').length).toBe(1);
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect([101, 102, 103].map((id) => cluster.reads.get(id))).toEqual([1, 1, 1]);
    expect(late.map((id) => cluster.reads.has(id))).toEqual([false, false]);
    expect(cluster.wire('appendEntries', '1', '2')).toMatchObject([{ round: first!.round + 1 }]);
    cluster.settle();
    expect(late.map((id) => cluster.reads.get(id))).toEqual([1, 1]);
  });

  it('a read that comes while a round is under way sees what was committed meanwhile', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    const early = cluster.read('1');
    const [heartbeat] = cluster.take('1', '2');
    cluster.dropAll();
    const index = cluster.propose('1');
    cluster.deliver('1', '3');
    const answers = cluster.take('3', '1').map((message) => ({ ...message, round: 0 }));
    for (const answer of answers) cluster.hand(answer);
    expect(cluster.view('1').commitIndex).toBe(index);
    const late = cluster.read('1');
    cluster.hand(heartbeat!);
    cluster.settle();
    expect(cluster.reads.get(early)).toBe(1);
    expect(cluster.reads.get(late)).toBe(index);
  });

  it('a new leader first commits an entry of its own term', () => {
    const cluster = new Cluster({ logs: { 1: [1, 1], 2: [1, 1], 3: [1, 1] }, preVote: false });
    cluster.timeout('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.view('1')).toMatchObject({ role: 'leader', commitIndex: 0 });
    const read = cluster.read('1');
    expect(cluster.wire('appendEntries', '1', '2')).toMatchObject([{ round: 1 }]);
    cluster.deliver('1', '2');
    for (const answer of cluster.take('2', '1')) cluster.hand({ ...answer, matchIndex: 2 } as typeof answer);
    expect(cluster.reads.has(read)).toBe(false);
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.reads.get(read)).toBe(3);
  });

  it('an old leader in a minority never answers', () => {
    const cluster = new Cluster({ nodes: 5, checkQuorum: false });
    cluster.elect('1');
    cluster.isolate('1', '2');
    cluster.elect('3');
    cluster.propose('3');
    cluster.settle();
    const read = cluster.read('1');
    cluster.beat('1', 20 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('leader');
    expect(cluster.reads.has(read)).toBe(false);
    cluster.mend();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('1').role).toBe('follower');
    expect(cluster.reads.get(read)).toBeUndefined();
    expect(cluster.reads.has(read)).toBe(true);
  });

  it('a leader that steps down refuses all its reads, those under way and those that wait', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.isolate('1');
    const reads = [cluster.read('1'), cluster.read('1')];
    cluster.beat('1', ELECTION_MS.max);
    expect(reads.map((id) => [cluster.reads.has(id), cluster.reads.get(id)])).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
  });

  it('a node that knows no leader refuses at once', () => {
    const cluster = new Cluster();
    const read = cluster.read('2');
    expect(cluster.reads.has(read)).toBe(true);
    expect(cluster.reads.get(read)).toBeUndefined();
  });

  it('a round that is lost is made good by the next heartbeat', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    const read = cluster.read('1');
    cluster.dropAll();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.reads.get(read)).toBe(1);
  });

  it('followers answer rounds although they lack entries or their disks are slow', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.propose('1');
    cluster.dropAll();
    cluster.holdDisk('2');
    cluster.holdDisk('3');
    const read = cluster.read('1');
    cluster.settle();
    expect(cluster.reads.get(read)).toBe(1);
  });

  it('rounds of one leader mean nothing to the next', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.beat('1', 5 * HEARTBEAT_MS);
    cluster.isolate('1');
    cluster.elect('2');
    expect(cluster.raft('2').progress.get('3')?.ackedRound).toBe(1);
    cluster.isolate('2');
    const read = cluster.read('2');
    cluster.settle();
    expect(cluster.reads.has(read)).toBe(false);
  });

  it('in a joint phase both majorities must answer', () => {
    const cluster = new Cluster({ configuration: { voters: ['1', '4', '5'] }, strangers: ['2', '3'] });
    cluster.elect('1');
    cluster.isolate('1', '2', '3');
    cluster.change('1', { add: ['2', '3'], remove: ['4', '5'] });
    const read = cluster.read('1');
    cluster.settle();
    expect(cluster.raft('1').progress.get('3')?.matchIndex).toBe(2);
    expect(cluster.reads.has(read)).toBe(false);
    cluster.mend();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.reads.get(read)).toBe(1);
  });

  it('a learner’s answer does not count', () => {
    const cluster = new Cluster({ configuration: { voters: ['1', '2'], learners: ['3'] } });
    cluster.elect('1');
    const read = cluster.read('1');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    expect(cluster.reads.has(read)).toBe(false);
  });
});
