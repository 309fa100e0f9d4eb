import { describe, expect, it } from 'vitest';
import type { AppendEntries } from '../../src/messages.js';
import { Cluster, HEARTBEAT_MS } from './support/cluster.js';

/** What the leader "1" knows of "2". */
const progress = (cluster: Cluster) => cluster.raft('1').progress.get('2')!;

/** A leader that streams to both followers. */
function streaming(options: ConstructorParameters<typeof Cluster>[0] = {}): Cluster {
  const cluster = new Cluster(options);
  cluster.elect('1');
  expect(progress(cluster)).toHaveProperty('state', 'replicate');
  return cluster;
}

const ranges = (messages: readonly AppendEntries[]): [number, number][] =>
  messages.map(({ prevLogIndex, entries }) => [prevLogIndex + 1, prevLogIndex + entries.length]);

describe('pipelining (thesis, section 10.2.1)', () => {
  it('the next message follows without waiting for the answer', () => {
    const cluster = streaming();
    for (let times = 0; times < 3; times++) cluster.propose('1');
    expect(ranges(cluster.wire('appendEntries', '1', '2'))).toEqual([
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
    expect(progress(cluster).nextIndex).toBe(5);
  });

  it('one turn sends as many messages as it takes, each no larger than allowed', () => {
    const cluster = streaming({ maxMessageBytes: 250 });
    for (let id = 1; id <= 6; id++) cluster.host('1').proposals.push({ id, data: new Uint8Array(36) });
    cluster.turn('1');
    expect(ranges(cluster.wire('appendEntries', '1', '2'))).toEqual([
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
  });

  it('an entry larger than a message may be travels alone', () => {
    const cluster = streaming({ maxMessageBytes: 100 });
    for (const bytes of [1, 5000, 1]) cluster.host('1').proposals.push({ id: bytes, data: new Uint8Array(bytes) });
    cluster.turn('1');
    expect(ranges(cluster.wire('appendEntries', '1', '2'))).toEqual([
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
  });

  it('a follower whose log is not known is probed with one message at a time', () => {
    const cluster = new Cluster({ maxMessageBytes: 1, logs: { 1: [1, 1, 1], 2: [], 3: [1, 1, 1] } });
    cluster.cut('1', '2');
    cluster.elect('1');
    cluster.propose('1');
    cluster.propose('1');
    expect(progress(cluster).state).toBe('probe');
    expect(ranges(cluster.wire('appendEntries', '1', '2'))).toEqual([]);
    cluster.mend();
    cluster.timeout('1');
    cluster.settle();
    expect(progress(cluster)).toMatchObject({ state: 'replicate', matchIndex: 6 });
  });
});

describe('the window (thesis, section 10.2.1)', () => {
  it('limits the messages in flight; the rest goes in larger ones when it opens', () => {
    const cluster = streaming({ maxInflightMessages: 2 });
    for (let times = 0; times < 6; times++) cluster.propose('1');
    expect(ranges(cluster.wire('appendEntries', '1', '2'))).toEqual([
      [2, 2],
      [3, 3],
    ]);
    expect(progress(cluster)).toMatchObject({ inflightMessages: 2, hasRoom: false });
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(ranges(cluster.wire('appendEntries', '1', '2'))).toEqual([[4, 7]]);
  });

  it('limits the bytes in flight', () => {
    const cluster = streaming({ maxInflightBytes: 1000 });
    for (let times = 0; times < 20; times++) cluster.propose('1', 236);
    expect(ranges(cluster.wire('appendEntries', '1', '2')).at(-1)).toEqual([5, 5]);
    expect(progress(cluster).inflightBytes).toBe(1200);
  });

  it('when it is full, nothing heavier than a heartbeat is sent', () => {
    const cluster = streaming({ maxInflightMessages: 1 });
    cluster.propose('1');
    cluster.propose('1');
    cluster.take('1', '2');
    cluster.timeout('1');
    expect(ranges(cluster.wire('appendEntries', '1', '2'))).toEqual([[3, 2]]);
  });

  it('bytes in flight return to zero when all is quiet', () => {
    const cluster = streaming({ maxInflightBytes: 500, maxInflightMessages: 3 });
    for (let times = 0; times < 30; times++) cluster.propose('1', times);
    cluster.settle();
    expect(progress(cluster)).toMatchObject({ inflightBytes: 0, inflightMessages: 0, matchIndex: 31 });
  });

  it('a slow follower does not slow the others down', () => {
    const cluster = streaming({ maxInflightMessages: 1 });
    cluster.isolate('3');
    for (let times = 0; times < 20; times++) {
      cluster.propose('1');
      cluster.settle();
    }
    expect(cluster.raft('1').commitIndex).toBe(21);
  });
});

describe('what is lost is made good', () => {
  it('entries', () => {
    const cluster = streaming();
    cluster.propose('1');
    cluster.propose('1');
    cluster.take('1', '2');
    cluster.propose('1');
    cluster.deliver('1', '2');
    expect(cluster.wire('appendEntriesResponse', '2')).toMatchObject([
      { rejection: { prevLogIndex: 3, hintIndex: 1 } },
    ]);
    cluster.deliver('2', '1');
    expect(ranges(cluster.wire('appendEntries', '1', '2'))).toEqual([[2, 4]]);
    cluster.settle();
    expect(progress(cluster)).toMatchObject({ state: 'replicate', matchIndex: 4, inflightBytes: 0 });
  });

  it('the last entries: the next heartbeat finds out', () => {
    const cluster = streaming();
    cluster.propose('1');
    cluster.take('1', '2');
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('2').commitIndex).toBe(2);
  });

  it('all of a full window', () => {
    const cluster = streaming({ maxInflightMessages: 2 });
    for (let times = 0; times < 5; times++) cluster.propose('1');
    cluster.take('1', '2');
    cluster.beat('1', HEARTBEAT_MS);
    expect(progress(cluster)).toMatchObject({ state: 'replicate', matchIndex: 6, inflightMessages: 0 });
  });

  it('acknowledgements', () => {
    const cluster = streaming({ maxInflightMessages: 1 });
    cluster.propose('1');
    cluster.propose('1');
    cluster.deliver('1', '2');
    cluster.take('2', '1');
    expect(progress(cluster).hasRoom).toBe(false);
    cluster.beat('1', HEARTBEAT_MS);
    expect(progress(cluster)).toMatchObject({ matchIndex: 3, inflightMessages: 0 });
  });

  it('an acknowledgement: a repeated message is answered at once', () => {
    const cluster = streaming();
    cluster.propose('1');
    const [message] = cluster.wire('appendEntries', '1', '2');
    cluster.deliver('1', '2');
    cluster.take('2', '1');
    cluster.hand(message!);
    expect(cluster.wire('appendEntriesResponse', '2')).toMatchObject([{ matchIndex: 2 }]);
  });

  it('a probe', () => {
    const cluster = new Cluster({ logs: { 1: [1, 1, 1], 2: [], 3: [1, 1, 1] } });
    cluster.elect('1');
    cluster.isolate('2');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    cluster.mend();
    cluster.timeout('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    cluster.take('1', '2');
    cluster.beat('1', 3 * HEARTBEAT_MS);
    expect(progress(cluster)).toMatchObject({ state: 'replicate', matchIndex: 4 });
  });

  it('a follower’s memory: one that restarts is caught up', () => {
    const cluster = streaming();
    for (let times = 0; times < 3; times++) cluster.propose('1');
    cluster.crash('2');
    cluster.settle();
    cluster.propose('1');
    cluster.settle();
    cluster.restart('2');
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('2').commitIndex).toBe(5);
  });

  it('late refusals of what has been settled since are ignored', () => {
    const cluster = streaming();
    cluster.propose('1');
    cluster.take('1', '2');
    cluster.propose('1');
    cluster.deliver('1', '2');
    const [refusal] = cluster.wire('appendEntriesResponse', '2');
    cluster.settle();
    expect(progress(cluster)).toMatchObject({ state: 'replicate', matchIndex: 3 });
    cluster.hand(refusal!);
    expect(progress(cluster)).toMatchObject({ state: 'replicate', matchIndex: 3, nextIndex: 4 });
  });

  it('in a probe, a refusal of an earlier probe is ignored', () => {
    const cluster = new Cluster({ logs: { 1: [1, 1, 3], 2: [1, 2, 2], 3: [1, 1, 3] }, hardStates: { 2: { term: 3 } } });
    cluster.isolate('2');
    cluster.elect('1');
    cluster.mend();
    cluster.timeout('1');
    cluster.deliver('1', '2');
    const [first] = cluster.wire('appendEntriesResponse', '2');
    cluster.deliver('2', '1');
    const { nextIndex } = progress(cluster);
    cluster.hand({ ...first!, rejection: { prevLogIndex: 9, hintIndex: 0, hintTerm: 0 } });
    expect(progress(cluster)).toMatchObject({ state: 'probe', nextIndex });
  });

  it('the commit index is told at once when all is quiet, and with the next entries under load', () => {
    const cluster = streaming();
    cluster.propose('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.wire('appendEntries', '1', '2')).toMatchObject([{ leaderCommit: 2, entries: [] }]);
    cluster.settle();
    cluster.propose('1');
    cluster.deliver('1', '2');
    cluster.host('1').proposals.push({ id: 99, data: new Uint8Array(1) });
    cluster.deliver('2', '1');
    expect(cluster.wire('appendEntries', '1', '2')).toMatchObject([{ leaderCommit: 3, entries: [{ index: 4 }] }]);
  });

  it('with a delay, the commit index waits so long for entries to travel with, and is then told by itself', () => {
    const cluster = streaming({ commitNoticeDelayMs: 5 });
    cluster.propose('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.raft('1').commitIndex).toBe(2);
    expect(cluster.wire('appendEntries', '1', '2')).toEqual([]);
    expect(cluster.raft('1').deadline).toBe(cluster.now + 5);
    cluster.propose('1');
    expect(cluster.wire('appendEntries', '1', '2')).toMatchObject([{ leaderCommit: 2, entries: [{ index: 3 }] }]);
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    cluster.timeout('1');
    expect(cluster.wire('appendEntries', '1', '2')).toMatchObject([{ leaderCommit: 3, entries: [] }]);
    expect(cluster.raft('1').deadline).toBeGreaterThan(cluster.now);
  });
});

describe('entries that are no longer in memory', () => {
  /** "2" lags behind what the leader has in memory. */
  function lagging(options: ConstructorParameters<typeof Cluster>[0] = {}): Cluster {
    const cluster = new Cluster({ cacheBytes: 1, ...options });
    cluster.elect('1');
    cluster.isolate('2');
    for (let times = 0; times < 10; times++) {
      cluster.propose('1');
      cluster.settle();
    }
    expect(cluster.raft('1').cachedEntries(5, 10, 1000)).toBeUndefined();
    cluster.holdLoads = true;
    cluster.mend();
    return cluster;
  }

  it('are read from the disk, one read at a time, no more than fits in a message', () => {
    const cluster = lagging({ maxMessageBytes: 200 });
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.loads).toMatchObject([{ id: '1', request: { peer: '2', from: 2, to: 11, maxBytes: 200 } }]);
    cluster.timeout('1');
    expect(cluster.loads.length).toBe(1);
    cluster.load();
    expect(ranges(cluster.wire('appendEntries', '1', '2')).at(-1)).toEqual([2, 4]);
    cluster.holdLoads = false;
    cluster.settle();
    cluster.beat('1', 5 * HEARTBEAT_MS);
    expect(progress(cluster)).toMatchObject({ state: 'replicate', matchIndex: 11, inflightBytes: 0 });
    expect(cluster.host('2').appliedIndex).toBe(11);
  });

  it('are no more in a message than fit, although a storage counts their data only', () => {
    const cluster = lagging({ maxMessageBytes: 200 });
    cluster.timeout('1');
    cluster.settle();
    const { request } = cluster.loads[0]!;
    expect(cluster.disks.get('1')!.read(request.from, request.to, request.maxBytes).length).toBe(10);
    cluster.load();
    expect(ranges(cluster.wire('appendEntries', '1', '2')).at(-1)).toEqual([2, 4]);
  });

  it('heartbeats go on meanwhile', () => {
    const cluster = lagging();
    cluster.timeout('1');
    cluster.settle();
    const { contactAt } = progress(cluster);
    cluster.timeout('1');
    cluster.settle();
    expect(progress(cluster).contactAt).toBe(contactAt + HEARTBEAT_MS);
  });

  it('that were read for another place are dropped and read anew', () => {
    const cluster = lagging({ maxMessageBytes: 200 });
    cluster.timeout('1');
    cluster.settle();
    const [load] = cluster.loads;
    // The follower has got on by itself, as if an earlier message had arrived late.
    const entries = cluster.disks.get('1')!.read(2, 3, 1000);
    cluster.hand({
      type: 'appendEntries',
      from: '1',
      to: '2',
      term: 1,
      prevLogIndex: 1,
      prevLogTerm: 1,
      leaderCommit: 3,
      round: 1,
      entries,
      quiesce: false,
    });
    cluster.settle();
    expect(progress(cluster).matchIndex).toBe(3);
    const before = cluster.wire('appendEntries', '1', '2').length;
    cluster.load();
    expect(cluster.wire('appendEntries', '1', '2').length).toBe(before);
    expect(load!.request.from).toBe(2);
    expect(cluster.loads).toMatchObject([{ request: { from: 4 } }]);
  });

  it('that were read for an earlier leadership are dropped', () => {
    const cluster = lagging();
    cluster.timeout('1');
    cluster.settle();
    const late = cluster.loads.shift()!;
    cluster.isolate('1');
    cluster.elect('3');
    cluster.mend();
    cluster.beat('3', HEARTBEAT_MS);
    cluster.isolate('3');
    cluster.elect('1');
    cluster.dropAll();
    cluster.isolate('2');
    cluster.host('1').loaded.push({ request: late.request, entries: cluster.disks.get('1')!.read(2, 3, 1000) });
    const { effects } = cluster.turn('1');
    expect(effects.messages).toEqual([]);
  });

  it('that nobody needs any more, because the node does not lead, are dropped', () => {
    const cluster = lagging();
    cluster.timeout('1');
    cluster.settle();
    cluster.isolate('1');
    cluster.beat('1', 200);
    expect(cluster.raft('1').role).toBe('follower');
    cluster.load();
    expect(cluster.wire('appendEntries', '1')).toEqual([]);
  });
});

describe('what waits to be committed', () => {
  it('is limited by bytes; commands beyond are refused and never enter the log', () => {
    const cluster = streaming({ maxUncommittedBytes: 1000 });
    cluster.isolate('1');
    for (let times = 0; times < 4; times++) cluster.propose('1', 100);
    expect(cluster.raft('1').refusal(300)).toBeUndefined();
    cluster.propose('1', 300);
    const { lastIndex } = cluster.raft('1');
    expect(() => cluster.propose('1', 1)).toThrow('overloaded');
    expect(cluster.raft('1').lastIndex).toBe(lastIndex);
  });

  it('makes room again as it is committed', () => {
    const cluster = streaming({ maxUncommittedBytes: 200 });
    for (let times = 0; times < 50; times++) {
      cluster.propose('1', 100);
      cluster.propose('1', 1);
      expect(cluster.raft('1').refusal(1)).toBe('overloaded');
      cluster.settle();
      expect(cluster.raft('1').refusal(100)).toBeUndefined();
    }
  });

  it('takes one command of any size when nothing else waits', () => {
    const cluster = streaming({ maxUncommittedBytes: 10 });
    cluster.propose('1', 5000);
    cluster.settle();
    expect(cluster.raft('1').commitIndex).toBe(2);
  });

  it('counts the entries of this leadership only', () => {
    const cluster = streaming({ maxUncommittedBytes: 400, checkQuorum: false });
    cluster.isolate('1');
    for (let times = 0; times < 3; times++) cluster.propose('1', 60);
    cluster.elect('2');
    cluster.mend();
    cluster.beat('2', 2 * HEARTBEAT_MS);
    cluster.elect('1');
    expect(cluster.raft('1').refusal(300)).toBeUndefined();
  });
});
