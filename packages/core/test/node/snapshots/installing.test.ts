import { memoryStorage } from '@raft/storage-memory';
import { afterEach, expect, test } from 'vitest';
import { EntryType, StorageError } from '../../../src/index.js';
import type { Storage } from '../../../src/index.js';
import { frameSnapshot } from '../../../src/node/snapshots/framing.js';
import { testCluster } from '../support/cluster.js';
import type { Member, TestCluster } from '../support/cluster.js';
import { watch } from '../support/outcome.js';
import { tappedStorage } from '../support/tapped-storage.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

/** Small snapshots of few entries, with nothing kept behind them. */
const options = { snapshotThresholdEntries: 10, retainedEntries: 0, snapshotChunkBytes: 100 };

const texts = (member: Member): string[] => member.machine.applied.map((entry) => entry.command);
const named = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `c${from + i}`);

async function propose(member: Member, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const outcome = watch(member.node.propose(command));
    await cluster.clock.settle();
    expect(outcome.end).toBe('done');
  }
}

test('a follower that lags behind the compacted log is brought back by a snapshot and then by entries', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  await propose(leader, named(0, 3));
  cluster.network.isolate('3');
  await propose(leader, named(3, 25));
  expect(leader.node.status().firstIndex).toBeGreaterThan(20);
  const follower = cluster.member('3');
  const events: unknown[] = [];
  follower.node.on('snapshot', (event) => void events.push(event));
  cluster.network.heal();
  await cluster.clock.advance(1000);
  expect(texts(follower)).toEqual(named(0, 25));
  expect(events).toEqual([{ index: expect.any(Number), term: 2, source: 'installed' }]);
  // What follows the snapshot came as entries.
  expect(follower.machine.batches.reduce((sum, batch) => sum + batch, 0)).toBeLessThan(20);
  await propose(leader, ['more']);
  await cluster.clock.advance(100);
  expect(texts(follower).at(-1)).toBe('more');
  const { peers } = leader.node.status();
  expect(peers.find((peer) => peer.id === '3')).toMatchObject({ state: 'replicate', snapshotBytes: undefined });
});

test('the configuration in force travels in the snapshot, and a restart finds it there', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 25));
  cluster.network.heal();
  await cluster.clock.advance(1000);
  const { membership } = leader.node.status();
  expect(cluster.member('3').node.status().membership).toEqual(membership);
  const again = await cluster.remake('3', { bootstrap: undefined as never });
  await again.node.start();
  expect(again.node.status().membership).toEqual(membership);
  expect(texts(again).length).toBeGreaterThan(10);
  await cluster.clock.advance(1000);
  expect(texts(again)).toEqual(named(0, 25));
});

test('while it is sent the leader sends heartbeats and takes writes, and the others are not delayed', async () => {
  cluster = testCluster({ options: { ...options, maxSnapshotBytesPerSecond: 300 } });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 25));
  cluster.network.heal();
  for (let i = 0; i < 20; i++) {
    await cluster.clock.advance(100);
    await propose(leader, [`d${i}`]);
  }
  expect(leader.node.status()).toMatchObject({ role: 'leader', term: 2 });
  const peer = leader.node.status().peers.find(({ id }) => id === '3');
  expect(peer?.state).toBe('snapshot');
  expect(peer?.snapshotBytes).toBeGreaterThan(100);
});

test('installs do not loop: what follows the snapshot is kept until the follower has it', async () => {
  // Each install takes longer than the log needs to be compacted several times.
  cluster = testCluster({ options: { ...options, maxSnapshotBytesPerSecond: 2000 } });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 25));
  cluster.network.heal();
  const installed: unknown[] = [];
  cluster.member('3').node.on('snapshot', ({ source }) => void (source === 'installed' && installed.push(source)));
  let count = 25;
  for (; count < 85; count++) {
    await cluster.clock.advance(50);
    await propose(leader, [`c${count}`]);
  }
  await cluster.clock.advance(3000);
  expect(texts(cluster.member('3'))).toEqual(named(0, count));
  expect(installed.length).toBe(1);
  // Once it is done, the log is compacted again.
  await propose(leader, named(count, count + 12));
  await cluster.clock.advance(500);
  expect(leader.node.status().firstIndex).toBeGreaterThan(80);
});

