import { describe, expect, it } from 'vitest';
import type { InstallSnapshot } from '../../src/messages.js';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

/** 1 leads and has compacted what 3 lacks; nothing is under way. */
function behind(options: ConstructorParameters<typeof Cluster>[0] = {}, entries = 10): Cluster {
  const cluster = new Cluster({ retainedEntries: 0, ...options });
  cluster.elect('1');
  cluster.isolate('3');
  for (let i = 0; i < entries; i++) cluster.propose('1');
  cluster.settle();
  cluster.beat('1', HEARTBEAT_MS);
  cluster.takeSnapshot('1');
  return cluster;
}

describe('log compaction (paper, section 7)', () => {
  it('the log is compacted behind a snapshot, but for a tail', () => {
    const cluster = behind({ retainedEntries: 4 });
    expect(cluster.view('1').commitIndex).toBe(11);
    expect(cluster.seen('compactTo', '1')).toEqual([7]);
    expect([cluster.raft('1').firstIndex, cluster.raft('1').termAt(7), cluster.raft('1').termAt(6)]).toEqual([
      8,
      1,
      undefined,
    ]);
  });

  it('a tail of large entries is shorter', () => {
    const cluster = new Cluster({ retainedEntries: 20, retainedBytes: 6400 });
    cluster.elect('1');
    const sized = (bytes: number, count: number): void => {
      for (let i = 0; i < count; i++) {
        cluster.call('1', (raft, now) => void raft.propose(new Uint8Array(bytes - 64), now));
        cluster.settle();
      }
      cluster.beat('1', HEARTBEAT_MS);
      cluster.takeSnapshot('1');
    };
    sized(64, 39);
    expect([cluster.raft('1').lastIndex, cluster.raft('1').firstIndex]).toEqual([40, 21]);
    sized(1600, 10);
    expect([cluster.raft('1').lastIndex, cluster.raft('1').firstIndex]).toEqual([50, 47]);
  });

  it('a follower that lacks no more than the tail gets entries', () => {
    const cluster = behind({ retainedEntries: 20 });
    cluster.mend();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('3').commitIndex).toBe(11);
    expect(cluster.disks.get('3')?.snapshot?.index).toBe(0);
  });

  it('an older snapshot than the present one is forgotten', () => {
    const cluster = behind();
    const configuration = cluster.raft('1').configuration;
    cluster.call('1', (raft, now) =>
      raft.snapshotTaken({ index: 5, term: 1, configuration, configurationIndex: 0 }, now),
    );
    expect(cluster.raft('1').firstIndex).toBe(12);
  });

  it('a node that restarts after compaction goes on behind its snapshot', () => {
    const cluster = behind();
    cluster.crash('1');
    cluster.restart('1');
    expect(cluster.view('1')).toMatchObject({ commitIndex: 11, lastIndex: 11 });
    expect([cluster.raft('1').firstIndex, cluster.host('1').appliedIndex]).toEqual([12, 11]);
    cluster.elect('1');
    expect(cluster.propose('1')).toBe(13);
  });
});

