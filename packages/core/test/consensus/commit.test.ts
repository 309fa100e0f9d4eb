import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

describe('commitment of earlier terms (paper, section 5.4.2, figure 8)', () => {
  /** Figure 8 (c): "1" leads again, in term 4; its entry of term 2 is on "1", "2" and "3", that of term 4 on itself only. */
  function figure8(): Cluster {
    const cluster = new Cluster({
      nodes: 5,
      preVote: false,
      logs: { 1: [1, 2], 2: [1, 2], 3: [1], 4: [1], 5: [1, 3] },
      hardStates: Object.fromEntries(['1', '2', '3', '4', '5'].map((id) => [id, { term: 3 }])),
    });
    cluster.timeout('1');
    for (const id of ['2', '3']) {
      cluster.deliver('1', id);
      cluster.deliver(id, '1');
    }
    cluster.dropAll();
    cluster.timeout('1');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    const [probe] = cluster.wire('appendEntries', '1', '3');
    cluster.take('1', '3');
    cluster.hand({ ...probe!, entries: probe!.entries.slice(0, 1) });
    cluster.deliver('3', '1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect([cluster.log('1'), cluster.log('2'), cluster.log('3')]).toEqual([
      [1, 2, 4],
      [1, 2],
      [1, 2],
    ]);
    expect(cluster.raft('1').progress.get('2')?.matchIndex).toBe(2);
    expect(cluster.raft('1').progress.get('3')?.matchIndex).toBe(2);
    return cluster;
  }

  it('an entry of an earlier term is not committed by counting its copies', () => {
    expect(figure8().view('1')).toMatchObject({ role: 'leader', term: 4, commitIndex: 0 });
  });

  it('so another leader may still overwrite it (d)', () => {
    const cluster = figure8();
    cluster.dropAll();
    cluster.crash('1');
    cluster.timeout('5');
    cluster.settle();
    cluster.timeout('5');
    cluster.settle();
    cluster.beat('5', 5 * HEARTBEAT_MS);
    for (const id of ['2', '3', '4', '5']) expect(cluster.log(id)).toEqual([1, 3, cluster.raft('5').term]);
  });

  it('it is committed together with an entry of the leader’s own term (e)', () => {
    const cluster = figure8();
    cluster.isolate('5');
    cluster.settle();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('1').commitIndex).toBe(3);
    cluster.mend();
    cluster.crash('1');
    for (let times = 0; times < 3; times++) {
      cluster.pass(ELECTION_MS.max);
      cluster.timeout('5');
      cluster.settle();
    }
    expect(cluster.raft('5').role).not.toBe('leader');
    cluster.elect('2');
    expect(cluster.log('2').slice(0, 3)).toEqual([1, 2, 4]);
  });
});

describe('a new leader (paper, section 8)', () => {
  it('appends an empty entry of its own term, and commits with it what it finds', () => {
    const cluster = new Cluster({ logs: { 1: [1, 1, 1], 2: [1, 1], 3: [] } });
    cluster.elect('1');
    expect(cluster.log('1')).toEqual([1, 1, 1, 2]);
    expect(cluster.ids.map((id) => cluster.view(id).commitIndex)).toEqual([4, 4, 4]);
  });
});

describe('what counts towards a quorum', () => {
  it('three of four, not two', () => {
    const cluster = new Cluster({ nodes: 4 });
    cluster.elect('1');
    cluster.isolate('1', '2');
    const index = cluster.propose('1');
    cluster.settle();
    expect(cluster.raft('1').commitIndex).toBe(index - 1);
    cluster.mend();
    cluster.cut('1', '4');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    expect(cluster.raft('1').commitIndex).toBe(index);
  });

  it('not a learner', () => {
    const cluster = new Cluster({ configuration: { voters: ['1', '2', '3'], learners: ['4', '5'] } });
    cluster.elect('1');
    cluster.isolate('1', '4', '5');
    const index = cluster.propose('1');
    cluster.settle();
    expect(cluster.raft('4').lastIndex).toBe(index);
    expect(cluster.raft('1').commitIndex).toBe(index - 1);
  });

  it('not what is further ahead on a minority', () => {
    const cluster = new Cluster({ nodes: 5 });
    cluster.elect('1');
    cluster.isolate('1', '2');
    for (let times = 0; times < 5; times++) cluster.propose('1');
    cluster.settle();
    expect(cluster.view('1')).toMatchObject({ lastIndex: 6, commitIndex: 1 });
  });
});

describe('a joint configuration (paper, section 6)', () => {
  const joint = { voters: ['1', '2', '3'], outgoing: ['3', '4', '5'] };

  it('elects with both majorities only', () => {
    const cluster = new Cluster({ configuration: joint, preVote: false });
    cluster.timeout('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    expect(cluster.raft('1').role).toBe('candidate');
    cluster.deliver('1', '4');
    cluster.deliver('4', '1');
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('loses when one of them refuses', () => {
    const logs = { 1: [1], 2: [1], 3: [1], 4: [1, 1], 5: [1, 1] };
    const cluster = new Cluster({ configuration: joint, preVote: false, logs });
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.view('1')).toMatchObject({ role: 'follower', term: 2 });
  });

  it('commits with both majorities only', () => {
    const cluster = new Cluster({ configuration: joint, preVote: false });
    cluster.timeout('1');
    for (const id of ['2', '3', '4', '2', '3']) {
      cluster.deliver('1', id);
      cluster.deliver(id, '1');
    }
    expect(cluster.view('1')).toMatchObject({ role: 'leader', commitIndex: 0 });
    cluster.deliver('1', '5');
    cluster.deliver('5', '1');
    expect(cluster.raft('1').commitIndex).toBe(1);
  });

  it('commits nothing with the outgoing majority alone', () => {
    const cluster = new Cluster({ configuration: joint, preVote: false });
    cluster.timeout('1');
    for (const id of ['4', '5', '2', '4', '5']) {
      cluster.deliver('1', id);
      cluster.deliver(id, '1');
    }
    expect(cluster.view('1')).toMatchObject({ role: 'leader', commitIndex: 0 });
    expect(cluster.raft('1').progress.get('5')?.matchIndex).toBe(1);
  });

  it('a leader that is only in the outgoing half commits without counting itself in the other', () => {
    const cluster = new Cluster({ configuration: { voters: ['2', '3'], outgoing: ['1'] }, preVote: false });
    cluster.timeout('1');
    for (const id of ['2', '3', '2']) {
      cluster.deliver('1', id);
      cluster.deliver(id, '1');
    }
    expect(cluster.view('1')).toMatchObject({ role: 'leader', commitIndex: 0 });
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    expect(cluster.raft('1').commitIndex).toBe(1);
  });
});