test('a log that conflicts with the snapshot is dropped (paper, figure 13), and what was pending ends honestly', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  cluster.network.isolate('1');
  const lost = named(100, 140).map((text) => watch(leader.node.propose(text, { timeoutMs: 60_000 })));
  await cluster.clock.until(() => cluster.member('2').node.status().role === 'leader', 'node 2 leads');
  const second = cluster.member('2');
  await propose(second, named(0, 30));
  cluster.network.heal();
  await cluster.clock.advance(2000);
  expect(texts(leader)).toEqual(named(0, 30));
  expect(leader.node.status()).toMatchObject({ lastIndex: second.node.status().lastIndex, role: 'follower' });
  expect(new Set(lost.map(({ end }) => end))).toEqual(new Set(['RAFT_UNKNOWN_OUTCOME']));
});

test('a broken connection resumes at the last good piece', async () => {
  cluster = testCluster({ options: { ...options, maxSnapshotBytesPerSecond: 1000 } });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 40));
  cluster.network.heal();
  await cluster.clock.advance(1200);
  const before = leader.node.status().peers.find(({ id }) => id === '3')?.snapshotBytes ?? 0;
  expect(before).toBeGreaterThan(500);
  cluster.network.isolate('3');
  await cluster.clock.advance(1500);
  cluster.network.heal();
  await cluster.clock.advance(10_000);
  expect(texts(cluster.member('3'))).toEqual(named(0, 40));
  const offsets = leader.sends.flat().flatMap((message) => (message.type === 'installSnapshot' ? message.offset : []));
  expect(offsets.filter((offset) => offset === 0).length).toBe(1);
});

test('when the leader changes in the middle, its stream ends and the next leader sends its own', async () => {
  cluster = testCluster({ options: { ...options, maxSnapshotBytesPerSecond: 1000 } });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 40));
  cluster.network.heal();
  await cluster.clock.advance(1000);
  await leader.node.stop();
  await cluster.clock.until(() => cluster.member('2').node.status().role === 'leader', 'node 2 leads');
  await cluster.clock.advance(10_000);
  expect(texts(cluster.member('3'))).toEqual(named(0, 40));
  const sent = cluster.member('2').sends.flat();
  expect(sent.some((message) => message.type === 'installSnapshot' && message.offset === 0)).toBe(true);
});

test('a partial snapshot is given up with the term of its leader, also when nobody sends another', async () => {
  cluster = testCluster({ options: { ...options, maxSnapshotBytesPerSecond: 1000, preVote: false } });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 40));
  const follower = cluster.member('3');
  const create = follower.storage.createSnapshot.bind(follower.storage);
  const ends: string[] = [];
  follower.storage.createSnapshot = async (meta) => {
    const writer = await create(meta);
    const abort = async (): Promise<void> => {
      ends.push('aborted');
      await writer.abort();
    };
    return { write: (chunk) => writer.write(chunk), commit: () => writer.commit(), abort };
  };
  cluster.network.heal();
  await cluster.clock.advance(1000);
  const { term } = follower.node.status();
  expect(ends).toEqual([]);
  await leader.node.stop();
  // It votes for 2, which never hears of it.
  cluster.network.cutOneWay('3', '2');
  await cluster.clock.until(() => follower.node.status().term > term, 'node 3 hears of another term');
  await cluster.clock.settle();
  expect(cluster.member('2').node.status().role).not.toBe('leader');
  expect(ends).toEqual(['aborted']);
});

test('a follower that is killed in the middle starts anew, and nothing of the partial one is visible', async () => {
  cluster = testCluster({ options: { ...options, maxSnapshotBytesPerSecond: 1000 } });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 40));
  cluster.network.heal();
  await cluster.clock.advance(1000);
  const again = await cluster.remake('3');
  await again.node.start();
  expect(again.node.status().snapshotIndex).toBe(0);
  await cluster.clock.advance(10_000);
  expect(texts(again)).toEqual(named(0, 40));
});