describe('InstallSnapshot (paper, figure 13)', () => {
  it('a follower that needs compacted entries gets the snapshot and then entries', () => {
    const cluster = behind();
    cluster.propose('1');
    cluster.settle();
    cluster.mend();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.view('3')).toMatchObject({ lastIndex: 12, commitIndex: 12 });
    expect(cluster.raft('3').firstIndex).toBe(12);
    expect(cluster.host('3').appliedIndex).toBe(12);
    expect(cluster.raft('1').progress.get('3')).toMatchObject({ state: 'replicate', matchIndex: 12 });
  });

  it('the membership in force travels in it', () => {
    const cluster = new Cluster({ retainedEntries: 0, strangers: ['4'] });
    cluster.elect('1');
    cluster.change('1', { add: ['4'], addresses: { 4: 'four:1' } });
    cluster.isolate('4');
    cluster.settle();
    for (let i = 0; i < 5; i++) cluster.propose('1');
    cluster.settle();
    cluster.takeSnapshot('1');
    expect(cluster.raft('4').lastIndex).toBe(0);
    cluster.mend();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('4').configuration).toEqual(cluster.raft('1').configuration);
    expect(cluster.raft('4').configurationIndex).toBe(3);
    expect(cluster.disks.get('4')?.snapshot?.configuration.addresses).toEqual({ 4: 'four:1' });
  });

  it('a log that conflicts with it is dropped whole, and what was being written to it does not count', () => {
    const cluster = new Cluster({
      retainedEntries: 0,
      logs: { 1: [1, 2, 2, 2], 2: [1, 2, 2, 2], 3: [1, 1, 1, 1, 1, 1] },
    });
    cluster.isolate('3');
    cluster.elect('1');
    cluster.propose('1');
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    cluster.takeSnapshot('1');
    expect(cluster.raft('1').firstIndex).toBe(7);
    expect(cluster.raft('3').termAt(6)).toBe(1);
    cluster.mend();
    cluster.beat('1', 3 * HEARTBEAT_MS);
    expect(cluster.view('3')).toMatchObject({ lastIndex: 6, commitIndex: 6, durableIndex: 6 });
    expect(cluster.raft('3').termAt(6)).toBe(3);
    expect(cluster.disks.get('3')?.entries).toEqual([]);
    const index = cluster.propose('1');
    cluster.settle();
    expect(cluster.raft('3').durableIndex).toBe(index);
  });

  it('a log that holds its last entry is kept', () => {
    const cluster = new Cluster({ logs: { 1: [1, 1, 1], 2: [1, 1, 1], 3: [1, 1, 1] } });
    cluster.elect('1');
    cluster.settle();
    const { configuration } = cluster.raft('3');
    const meta = { index: 2, term: 1, configuration, configurationIndex: 0 };
    cluster.crash('3');
    cluster.restart('3');
    expect(cluster.view('3')).toMatchObject({ lastIndex: 4, commitIndex: 0 });
    cluster.host('3').appliedIndex = 0;
    cluster.call('3', (raft, now) => raft.snapshotInstalled(meta, now));
    expect(cluster.view('3')).toMatchObject({ lastIndex: 4, commitIndex: 2 });
  });

  it('an older one than the state is refused: it is answered as installed', () => {
    const cluster = behind();
    const snapshot = cluster.disks.get('1')!.snapshot!;
    const piece = { snapshot, streamId: 9, offset: 0, data: new Uint8Array(1), checksum: 0, done: true };
    const message: InstallSnapshot = { type: 'installSnapshot', from: '1', to: '2', term: 1, round: 1, ...piece };
    const { effects } = cluster.hand(message);
    expect(effects.chunks).toEqual([]);
    expect(cluster.wire('installSnapshotResponse', '2')).toMatchObject([
      { outcome: 'installed', index: 11, streamId: 9 },
    ]);
  });

  it('that it is installed is answered once the log up to there is on the disk', () => {
    const cluster = behind({}, 0);
    cluster.holdDisk('2');
    for (let i = 0; i < 5; i++) cluster.propose('1');
    cluster.settle();
    cluster.mend();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.view('2')).toMatchObject({ commitIndex: 6, durableIndex: 1 });
    const snapshot = { index: 5, term: 1, configuration: cluster.raft('1').configuration, configurationIndex: 0 };
    const piece = { snapshot, streamId: 9, offset: 0, data: new Uint8Array(1), checksum: 0, done: true };
    cluster.hand({ type: 'installSnapshot', from: '1', to: '2', term: 1, round: 1, ...piece });
    expect(cluster.wire('installSnapshotResponse', '2')).toEqual([]);
    cluster.sync('2');
    expect(cluster.wire('installSnapshotResponse', '2')).toMatchObject([{ outcome: 'installed', index: 5 }]);
  });

  it('one of an earlier term is refused, and its sender steps down', () => {
    const cluster = behind();
    cluster.mend();
    cluster.isolate('1');
    cluster.elect('2');
    cluster.mend();
    const snapshot = cluster.disks.get('1')!.snapshot!;
    const piece = { snapshot, streamId: 9, offset: 0, data: new Uint8Array(1), checksum: 0, done: true };
    cluster.hand({ type: 'installSnapshot', from: '1', to: '2', term: 1, round: 1, ...piece });
    cluster.deliver('2', '1');
    expect(cluster.view('1')).toMatchObject({ role: 'follower', term: 2 });
  });

  it('a follower that waits for one is told of nothing but its leader', () => {
    const cluster = behind();
    cluster.mend();
    cluster.cut('1', '3');
    cluster.beat('1', 2 * HEARTBEAT_MS);
    cluster.mend();
    // It has answered, so the snapshot is asked for; its pieces are lost.
    cluster.timeout('1');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    cluster.dropAll();
    cluster.timeout('1');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    cluster.dropAll();
    expect(cluster.raft('1').progress.get('3')?.state).toBe('snapshot');
    cluster.timeout('1');
    expect(cluster.wire('appendEntries', '1', '3')).toMatchObject([{ prevLogIndex: 0, prevLogTerm: 0, entries: [] }]);
    cluster.deliver('1', '3');
    expect(cluster.view('3')).toMatchObject({ leaderId: '1', commitIndex: 1 });
    expect(cluster.wire('appendEntriesResponse', '3', '1')).toMatchObject([{ rejection: undefined }]);
  });

  it('pieces that are lost are sent again from the last good one on', () => {
    const cluster = behind();
    cluster.mend();
    for (let i = 0; i < 4 && cluster.wire('installSnapshot').length === 0; i++) {
      cluster.timeout('1');
      cluster.deliver('1', '3');
      cluster.deliver('3', '1');
    }
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    expect(cluster.wire('installSnapshot')).toMatchObject([{ offset: 1, done: false }]);
    cluster.dropAll();
    cluster.resend('1');
    expect(cluster.wire('installSnapshot')).toMatchObject([{ offset: 1 }]);
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('3').commitIndex).toBe(11);
  });

  it('a new leader ends the streams of the one before', () => {
    const cluster = behind();
    cluster.mend();
    for (let i = 0; i < 4 && cluster.wire('installSnapshot').length === 0; i++) {
      cluster.timeout('1');
      cluster.deliver('1', '3');
      cluster.deliver('3', '1');
    }
    cluster.dropAll();
    cluster.isolate('1');
    cluster.elect('2');
    cluster.mend();
    cluster.beat('2', HEARTBEAT_MS);
    const snapshot = cluster.disks.get('1')!.snapshot!;
    const piece = { snapshot, streamId: 1, offset: 0, data: new Uint8Array(1), checksum: 0, done: true };
    expect(cluster.raft('1').snapshotPiece('3', 1, piece)).toBeUndefined();
    cluster.resend('1');
    expect(cluster.wire('installSnapshot')).toEqual([]);
  });

  it('a follower that catches up by itself ends the wait for it', () => {
    const cluster = behind();
    cluster.mend();
    for (let i = 0; i < 4 && cluster.wire('installSnapshot').length === 0; i++) {
      cluster.timeout('1');
      cluster.deliver('1', '3');
      cluster.deliver('3', '1');
    }
    cluster.dropAll();
    expect(cluster.raft('1').progress.get('3')?.state).toBe('snapshot');
    cluster.hand({
      type: 'appendEntriesResponse',
      from: '3',
      to: '1',
      term: 1,
      round: 1,
      matchIndex: 11,
      rejection: undefined,
      storeId: '',
      priority: 1,
    });
    expect(cluster.raft('1').progress.get('3')?.state).not.toBe('snapshot');
    const snapshot = cluster.disks.get('1')!.snapshot!;
    const piece = { snapshot, streamId: 1, offset: 0, data: new Uint8Array(1), checksum: 0, done: true };
    expect(cluster.raft('1').snapshotPiece('3', 1, piece)).toBeUndefined();
  });
});

