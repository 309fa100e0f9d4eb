import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS } from './support/cluster.js';

describe('leader election (paper, section 5.2)', () => {
  it('a node that hears of no leader campaigns, and leads once a majority has voted for it', () => {
    const cluster = new Cluster({ nodes: 5, preVote: false });
    cluster.timeout('1');
    expect(cluster.view('1')).toMatchObject({ role: 'candidate', term: 1, votedFor: '1' });
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.raft('1').role).toBe('candidate');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    expect(cluster.view('1')).toMatchObject({ role: 'leader', leaderId: '1' });
    cluster.settle();
    for (const id of ['2', '3', '4', '5'])
      expect(cluster.view(id)).toMatchObject({ role: 'follower', term: 1, leaderId: '1' });
  });

  it('timeouts are drawn from [min, max), anew for each campaign', () => {
    const draws = [0, 0.9, 0.5, 0.999];
    const cluster = new Cluster({ nodes: 1, random: () => draws.shift() ?? 0.25, checked: false });
    cluster.holdDisk('1');
    const timeouts = [0, 1, 2].map(() => {
      const timeout = cluster.raft('1').deadline - cluster.now;
      cluster.sync('1');
      cluster.crash('1');
      cluster.restart('1');
      return timeout;
    });
    expect(timeouts).toEqual([50, 95, 75]);
  });

  it('a campaign that comes to nothing is followed by another, after another timeout', () => {
    const draws = [0, 0, 0, 0.9, 0.4];
    const cluster = new Cluster({ random: () => draws.shift() ?? 0 });
    cluster.timeout('1');
    expect(cluster.raft('1').deadline - cluster.now).toBe(95);
    cluster.dropAll();
    cluster.timeout('1');
    expect(cluster.raft('1').deadline - cluster.now).toBe(70);
    cluster.settle();
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('a node votes for one candidate a term, for the first that asks, and for that one again', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.timeout('1');
    cluster.timeout('2');
    const [request] = cluster.wire('requestVote', '1', '3');
    cluster.deliver('1', '3');
    cluster.deliver('2', '3');
    cluster.hand(request!);
    expect(cluster.wire('requestVoteResponse', '3').map(({ to, granted }) => [to, granted])).toEqual([
      ['1', true],
      ['2', false],
      ['1', true],
    ]);
    expect(cluster.raft('3').votedFor).toBe('1');
  });

  it('a vote is not forgotten over a restart', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.timeout('1');
    cluster.timeout('2');
    cluster.deliver('1', '3');
    cluster.crash('3');
    cluster.restart('3');
    expect(cluster.view('3')).toMatchObject({ term: 1, votedFor: '1' });
    cluster.deliver('2', '3');
    expect(cluster.wire('requestVoteResponse', '3', '2')).toMatchObject([{ granted: false, storeId: '' }]);
  });

  it('a follower that has not voted in its leader’s term gives its vote to nobody else in that term', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.timeout('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    cluster.take('1', '3');
    const heard = cluster.wire('appendEntries', '1', '3');
    expect(heard).toEqual([]);
    cluster.timeout('1');
    cluster.deliver('1', '3');
    expect(cluster.view('3')).toMatchObject({ term: 1, leaderId: '1', votedFor: undefined });
    cluster.pass(ELECTION_MS.max);
    cluster.hand({
      type: 'requestVote',
      from: '2',
      to: '3',
      term: 1,
      preVote: false,
      transfer: false,
      lastLogIndex: 9,
      lastLogTerm: 1,
      storeId: '',
    });
    expect(cluster.wire('requestVoteResponse', '3', '2')).toMatchObject([{ granted: false, storeId: '' }]);
  });

  it('who gives its vote gives the candidate time', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.timeout('1');
    const { deadline } = cluster.raft('2');
    cluster.deliver('1', '2');
    expect(cluster.raft('2').deadline).toBe(cluster.now + 75);
    cluster.pass(30);
    cluster.hand({ ...cluster.wire('requestVoteResponse', '2', '1')[0]!, to: '1' });
    cluster.deliver('1', '2');
    expect(cluster.raft('2').deadline).toBeGreaterThan(deadline + 20);
  });

  it('a second request of the same term gives the candidate time again', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.timeout('1');
    const [request] = cluster.wire('requestVote', '1', '2');
    cluster.deliver('1', '2');
    cluster.pass(30);
    cluster.hand(request!);
    expect(cluster.raft('2').deadline).toBe(cluster.now + 75);
  });

  it('a candidate that sees a leader of its own term becomes its follower, and keeps its vote', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.timeout('1');
    cluster.timeout('2');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    expect(cluster.raft('1').role).toBe('leader');
    expect(cluster.raft('2').role).toBe('candidate');
    cluster.deliver('1', '2');
    expect(cluster.view('2')).toMatchObject({ role: 'follower', term: 1, leaderId: '1', votedFor: '2' });
  });

  it('votes are split: nobody leads until another timeout decides', () => {
    const cluster = new Cluster({ nodes: 4, preVote: false });
    cluster.timeout('1');
    cluster.timeout('2');
    cluster.deliver('1', '3');
    cluster.deliver('2', '4');
    cluster.settle();
    expect(cluster.ids.map((id) => cluster.raft(id).role)).not.toContain('leader');
    cluster.elect('2');
    expect(cluster.raft('2').term).toBe(2);
  });

  it('half of an even number of voters is no majority', () => {
    const cluster = new Cluster({ nodes: 4, preVote: false });
    cluster.timeout('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.raft('1').role).toBe('candidate');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('a candidate that a majority refuses becomes a follower and keeps its vote', () => {
    const cluster = new Cluster({ preVote: false, logs: { 1: [1], 2: [1, 1], 3: [1, 1] } });
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.view('1')).toMatchObject({ role: 'follower', term: 2, votedFor: '1', leaderId: undefined });
    expect(cluster.reasons.get('1')).toContain('a quorum refused the vote');
  });

  it('a single voter elects itself, commits and reads', () => {
    const cluster = new Cluster({ nodes: 1 });
    cluster.timeout('1');
    expect(cluster.view('1')).toMatchObject({ role: 'leader', term: 1, commitIndex: 1 });
    expect(cluster.propose('1')).toBe(2);
    expect(cluster.raft('1').commitIndex).toBe(2);
    expect(cluster.reads.get(cluster.read('1'))).toBe(2);
    cluster.pass(100 * ELECTION_MS.max);
    cluster.turn('1');
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('a node without a vote never campaigns', () => {
    const cluster = new Cluster({ configuration: { voters: ['1', '2'], learners: ['3'] } });
    expect(cluster.raft('3').deadline).toBe(Number.POSITIVE_INFINITY);
    cluster.pass(1000);
    cluster.turn('3');
    cluster.elect('1');
    expect(cluster.view('3')).toMatchObject({ role: 'follower', term: 1, leaderId: '1' });
    expect(cluster.reasons.get('3')).toEqual(['1 leads']);
  });
});