test('a read on a follower waits while its machine is replaced', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  const follower = cluster.member('3');
  cluster.network.isolate('3');
  await propose(leader, named(0, 25));
  let open = (): void => {};
  const wait = new Promise<void>((resolve) => (open = resolve));
  const restore = follower.machine.restore.bind(follower.machine);
  follower.machine.restore = async (chunks) => {
    follower.machine.applied.length = 0;
    await wait;
    await restore(chunks);
  };
  cluster.network.heal();
  await cluster.clock.advance(1000);
  const read = watch(follower.node.read('all', { level: 'local', timeoutMs: 20_000 }));
  await cluster.clock.settle();
  expect(read.end).toBe('hanging');
  open();
  await cluster.clock.settle();
  expect(read.value?.length).toBeGreaterThan(10);
});

test('a snapshot under way here gives way to the one that the leader sends; who asked for it gets that', async () => {
  cluster = testCluster({ options: { ...options, snapshotThresholdEntries: 0 } });
  const leader = await cluster.elect();
  const follower = cluster.member('3');
  await propose(leader, ['a']);
  await cluster.clock.advance(100);
  follower.machine.snapshot = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) });
  const asked = watch(follower.node.snapshot({ timeoutMs: 60_000 }));
  await cluster.clock.settle();
  cluster.network.isolate('3');
  await propose(leader, named(0, 20));
  void leader.node.snapshot();
  await cluster.clock.settle();
  cluster.network.heal();
  await cluster.clock.advance(2000);
  expect(texts(follower)).toEqual(['a', ...named(0, 20)]);
  expect(asked.value).toEqual({ index: leader.node.status().snapshotIndex, term: 2 });
});

test('a machine that never ends its restore does not keep the node from stopping', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  const follower = cluster.member('3');
  cluster.network.isolate('3');
  await propose(leader, named(0, 25));
  let asked = false;
  follower.machine.restore = () => {
    asked = true;
    return new Promise(() => {});
  };
  cluster.network.heal();
  await cluster.clock.advance(1000);
  expect(asked).toBe(true);
  const stopped = watch(follower.node.stop());
  await cluster.clock.settle();
  expect([stopped.end, follower.storage.isOpen]).toEqual(['done', false]);
});

// Starts

async function withSnapshot(storage: Storage, index: number, term: number): Promise<void> {
  const writer = await storage.createSnapshot({
    ...{ index, term, configurationIndex: 1 },
    configuration: { voters: ['1'], outgoing: [], learners: [], addresses: { '1': 'a' }, stores: {}, returning: [] },
  });
  // A framed snapshot without sessions, of a machine that yields nothing.
  async function* machine(): AsyncGenerator<Uint8Array> {}
  for await (const chunk of frameSnapshot([].values(), machine())) await writer.write(chunk);
  await writer.commit();
}

async function stored(...terms: readonly number[]): Promise<Storage> {
  const storage = memoryStorage();
  await storage.open({ clusterId: 'raft', groupId: 'default', nodeId: '1' });
  const data = new Uint8Array(0);
  const entries = terms.map((term, i) => ({ index: i + 1, term, type: EntryType.empty, data }));
  await storage.append({ hardState: { term: 9, votedFor: undefined, commitIndex: 0 }, entries });
  return storage;
}

test.each([
  ['ends before it', [1, 1], [{ index: 5, term: 3 }]],
  ['has another entry there', [1, 1, 2, 2, 2, 2], [{ index: 5, term: 3 }]],
  ['holds its last entry', [1, 1, 2, 2, 3, 4], []],
])('a crash between snapshot and log is made good at the start: a log that %s', async (_, terms, resets) => {
  const inner = await stored(...terms);
  await withSnapshot(inner, 5, 3);
  await inner.close();
  cluster = testCluster({ ids: ['1'], storage: () => tappedStorage(inner) });
  const member = cluster.member('1');
  await member.node.start();
  const found = member.storage.appends.flatMap(({ resetTo }) => resetTo ?? []);
  expect(found).toEqual(resets);
  expect(member.node.status()).toMatchObject({ snapshotIndex: 5, appliedIndex: 5, commitIndex: 5 });
  await cluster.clock.advance(1000);
  expect(member.node.status()).toMatchObject({ role: 'leader', state: 'running' });
});

test('a log that begins after the snapshot is refused: entries are missing', async () => {
  const inner = await stored(1, 1, 1, 1);
  await withSnapshot(inner, 2, 1);
  await inner.compact(3);
  await inner.close();
  cluster = testCluster({ ids: ['1'], storage: () => tappedStorage(inner) });
  await expect(cluster.member('1').node.start()).rejects.toThrow('what lies between them is lost');
});