describe('installing never goes round in circles', () => {
  it('what a follower needs after its snapshot is kept until it has caught up', () => {
    const cluster = behind();
    cluster.mend();
    for (let i = 0; i < 4 && cluster.wire('installSnapshot').length === 0; i++) {
      cluster.timeout('1');
      cluster.deliver('1', '3');
      cluster.deliver('3', '1');
    }
    const pieces = cluster.take('1', '3');
    // While it is on its way the log goes on, and is snapshot again.
    for (let i = 0; i < 5; i++) cluster.propose('1');
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    cluster.takeSnapshot('1');
    expect(cluster.raft('1').firstIndex).toBe(12);
    for (const piece of pieces) cluster.hand(piece);
    cluster.settle();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.view('3').commitIndex).toBe(16);
    expect(cluster.disks.get('3')?.snapshot?.index).toBe(11);
    // Once it has, nothing is kept for it.
    expect(cluster.raft('1').firstIndex).toBe(17);
  });

  it('nothing is kept for one that has gone away', () => {
    const cluster = behind();
    cluster.mend();
    for (let i = 0; i < 4 && cluster.wire('installSnapshot').length === 0; i++) {
      cluster.timeout('1');
      cluster.deliver('1', '3');
      cluster.deliver('3', '1');
    }
    cluster.dropAll();
    cluster.isolate('3');
    cluster.beat('1', 5 * ELECTION_MS.max);
    cluster.propose('1');
    cluster.settle();
    cluster.takeSnapshot('1');
    expect(cluster.raft('1').firstIndex).toBe(13);
  });

  it('a stream that failed is asked for again after a while', () => {
    const cluster = behind();
    cluster.mend();
    for (let i = 0; i < 4 && cluster.wire('installSnapshot').length === 0; i++) {
      cluster.timeout('1');
      cluster.deliver('1', '3');
      cluster.deliver('3', '1');
    }
    cluster.dropAll();
    cluster.call('1', (raft, now) => raft.snapshotFailed('3', now));
    cluster.beat('1', ELECTION_MS.max - HEARTBEAT_MS);
    expect(cluster.raft('3').commitIndex).toBe(1);
    cluster.beat('1', 3 * HEARTBEAT_MS);
    expect(cluster.raft('3').commitIndex).toBe(11);
  });

  it('a follower that is not there is sent nothing', () => {
    const cluster = behind();
    cluster.beat('1', 10 * HEARTBEAT_MS);
    expect(cluster.raft('1').progress.get('3')?.isStreaming).toBe(false);
  });

  it('entries that were compacted while they were loaded give way to a snapshot', () => {
    const cluster = new Cluster({ retainedEntries: 0, cacheBytes: 1 });
    cluster.elect('1');
    cluster.isolate('3');
    for (let i = 0; i < 10; i++) cluster.propose('1');
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    cluster.mend();
    cluster.holdLoads = true;
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.loads.length).toBe(1);
    cluster.takeSnapshot('1');
    const { request } = cluster.loads.shift()!;
    cluster.call('1', (raft, now) => raft.entriesLoaded(request, [], now));
    cluster.settle();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    expect(cluster.raft('3').commitIndex).toBe(11);
    expect(cluster.disks.get('3')?.snapshot?.index).toBe(11);
  });
});