describe('the log of a leader (paper, section 5.4.1)', () => {
  const vote = (candidate: number[], voter: number[]): boolean => {
    const cluster = new Cluster({ preVote: false, logs: { 1: candidate, 2: voter }, checked: false });
    cluster.timeout('1');
    cluster.timeout('1');
    cluster.timeout('1');
    const request = cluster.wire('requestVote', '1', '2').at(-1)!;
    cluster.hand(request);
    expect(request.term).toBeGreaterThan(voter.at(-1) ?? 0);
    return cluster.wire('requestVoteResponse', '2', '1')[0]!.granted;
  };

  it('ends at least as late as the voter’s: by last term, then by length', () => {
    expect(vote([], [])).toBe(true);
    expect(vote([1], [1])).toBe(true);
    expect(vote([1, 1], [1])).toBe(true);
    expect(vote([1], [1, 1])).toBe(false);
    expect(vote([1, 2], [1, 1, 1])).toBe(true);
    expect(vote([1, 1, 1], [1, 2])).toBe(false);
    expect(vote([], [1])).toBe(false);
  });

  it('a refused candidate’s term is taken over all the same', () => {
    const cluster = new Cluster({ preVote: false, logs: { 1: [1], 2: [1, 1], 3: [1, 1] } });
    cluster.timeout('1');
    cluster.deliver('1', '2');
    expect(cluster.view('2')).toMatchObject({ term: 2, votedFor: undefined });
  });
});

describe('terms (paper, section 5.1)', () => {
  it('a leader that hears of a later term becomes a follower', () => {
    const cluster = new Cluster({ checkQuorum: false });
    cluster.elect('1');
    cluster.isolate('1');
    cluster.elect('2');
    cluster.mend();
    expect(cluster.view('1')).toMatchObject({ role: 'leader', term: 1 });
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.view('1')).toMatchObject({ role: 'follower', term: 2 });
    cluster.timeout('2');
    cluster.settle();
    expect(cluster.view('1')).toMatchObject({ role: 'follower', leaderId: '2' });
  });

  it('an append of an earlier term is answered with the later one and changes nothing else', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.propose('1');
    const [old] = cluster.wire('appendEntries', '1', '3');
    cluster.dropAll();
    cluster.isolate('1');
    cluster.elect('2');
    const { lastIndex, deadline } = cluster.raft('3');
    cluster.hand(old!);
    expect(cluster.view('3')).toMatchObject({ lastIndex, deadline, leaderId: '2', term: 2 });
    expect(cluster.wire('appendEntriesResponse', '3', '1')).toMatchObject([{ term: 2, matchIndex: 0 }]);
  });

  it('answers of an earlier term are ignored', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.timeout('1');
    cluster.deliver('1', '2');
    const [late] = cluster.wire('requestVoteResponse', '2', '1');
    cluster.dropAll();
    cluster.timeout('1');
    cluster.hand(late!);
    expect(cluster.view('1')).toMatchObject({ role: 'candidate', term: 2 });
  });

  it('messages for others, and a node’s own, are ignored', () => {
    const cluster = new Cluster();
    const message = {
      type: 'requestVote',
      term: 9,
      preVote: false,
      transfer: false,
      lastLogIndex: 0,
      lastLogTerm: 0,
      storeId: '',
    } as const;
    const { inbox } = cluster.host('1');
    inbox.push({ ...message, from: '1', to: '1' }, { ...message, from: '2', to: '3' });
    cluster.turn('1');
    expect(cluster.view('1')).toMatchObject({ term: 0, votedFor: undefined });
    expect(cluster.wire('requestVoteResponse')).toEqual([]);
  });
});
