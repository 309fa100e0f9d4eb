import { describe, expect, it } from 'vitest';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

describe('a leader whose disk stalls', () => {
  it('hands over when it can, after an election timeout', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('1');
    cluster.propose('1');
    cluster.settle();
    cluster.beat('1', ELECTION_MS.max - 1);
    expect(cluster.raft('1')).toMatchObject({ role: 'leader', isHealthy: true });
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('2').role === 'leader' || cluster.raft('3').role === 'leader').toBe(true);
    expect(cluster.raft('1').role).toBe('follower');
  });

  it('steps down when nobody can take over, and does not campaign until its disk has answered', () => {
    const cluster = new Cluster({ nodes: 1 });
    cluster.elect('1');
    cluster.holdDisk('1');
    cluster.propose('1');
    cluster.beat('1', ELECTION_MS.max);
    expect(cluster.raft('1')).toMatchObject({ role: 'follower', isHealthy: false });
    expect(cluster.reasons.get('1')?.at(-1)).toBe('its disk has not answered within an election timeout');
    expect(cluster.raft('1').deadline).toBe(Number.POSITIVE_INFINITY);
    cluster.sync('1');
    expect(cluster.raft('1').deadline).toBeGreaterThanOrEqual(cluster.now + ELECTION_MS.min);
    cluster.timeout('1');
    cluster.sync('1');
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('leads on while its disk answers, however much is in flight', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('1');
    cluster.propose('1');
    for (let i = 0; i < 10; i++) {
      cluster.propose('1');
      cluster.settle();
      cluster.beat('1', ELECTION_MS.min);
      cluster.sync('1', 'one');
    }
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('a follower whose disk stalls does not campaign either', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.holdDisk('2');
    cluster.propose('1');
    cluster.settle();
    cluster.isolate('1');
    cluster.pass(ELECTION_MS.max);
    cluster.turn('2');
    expect(cluster.raft('2').deadline).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a host that is away', () => {
  it('a leader whose turn comes an election timeout too late steps down, whatever has come for it meanwhile', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.timeout('1');
    cluster.deliver('1', '2');
    cluster.deliver('1', '3');
    cluster.pass(HEARTBEAT_MS + ELECTION_MS.max + 1);
    cluster.host('1').inbox.push(...cluster.take('2', '1'), ...cluster.take('3', '1'));
    cluster.turn('1', {});
    expect(cluster.raft('1').role).toBe('follower');
    expect(cluster.reasons.get('1')?.at(-1)).toBe('its turn came an election timeout too late');
  });

  it('it is measured between turns, not between calls', () => {
    const cluster = new Cluster({ checkQuorum: false });
    cluster.elect('1');
    cluster.pass(HEARTBEAT_MS + ELECTION_MS.max - 1);
    cluster.turn('1', {});
    cluster.pass(ELECTION_MS.max);
    cluster.host('1').proposals.push({ id: 1, data: new Uint8Array(1) });
    cluster.turn('1');
    expect(cluster.raft('1').role).toBe('leader');
  });

  it('a follower that comes back late hears others before it campaigns', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.pass(5 * ELECTION_MS.max);
    cluster.turn('2', {});
    expect(cluster.raft('2').role).toBe('follower');
    expect(cluster.raft('2').deadline).toBeGreaterThanOrEqual(cluster.now + ELECTION_MS.min);
  });
});

