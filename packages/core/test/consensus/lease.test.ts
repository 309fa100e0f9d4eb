import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

const DRIFT = 0.1;
/** How long a lease lasts from the beginning of the round that was answered. */
const LEASE_MS = ELECTION_MS.min * (1 - DRIFT);

function led(options: ConstructorParameters<typeof Cluster>[0] = {}): Cluster {
  const cluster = new Cluster({ maxClockDrift: DRIFT, ...options });
  cluster.elect('1');
  cluster.beat('1', HEARTBEAT_MS);
  return cluster;
}

describe('leases (thesis, section 6.4.1)', () => {
  it('while it lasts the leader answers at once, at what is committed', () => {
    const cluster = led();
    const index = cluster.propose('1');
    cluster.settle();
    const read = cluster.read('1', 'lease');
    expect(cluster.reads.get(read)).toBe(index);
    expect(cluster.wire('appendEntries')).toEqual([]);
  });

  it('it is shorter than the smallest election timeout by the clock drift, from the beginning of the round on', () => {
    const cluster = led();
    cluster.timeout('1');
    const began = cluster.now;
    cluster.pass(8);
    cluster.settle();
    cluster.now = began + LEASE_MS - 1;
    expect(cluster.reads.get(cluster.read('1', 'lease'))).toBe(1);
    cluster.now = began + LEASE_MS;
    const late = cluster.read('1', 'lease');
    expect(cluster.reads.has(late)).toBe(false);
    cluster.settle();
    expect(cluster.reads.get(late)).toBe(1);
  });

  it('a round that a minority has answered gives none', () => {
    const cluster = led({ nodes: 5 });
    cluster.isolate('1', '2');
    cluster.beat('1', ELECTION_MS.min);
    const read = cluster.read('1', 'lease');
    expect(cluster.reads.has(read)).toBe(false);
  });

  it('without check quorum there is none: nobody refuses a vote for it', () => {
    const cluster = led({ checkQuorum: false });
    expect(cluster.reads.has(cluster.read('1', 'lease'))).toBe(false);
  });

  it('a new leader has none before it has committed an entry of its own term', () => {
    const cluster = new Cluster({ logs: { 1: [1, 1], 2: [1, 1], 3: [1, 1] }, preVote: false });
    cluster.pass(ELECTION_MS.max);
    cluster.timeout('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    cluster.deliver('1', '2');
    for (const answer of cluster.take('2', '1')) cluster.hand({ ...answer, matchIndex: 2 } as typeof answer);
    expect(cluster.view('1')).toMatchObject({ role: 'leader', commitIndex: 0 });
    expect(cluster.reads.has(cluster.read('1', 'lease'))).toBe(false);
  });

  it('it is given up for the rest of the term once anybody was told to campaign', () => {
    const cluster = led();
    cluster.call('1', (raft, now) => raft.transferLeadership('2', now));
    cluster.dropAll();
    cluster.isolate('2');
    cluster.beat('1', 2 * ELECTION_MS.max);
    expect(cluster.raft('1').role).toBe('leader');
    expect(cluster.raft('1').refusal(1)).toBeUndefined();
    const read = cluster.read('1', 'lease');
    expect(cluster.reads.has(read)).toBe(false);
    cluster.settle();
    expect(cluster.reads.get(read)).toBe(1);
  });

  it('a voter that only learned of a later term refuses its vote as long as a lease may rest on it', () => {
    const cluster = led({ checked: false });
    cluster.cut('3', '1');
    cluster.hand({
      type: 'requestVoteResponse',
      from: '3',
      to: '2',
      term: 5,
      preVote: false,
      granted: false,
      storeId: '',
    });
    expect(cluster.view('2')).toMatchObject({ term: 5, leaderId: undefined });
    const { lastIndex: lastLogIndex } = cluster.raft('3');
    const ask = {
      type: 'requestVote',
      from: '3',
      to: '2',
      term: 6,
      lastLogIndex,
      lastLogTerm: 1,
      storeId: '',
    } as const;
    cluster.hand({ ...ask, preVote: false, transfer: false });
    cluster.hand({ ...ask, preVote: true, transfer: false });
    expect(cluster.view('2')).toMatchObject({ term: 5, votedFor: undefined });
    expect(cluster.wire('requestVoteResponse', '2', '3')).toMatchObject([{ preVote: true, granted: false }]);
    cluster.pass(ELECTION_MS.min);
    cluster.hand({ ...ask, preVote: false, transfer: false });
    expect(cluster.raft('2').votedFor).toBe('3');
  });

  it('a voter that was restarted refuses its vote for the smallest election timeout', () => {
    const cluster = led({ checked: false });
    cluster.propose('1');
    cluster.settle();
    cluster.crash('2');
    cluster.pass(ELECTION_MS.min);
    cluster.restart('2');
    const { lastIndex: lastLogIndex } = cluster.raft('3');
    const ask = {
      type: 'requestVote',
      from: '3',
      to: '2',
      term: 2,
      lastLogIndex,
      lastLogTerm: 1,
      storeId: '',
    } as const;
    cluster.hand({ ...ask, preVote: false, transfer: false });
    expect(cluster.view('2')).toMatchObject({ term: 1, votedFor: '1' });
    cluster.pass(ELECTION_MS.min);
    cluster.hand({ ...ask, preVote: false, transfer: false });
    expect(cluster.raft('2').votedFor).toBe('3');
  });
});

describe('reads on followers (thesis, section 6.4)', () => {
  it('a follower asks its leader for an index', () => {
    const cluster = led();
    const index = cluster.propose('1');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    const read = cluster.read('2');
    expect(cluster.wire('readIndex', '2', '1')).toMatchObject([{ lease: false, term: 1 }]);
    cluster.settle();
    expect(cluster.reads.get(read)).toBe(index);
  });

  it('many reads share a question, and those that come meanwhile share the next', () => {
    const cluster = led();
    const first = cluster.read('2');
    const others = [cluster.read('2'), cluster.read('2')];
    expect(cluster.wire('readIndex').length).toBe(1);
    cluster.settle();
    expect([first, ...others].map((read) => cluster.reads.get(read))).toEqual([1, 1, 1]);
  });

  it('the leader may answer by its lease, without a round', () => {
    const cluster = led();
    const read = cluster.read('2', 'lease');
    cluster.deliver('2', '1');
    expect(cluster.wire('appendEntries', '1')).toEqual([]);
    cluster.deliver('1', '2');
    expect(cluster.reads.get(read)).toBe(1);
  });

  it('a question that is asked again while it waits has its place', () => {
    const cluster = led();
    cluster.read('1');
    const question = { type: 'readIndex', from: '2', to: '1', term: 1, id: 7, lease: false } as const;
    for (let i = 0; i < 3; i++) cluster.hand(question);
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    const answers = cluster.handed.filter((message) => message.type === 'readIndexResponse' && message.id === 7);
    expect(answers.length).toBe(1);
  });

  it('a question that is lost is asked again', () => {
    const cluster = led();
    const read = cluster.read('2');
    cluster.dropAll();
    expect(cluster.raft('2').deadline).toBe(cluster.now + 2 * HEARTBEAT_MS);
    cluster.timeout('2');
    cluster.settle();
    expect(cluster.reads.get(read)).toBe(1);
  });

  it('an old leader in a minority gives no index', () => {
    const cluster = led({ nodes: 5, checkQuorum: false });
    cluster.isolate('1', '2');
    cluster.elect('3');
    cluster.propose('3');
    cluster.settle();
    const read = cluster.read('2');
    cluster.beat('1', 5 * ELECTION_MS.max);
    expect(cluster.reads.has(read)).toBe(false);
    cluster.mend();
    cluster.beat('3', 2 * HEARTBEAT_MS);
    // The question is asked again of the one that leads now.
    expect(cluster.reads.get(read)).toBe(cluster.raft('3').commitIndex);
  });

  it('a node that does not lead tells so who asks it', () => {
    const cluster = led();
    cluster.hand({ type: 'readIndex', from: '2', to: '3', term: 1, id: 7, lease: false });
    expect(cluster.wire('readIndexResponse', '3', '2')).toMatchObject([{ id: 7, index: undefined }]);
  });

  it('reads that were queued before a node was elected are served by it as leader', () => {
    const cluster = led();
    cluster.isolate('1');
    const read = cluster.read('2');
    cluster.hand({ type: 'timeoutNow', from: '1', to: '2', term: 1 });
    const late = cluster.read('2');
    cluster.settle();
    expect(cluster.raft('2').role).toBe('leader');
    expect([read, late].map((id) => cluster.reads.has(id))).toEqual([true, true]);
    const queued = new Cluster({ nodes: 1, preVote: false });
    queued.holdDisk('1');
    queued.timeout('1');
    queued.expectRead(99);
    queued.raft('1').read(99, 'linearizable', queued.now);
    queued.host('1').persisted = queued.disks.get('1')!.sync();
    queued.turn('1');
    queued.sync('1');
    queued.turn('1');
    expect(queued.reads.get(99)).toBe(1);
  });

  it('an answer that belongs to another question is no answer', () => {
    const cluster = led();
    const read = cluster.read('2');
    const [question] = cluster.wire('readIndex', '2', '1');
    cluster.hand({ type: 'readIndexResponse', from: '1', to: '2', term: 1, id: question!.id + 1, index: 1 });
    cluster.hand({ type: 'readIndexResponse', from: '1', to: '2', term: 1, id: question!.id - 1, index: 1 });
    expect(cluster.reads.has(read)).toBe(false);
  });
});

describe('commands that followers hand on', () => {
  const command = (byte: number): { type: 1; data: Uint8Array } => ({ type: 1, data: new Uint8Array([byte]) });

  it('enter the log of the leader, which tells where', () => {
    const cluster = led();
    const id = cluster.call('2', (raft, now) => raft.forward([command(1), command(2)], now));
    cluster.settle();
    expect(cluster.seen('forwarded', '2')).toMatchObject([
      [{ id, index: 2, accepted: 2, count: 2, refusal: undefined, term: 1 }],
    ]);
    expect(cluster.raft('1').commitIndex).toBe(3);
  });

  it('are refused by one that does not lead, or in another term, and by one that is overloaded as far as they are too many', () => {
    const cluster = led({ maxUncommittedBytes: 100 });
    const propose = { type: 'propose', from: '2', to: '1', term: 1, id: 500 } as const;
    cluster.hand({ ...propose, term: 0, commands: [command(1)] });
    cluster.hand({ ...propose, to: '3', commands: [command(1)] });
    cluster.hand({ ...propose, commands: [command(1), command(2), command(3)] });
    expect(cluster.wire('proposeResponse')).toMatchObject([
      { from: '1', accepted: 0, count: 1, refusal: 'notLeader' },
      { from: '3', accepted: 0, count: 1, refusal: 'notLeader' },
      { from: '1', accepted: 2, count: 3, index: 2, refusal: 'overloaded' },
    ]);
  });

  it('are taken once although the message comes twice', () => {
    const cluster = led();
    const propose = { type: 'propose', from: '2', to: '1', term: 1, id: 500, commands: [command(1)] } as const;
    cluster.hand(propose);
    cluster.hand(propose);
    expect(cluster.raft('1').lastIndex).toBe(2);
  });

  it('are taken once although the message comes again after its sender was restarted, and numbers from elsewhere', () => {
    const cluster = led();
    const of = (id: number) =>
      ({ type: 'propose', from: '2', to: '1', term: 1, id, commands: [command(1), command(2)] }) as const;
    const processes = [2 ** 30, 2 ** 39, 2 ** 35, 5];
    for (const start of processes) for (const id of [start, start + 2]) cluster.hand(of(id));
    expect(cluster.raft('1').lastIndex).toBe(1 + 2 * 2 * processes.length);
    for (const start of processes) for (const id of [start, start + 2]) cluster.hand(of(id));
    expect(cluster.raft('1').lastIndex).toBe(1 + 2 * 2 * processes.length);
    // However often it is restarted, that does not fill the memory.
    for (let restart = 0; restart < 1000; restart++) cluster.hand(of(2 ** 40 + restart * 2 ** 21));
    cluster.hand(of(2 ** 40 + 999 * 2 ** 21));
    expect(cluster.raft('1').lastIndex).toBe(1 + 2 * 2 * processes.length + 2000);
  });

  it('go nowhere while no leader is known', () => {
    const cluster = new Cluster();
    expect(cluster.call('2', (raft, now) => raft.forward([command(1)], now))).toBeUndefined();
  });
});