// Damage

const damage = new StorageError('RAFT_STORAGE_CORRUPT', 'snapshot-11 is damaged at offset 4096');

/** Its present snapshot (0), or the next one that is committed (1), or that and so many more, cannot be read. */
function damaged(storage: Storage, next = 0): Storage {
  const { createSnapshot, openSnapshot } = storage;
  let isDamaged = next === 0;
  let left = next;
  storage.createSnapshot = async (meta) => {
    const writer = await createSnapshot.call(storage, meta);
    return { ...writer, commit: () => writer.commit().then(() => void (isDamaged = left-- > 0)) };
  };
  storage.openSnapshot = async () => {
    const reader = await openSnapshot.call(storage);
    if (reader === undefined || !isDamaged) return reader;
    return {
      meta: reader.meta,
      size: reader.size,
      async *chunks(offset) {
        for await (const chunk of reader.chunks(offset)) {
          yield chunk.subarray(0, chunk.length - 1);
          throw damage;
        }
      },
      close: () => reader.close(),
    };
  };
  return storage;
}

test('a damaged snapshot of a node that is alone: the start is refused, with the place', async () => {
  cluster = testCluster({ ids: ['1'], options });
  const member = await cluster.elect();
  await propose(member, named(0, 12));
  const again = await cluster.remake('1');
  damaged(again.storage);
  await expect(again.node.start()).rejects.toThrow('snapshot-11 is damaged at offset 4096');
});

test("a damaged snapshot of one of several: another replica's is fetched, nothing of the log or the votes is lost", async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  await propose(leader, named(0, 25));
  await cluster.clock.advance(100);
  const again = await cluster.remake('3');
  const { lastIndex } = leader.node.status();
  damaged(again.storage);
  await again.node.start();
  expect(again.log.find(({ level }) => level === 'error')?.message).toContain('snapshot-11 is damaged at offset 4096');
  const early = watch(again.node.read('all', { level: 'local', timeoutMs: 20_000 }));
  await cluster.clock.settle();
  expect([early.end, again.node.status().appliedIndex, again.node.status().lastIndex]).toEqual([
    'hanging',
    0,
    lastIndex,
  ]);
  await cluster.clock.advance(2000);
  expect(texts(again)).toEqual(named(0, 25));
  expect(early.value?.length).toBeGreaterThan(10);
  expect(again.node.status().state).toBe('running');
  await propose(leader, ['more']);
  await cluster.clock.advance(100);
  expect(texts(again).at(-1)).toBe('more');
  const installs = leader.sends.flat().filter((message) => message.type === 'installSnapshot' && message.done);
  expect(installs.length).toBeLessThan(4);
});

test('a node whose snapshot is damaged votes and keeps entries, but does not lead', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  await propose(leader, named(0, 25));
  await cluster.clock.advance(100);
  const again = await cluster.remake('3');
  damaged(again.storage);
  // Its leader is gone, and nobody has sent it anything yet.
  await leader.node.stop();
  await again.node.start();
  await cluster.clock.until(() => cluster.member('2').node.status().role === 'leader', 'node 2 leads with its vote');
  await cluster.clock.advance(3000);
  expect(texts(again)).toEqual(named(0, 25));
  await propose(cluster.member('2'), ['more']);
});

test('a node whose snapshot is damaged does not campaign', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  await propose(leader, named(0, 25));
  await cluster.clock.advance(100);
  const again = await cluster.remake('3', { random: () => 0 });
  damaged(again.storage);
  cluster.network.isolate('1');
  cluster.network.isolate('2');
  await again.node.start();
  await cluster.clock.advance(3000);
  expect(again.node.status()).toMatchObject({ role: 'follower' });
  expect(again.sends.flat()).toEqual([]);
});

test('a leader whose snapshot is older than the one that was damaged takes a newer one for it', async () => {
  cluster = testCluster({ options: (id) => ({ ...options, snapshotThresholdEntries: id === '3' ? 10 : 0 }) });
  const leader = await cluster.elect();
  await propose(leader, named(0, 5));
  void leader.node.snapshot();
  await cluster.clock.settle();
  await propose(leader, named(5, 25));
  await cluster.clock.advance(100);
  const again = await cluster.remake('3');
  damaged(again.storage);
  await again.node.start();
  await cluster.clock.advance(5000);
  expect(texts(again)).toEqual(named(0, 25));
  expect(leader.node.status().snapshotIndex).toBeGreaterThan(20);
});