describe('a full disk', () => {
  it('what was refused is written again, in order, once there is room', () => {
    const cluster = new Cluster({ nodes: 1 });
    cluster.elect('1');
    cluster.fill('1');
    const first = cluster.propose('1');
    expect(cluster.seen('diskFull', '1')).toEqual([true]);
    expect(cluster.raft('1').refusal(1)).toBe('diskFull');
    expect(cluster.raft('1').isHealthy).toBe(false);
    cluster.beat('1', 10 * HEARTBEAT_MS);
    expect(cluster.view('1')).toMatchObject({ role: 'leader', commitIndex: first - 1, lastIndex: first });
    cluster.fill('1', false);
    cluster.beat('1', 500);
    expect(cluster.view('1')).toMatchObject({ commitIndex: first, durableIndex: first });
    expect(cluster.seen('diskFull', '1')).toEqual([true, false]);
    expect(cluster.propose('1')).toBe(first + 1);
    expect(cluster.raft('1').commitIndex).toBe(first + 1);
  });

  it('of every voter: commands are refused once it is clear that nobody takes over, and not kept waiting by the next try', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    for (const id of ['1', '2', '3']) cluster.fill(id);
    cluster.propose('1');
    const refusals: unknown[] = [];
    // Each try is a reason to hand over again.
    for (let passed = 0; passed < 3000; passed += HEARTBEAT_MS) {
      refusals.push(cluster.raft('1').refusal(1));
      cluster.beat('1', HEARTBEAT_MS);
    }
    const waits = Math.ceil(ELECTION_MS.max / HEARTBEAT_MS);
    expect(refusals[0]).toBe('transferring');
    expect(new Set(refusals.slice(waits + 1))).toEqual(new Set(['diskFull']));
  });

  it('entries are tried again only now and then', () => {
    const cluster = new Cluster({ nodes: 1, diskRetryMs: 500 });
    cluster.elect('1');
    cluster.fill('1');
    cluster.propose('1');
    cluster.holdDisk('1');
    cluster.beat('1', 499);
    expect(cluster.disks.get('1')?.unsynced).toEqual([]);
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.disks.get('1')?.unsynced.length).toBe(1);
    expect(cluster.raft('1').deadline).toBeGreaterThan(cluster.now);
  });

  it('a leader hands over when it can', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.beat('1', HEARTBEAT_MS);
    cluster.fill('1');
    const index = cluster.propose('1');
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('1').role).toBe('follower');
    expect(['2', '3'].map((id) => cluster.raft(id).role)).toContain('leader');
    // As a follower it acknowledges nothing, and keeps its leader.
    const next = cluster.raft('2').role === 'leader' ? '2' : '3';
    cluster.beat(next, 2 * ELECTION_MS.max);
    expect(cluster.raft(next).role).toBe('leader');
    expect(cluster.raft(next).commitIndex).toBeGreaterThan(index);
    expect(cluster.raft(next).progress.get('1')?.matchIndex).toBeLessThan(index);
    cluster.fill('1', false);
    cluster.pass(500);
    cluster.timeout('1');
    cluster.settle();
    cluster.beat(next, HEARTBEAT_MS);
    expect(cluster.raft('1').durableIndex).toBe(cluster.raft(next).lastIndex);
  });

  it('votes and terms are written all the same, with no commit index that the disk’s log does not bear out', () => {
    const cluster = new Cluster({ logs: { 1: [1, 2, 2], 2: [1, 1, 1], 3: [1, 2, 2] }, preVote: false });
    cluster.fill('2');
    cluster.elect('1');
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    // 2 was told to drop two entries for others, and that they are committed.
    expect(cluster.view('2')).toMatchObject({ lastIndex: 4, commitIndex: 4, durableIndex: 1 });
    cluster.call('1', (raft, now) => raft.transferLeadership('3', now));
    cluster.settle();
    expect(cluster.raft('2').term).toBe(cluster.raft('3').term);
    expect(cluster.disks.get('2')?.hardState).toMatchObject({ term: cluster.raft('3').term, votedFor: '3' });
    expect(cluster.disks.get('2')?.hardState.commitIndex).toBeLessThanOrEqual(1);
    cluster.crash('2');
    cluster.fill('2', false);
    cluster.restart('2');
    expect(cluster.view('2').commitIndex).toBeLessThanOrEqual(1);
    cluster.beat('3', 3 * HEARTBEAT_MS);
    expect(cluster.log('2')).toEqual(cluster.log('3'));
  });

  it('a term that was refused together with entries is written by itself', () => {
    const cluster = new Cluster({ preVote: false });
    cluster.fill('2');
    cluster.timeout('1');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    const append = cluster.take('1', '2').find(({ type }) => type === 'appendEntries');
    cluster.hand(append!);
    expect(cluster.disks.get('2')).toMatchObject({ hardState: { term: 1 }, lastIndex: 0 });
    expect(cluster.wire('appendEntriesResponse', '2', '1')).toMatchObject([{ term: 1, matchIndex: 0 }]);
  });

  it('a node whose disk is full does not campaign', () => {
    const cluster = new Cluster();
    cluster.elect('1');
    cluster.fill('2');
    cluster.propose('1');
    cluster.settle();
    cluster.isolate('1');
    cluster.pass(5 * ELECTION_MS.max);
    cluster.timeout('2');
    expect(cluster.raft('2').role).toBe('follower');
  });

  it('what was refused together is refused once', () => {
    const cluster = new Cluster({ nodes: 1 });
    cluster.elect('1');
    cluster.holdDisk('1');
    cluster.propose('1');
    cluster.propose('1');
    const [first, second] = cluster.disks.get('1')!.unsynced.map(({ sequence }) => sequence);
    cluster.disks.get('1')!.refuse();
    cluster.call('1', (raft, now) => raft.storageFull(first!, now));
    cluster.pass(500);
    cluster.timeout('1');
    const [again] = cluster.disks.get('1')!.unsynced;
    expect(again?.batch.entries.map(({ index }) => index)).toEqual([2, 3]);
    // The refusal of the second is told when what they held is on its way again.
    cluster.call('1', (raft, now) => raft.storageFull(second!, now));
    cluster.sync('1');
    expect(cluster.raft('1').durableIndex).toBe(3);
    expect(cluster.disks.get('1')!.unsynced).toEqual([]);
  });
});
