import { describe, expect, it } from 'vitest';
import type { RequestVote } from '../../src/messages.js';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

describe('pre-vote (thesis, section 9.6)', () => {
  it('a node that was cut off raises no term and deposes nobody when it comes back', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.isolate('3');
    for (let times = 0; times < 5; times++) {
      cluster.settle();
      cluster.beat('1', cluster.raft('3').deadline - cluster.now);
      cluster.timeout('3');
    }
    expect(cluster.view('3')).toMatchObject({ role: 'preCandidate', term: 1 });
    cluster.mend();
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.view('1')).toMatchObject({ role: 'leader', term: 1 });
    expect(cluster.view('3')).toMatchObject({ role: 'follower', leaderId: '1', term: 1 });
  });

  it('changes nothing at the node that is asked: no term, no vote, no timer, no write', () => {
    const cluster = new Cluster();
    cluster.timeout('1');
    const { deadline } = cluster.raft('2');
    const disk = cluster.disks.get('2')!.hardState;
    cluster.deliver('1', '2');
    expect(cluster.wire('requestVoteResponse', '2', '1')).toMatchObject([{ preVote: true, granted: true, term: 1 }]);
    expect(cluster.view('2')).toMatchObject({ term: 0, votedFor: undefined, role: 'follower', deadline });
    expect(cluster.disks.get('2')!.hardState).toBe(disk);
  });

  it('changes neither term nor vote of the node that asks', () => {
    const cluster = new Cluster({ hardStates: { 1: { term: 4, votedFor: '2' }, 2: { term: 4 } } });
    cluster.timeout('1');
    expect(cluster.view('1')).toMatchObject({ role: 'preCandidate', term: 4, votedFor: '2' });
    expect(cluster.wire('requestVote', '1', '2')).toMatchObject([{ term: 5, preVote: true }]);
  });

  it('is refused while a leader is heard of, and granted once none was for the smallest election timeout', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.isolate('1');
    cluster.pass(ELECTION_MS.min - 1);
    const ask: RequestVote = {
      type: 'requestVote',
      from: '3',
      to: '2',
      term: 2,
      preVote: true,
      transfer: false,
      lastLogIndex: 1,
      lastLogTerm: 1,
      storeId: '',
    };
    cluster.hand(ask);
    cluster.pass(1);
    cluster.hand(ask);
    expect(cluster.wire('requestVoteResponse', '2', '3').map(({ granted }) => granted)).toEqual([false, true]);
  });

  it('is refused by the leader itself', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.pass(10 * ELECTION_MS.max);
    cluster.hand({
      type: 'requestVote',
      from: '3',
      to: '1',
      term: 2,
      preVote: true,
      transfer: false,
      lastLogIndex: 1,
      lastLogTerm: 1,
      storeId: '',
    });
    expect(cluster.wire('requestVoteResponse', '1', '3')).toMatchObject([{ granted: false, term: 1 }]);
  });

  it('is refused to a log that could not lead', () => {
    const cluster = new Cluster({ logs: { 1: [1], 2: [1, 1], 3: [1, 1] } });
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.view('1')).toMatchObject({ role: 'follower', term: 1 });
    expect(cluster.raft('2').term).toBe(1);
  });

  it('answers are never counted as votes', () => {
    const cluster = new Cluster({ nodes: 5 });
    cluster.timeout('1');
    for (const id of ['2', '3', '4', '5']) cluster.deliver('1', id);
    cluster.deliver('2', '1');
    cluster.deliver('3', '1');
    expect(cluster.view('1')).toMatchObject({ role: 'candidate', term: 1 });
    cluster.deliver('4', '1');
    cluster.deliver('5', '1');
    expect(cluster.raft('1').role).toBe('candidate');
    cluster.settle();
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('answers to an earlier campaign do not help a later one', () => {
    const cluster = new Cluster({ nodes: 3, hardStates: { 1: { term: 1 } } });
    cluster.timeout('1');
    cluster.deliver('1', '2');
    const [late] = cluster.wire('requestVoteResponse', '2', '1');
    cluster.dropAll();
    cluster.hand({ ...late!, granted: false, term: 7 });
    cluster.timeout('1');
    expect(cluster.view('1')).toMatchObject({ role: 'preCandidate', term: 7 });
    cluster.hand(late!);
    expect(cluster.raft('1').role).toBe('preCandidate');
  });

  it('a refusal from a later term is followed', () => {
    const cluster = new Cluster({ hardStates: { 2: { term: 5 } } });
    cluster.timeout('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.view('1')).toMatchObject({ role: 'follower', term: 5 });
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.view('1')).toMatchObject({ role: 'leader', term: 6 });
  });

  it('a pre-candidate that sees the leader of its term becomes its follower', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.timeout('3');
    expect(cluster.raft('3').role).toBe('preCandidate');
    cluster.take('3', '1');
    cluster.timeout('1');
    cluster.deliver('1', '3');
    expect(cluster.view('3')).toMatchObject({ role: 'follower', leaderId: '1', term: 1 });
  });

  it('without it a node that comes back raises the term', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.elect('1');
    cluster.isolate('3');
    cluster.timeout('3');
    cluster.settle();
    cluster.mend();
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.view('1')).toMatchObject({ role: 'follower', term: 2 });
  });
});

describe('a live leader is protected (thesis, section 4.2.3)', () => {
  const stranger = (to: string, transfer: boolean): RequestVote => ({
    type: 'requestVote',
    from: 'removed',
    to,
    term: 9,
    preVote: false,
    transfer,
    lastLogIndex: 9,
    lastLogTerm: 8,
    storeId: '',
  });

  it('a removed node that campaigns is not heard by those who hear the leader, nor by the leader', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    for (const id of cluster.ids) cluster.hand(stranger(id, false));
    expect(cluster.ids.map((id) => cluster.raft(id).term)).toEqual([1, 1, 1]);
    expect(cluster.raft('1').role).toBe('leader');
    expect(cluster.wire('requestVoteResponse')).toEqual([]);
  });

  it('unless the leader itself has asked for the campaign', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.hand(stranger('2', true));
    expect(cluster.raft('2').term).toBe(9);
  });

  it('unless no leader was heard of for the smallest election timeout', () => {
    const cluster = new Cluster({ checked: false });
    cluster.elect('1');
    cluster.pass(ELECTION_MS.min);
    cluster.hand(stranger('2', false));
    expect(cluster.view('2')).toMatchObject({ term: 9, votedFor: 'removed' });
  });
});