test('a damaged snapshot of the leader is replaced by one of its own state before a follower gets it', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 25));
  damaged(leader.storage);
  cluster.network.heal();
  await cluster.clock.advance(3000);
  expect(leader.node.status()).toMatchObject({ state: 'running', role: 'leader' });
  expect(texts(cluster.member('3'))).toEqual(named(0, 25));
});

test('a leader that cannot replace its damaged snapshot hands over to one that has a good one', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 25));
  damaged(leader.storage);
  leader.machine.snapshot = () => {
    throw new Error('no memory left');
  };
  cluster.network.heal();
  await cluster.clock.advance(5000);
  expect(leader.node.status()).toMatchObject({ state: 'running', role: 'follower' });
  expect(leader.log.map(({ message }) => message).join()).toContain('the leadership is handed over');
  expect(texts(cluster.member('3'))).toEqual(named(0, 25));
});

test('a snapshot that is damaged while it is installed is asked for again: the node goes on, and shows nothing of it', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  await propose(leader, named(0, 3));
  cluster.network.isolate('3');
  await propose(leader, named(3, 25));
  const follower = cluster.member('3');
  const before = follower.node.status();
  damaged(follower.storage, 1);
  cluster.network.heal();
  await cluster.clock.until(() => follower.log.some(({ level }) => level === 'error'), 'damage is found');
  expect(follower.log.find(({ level }) => level === 'error')?.message).toContain('snapshot-11 is damaged');
  const read = watch(follower.node.read('all', { level: 'local', timeoutMs: 20_000 }));
  const taken = watch(follower.node.snapshot({ timeoutMs: 20_000 }));
  await cluster.clock.settle();
  // The log is what it was, and the machine may hold a part of the snapshot.
  expect(follower.node.status()).toMatchObject({ state: 'running', lastIndex: before.lastIndex });
  expect(follower.node.status().appliedIndex).toBe(before.appliedIndex);
  expect([read.end, taken.end]).toEqual(['hanging', 'RAFT_INVALID_ARGUMENT']);
  await cluster.clock.advance(3000);
  expect(texts(follower)).toEqual(named(0, 25));
  expect(read.value?.length).toBeGreaterThan(10);
  expect(follower.node.status()).toMatchObject({ state: 'running', lastIndex: leader.node.status().lastIndex });
});

test('a follower that cannot read back any snapshot is sent one now and then, more and more seldom', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 25));
  const follower = cluster.member('3');
  damaged(follower.storage, 1000);
  cluster.network.heal();
  await cluster.clock.advance(60_000);
  const errors = (): number => follower.log.filter(({ level }) => level === 'error').length;
  expect(errors()).toBeGreaterThan(5);
  expect(errors()).toBeLessThan(20);
  expect(follower.node.status()).toMatchObject({ state: 'running', role: 'follower' });
  await propose(leader, ['more']);
  // It cannot lead without a state.
  cluster.network.isolate('3');
  const sent = follower.sends.length;
  await cluster.clock.advance(3000);
  const campaigns = follower.sends
    .slice(sent)
    .flatMap((messages) => messages.filter(({ type }) => type === 'requestVote'));
  expect([campaigns, follower.node.status().role]).toEqual([[], 'follower']);
});

test('a node that was stopped before it had another snapshot comes back, votes by what its disk holds and does not lead', async () => {
  cluster = testCluster({ options });
  const leader = await cluster.elect();
  cluster.network.isolate('3');
  await propose(leader, named(0, 25));
  damaged(cluster.member('3').storage, 1000);
  cluster.network.heal();
  const { log } = cluster.member('3');
  await cluster.clock.until(() => log.some(({ level }) => level === 'error'), 'damage is found');
  cluster.network.isolate('1');
  const again = await cluster.remake('3', { random: () => 0 });
  await again.node.start();
  await cluster.clock.until(() => cluster.member('2').node.status().role === 'leader', 'node 2 leads with its vote');
  expect(again.node.status()).toMatchObject({ state: 'running', role: 'follower' });
  await propose(cluster.member('2'), ['more']);
});
