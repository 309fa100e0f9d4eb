import { memoryStorage } from '@raft/storage-memory';
import { afterEach, expect, test } from 'vitest';
import { StorageError } from '../../../src/index.js';
import type { Applied, SnapshotMeta, Storage } from '../../../src/index.js';
import { unframeSnapshot } from '../../../src/node/snapshots/framing.js';
import { testCluster } from '../support/cluster.js';
import type { Member, TestCluster } from '../support/cluster.js';
import { watch } from '../support/outcome.js';
import { recorder } from '../support/recorder.js';
import { tappedStorage } from '../support/tapped-storage.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

interface Saved {
  readonly meta: SnapshotMeta;
  readonly texts: readonly string[];
}

async function saved({ storage }: Pick<Member, 'storage'>): Promise<Saved | undefined> {
  const reader = await storage.openSnapshot();
  if (reader === undefined) return undefined;
  const machine = await unframeSnapshot(reader.chunks(), () => {});
  let text = '';
  for await (const chunk of machine) text += new TextDecoder().decode(chunk);
  const lines = text.split('\n').filter((line) => line !== '');
  return { meta: reader.meta, texts: lines.map((line) => (JSON.parse(line) as Applied<string>).command) };
}

async function propose({ node }: Member, ...texts: readonly string[]): Promise<void> {
  const outcomes = texts.map((text) => watch(node.propose(text)));
  await cluster.clock.settle();
  expect(outcomes.map((outcome) => outcome.end)).toEqual(texts.map(() => 'done'));
}

/** A storage whose snapshots a test can hold up, or make fail. */
function slowSnapshots(): {
  inner: Storage;
  gate: { wait: Promise<void> | undefined; fail: Error | undefined };
  aborts: number[];
} {
  const inner = memoryStorage();
  const gate: { wait: Promise<void> | undefined; fail: Error | undefined } = { wait: undefined, fail: undefined };
  const aborts: number[] = [];
  const createSnapshot = inner.createSnapshot.bind(inner);
  inner.createSnapshot = async (meta) => {
    const writer = await createSnapshot(meta);
    return {
      async write(chunk) {
        await gate.wait;
        if (gate.fail !== undefined) throw gate.fail;
        await writer.write(chunk);
      },
      commit: () => writer.commit(),
      async abort() {
        aborts.push(meta.index);
        await writer.abort();
      },
    };
  };
  return { inner, gate, aborts };
}

test('on request: it shows what is applied, with index, term and configuration', async () => {
  cluster = testCluster({ ids: ['1'] });
  const member = await cluster.elect();
  const events: unknown[] = [];
  member.node.on('snapshot', (event) => void events.push(event));
  await propose(member, 'a', 'b');
  const info = watch(member.node.snapshot());
  await cluster.clock.settle();
  expect(info.value).toEqual({ index: 4, term: 2 });
  const { meta, texts } = (await saved(member)) as Saved;
  expect(texts).toEqual(['a', 'b']);
  expect(meta).toMatchObject({ index: 4, term: 2, configurationIndex: 1, configuration: { voters: ['1'] } });
  expect(events).toEqual([{ index: 4, term: 2, source: 'taken' }]);
  expect(member.node.status().snapshotIndex).toBe(4);
});

test('a second request before anything else is applied is answered with the present one', async () => {
  const { inner, gate } = slowSnapshots();
  cluster = testCluster({ ids: ['1'], storage: () => tappedStorage(inner) });
  const member = await cluster.elect();
  await propose(member, 'a');
  const first = watch(member.node.snapshot());
  await cluster.clock.settle();
  gate.fail = new Error('no second one is written');
  const second = watch(member.node.snapshot());
  await cluster.clock.settle();
  expect([first.value, second.value]).toEqual([
    { index: 3, term: 2 },
    { index: 3, term: 2 },
  ]);
});

test('requests share the one that is under way', async () => {
  const { inner, gate } = slowSnapshots();
  let open = (): void => {};
  gate.wait = new Promise((resolve) => (open = resolve));
  cluster = testCluster({ ids: ['1'], storage: () => tappedStorage(inner) });
  const member = await cluster.elect();
  await propose(member, 'a');
  const first = watch(member.node.snapshot());
  await cluster.clock.settle();
  await propose(member, 'b');
  const second = watch(member.node.snapshot());
  open();
  await cluster.clock.settle();
  expect([first.value, second.value]).toEqual([
    { index: 3, term: 2 },
    { index: 3, term: 2 },
  ]);
});

test('while it is written proposals and heartbeats go on, and it shows the instant it was asked for', async () => {
  const { inner, gate } = slowSnapshots();
  let open = (): void => {};
  gate.wait = new Promise((resolve) => (open = resolve));
  cluster = testCluster({ storage: (id) => tappedStorage(id === '1' ? inner : memoryStorage()) });
  const leader = await cluster.elect();
  await propose(leader, 'a', 'b');
  const info = watch(leader.node.snapshot({ timeoutMs: 60_000 }));
  await propose(leader, 'c');
  const sent = leader.sends.length;
  await cluster.clock.advance(5000);
  expect(leader.sends.length - sent).toBeGreaterThan(50);
  expect(leader.node.status()).toMatchObject({ role: 'leader', term: 2 });
  await propose(leader, 'd');
  open();
  await cluster.clock.settle();
  expect(info.value).toEqual({ index: 4, term: 2 });
  expect((await saved(leader))?.texts).toEqual(['a', 'b']);
});

test('a machine that is in the middle of a batch is asked between two', async () => {
  const gates: (() => void)[] = [];
  const stateMachine = recorder(() => new Promise<void>((resolve) => gates.push(resolve)));
  cluster = testCluster({ ids: ['1'], options: { stateMachine } });
  const member = await cluster.elect();
  void member.node.propose('a');
  await cluster.clock.settle();
  void member.node.propose('b');
  const info = watch(member.node.snapshot());
  await cluster.clock.settle();
  expect(info.end).toBe('hanging');
  gates.shift()?.();
  await cluster.clock.settle();
  expect(info.value).toEqual({ index: 3, term: 2 });
  expect((await saved(member))?.texts).toEqual(['a']);
  gates.shift()?.();
  await cluster.clock.settle();
  expect(member.machine.applied.map((entry) => entry.command)).toEqual(['a', 'b']);
});

test('by itself after so many entries, or so many bytes, whichever comes first', async () => {
  const taken: number[] = [];
  const options = { snapshotThresholdEntries: 10, snapshotThresholdBytes: 1000 };
  cluster = testCluster({ ids: ['1'], options });
  const member = await cluster.elect();
  member.node.on('snapshot', ({ index }) => void taken.push(index));
  for (let i = 0; i < 8; i++) await propose(member, `c${i}`);
  expect(taken).toEqual([10]);
  await propose(member, 'x'.repeat(400));
  await propose(member, 'x'.repeat(400));
  expect(taken).toEqual([10]);
  await propose(member, 'x'.repeat(400));
  expect(taken).toEqual([10, 13]);
});

test('never by itself when both thresholds are 0', async () => {
  cluster = testCluster({ ids: ['1'], options: { snapshotThresholdEntries: 0, snapshotThresholdBytes: 0 } });
  const member = await cluster.elect();
  for (let i = 0; i < 50; i++) await propose(member, 'x'.repeat(100));
  expect(await saved(member)).toBeUndefined();
});

test('a restart restores the machine from it and applies what follows, once each', async () => {
  cluster = testCluster({ ids: ['1'] });
  const member = await cluster.elect();
  await propose(member, 'a', 'b');
  void member.node.snapshot();
  await cluster.clock.settle();
  await propose(member, 'c');
  const again = await cluster.remake('1');
  await again.node.start();
  await cluster.clock.advance(500);
  expect(again.machine.applied.map((entry) => entry.command)).toEqual(['a', 'b', 'c']);
  expect(again.machine.batches).toEqual([1]);
  expect(again.node.status()).toMatchObject({ snapshotIndex: 4, membership: { index: 1, voters: ['1'] } });
});

test('nothing is applied yet: the request is refused', async () => {
  cluster = testCluster({ ids: ['1'], options: { bootstrap: undefined as never } });
  const { node } = cluster.member('1');
  await node.start();
  await expect(node.snapshot()).rejects.toMatchObject({ code: 'RAFT_INVALID_ARGUMENT' });
});

test('the deadline and the signal of a request end it; the snapshot goes on', async () => {
  const { inner, gate } = slowSnapshots();
  let open = (): void => {};
  gate.wait = new Promise((resolve) => (open = resolve));
  cluster = testCluster({ ids: ['1'], storage: () => tappedStorage(inner) });
  const member = await cluster.elect();
  await propose(member, 'a');
  const controller = new AbortController();
  const late = watch(member.node.snapshot({ timeoutMs: 300 }));
  const aborted = watch(member.node.snapshot({ signal: controller.signal }));
  await cluster.clock.settle();
  controller.abort();
  await cluster.clock.advance(300);
  expect([late.end, aborted.end]).toEqual(['RAFT_TIMEOUT', 'RAFT_ABORTED']);
  open();
  await cluster.clock.settle();
  expect((await saved(member))?.meta.index).toBe(3);
});

test('a stop cuts off the one that is written: callers are told, nothing of it stays', async () => {
  const { inner, gate, aborts } = slowSnapshots();
  let open = (): void => {};
  cluster = testCluster({ ids: ['1'], storage: () => tappedStorage(inner) });
  const member = await cluster.elect();
  await propose(member, 'a');
  gate.wait = new Promise((resolve) => (open = resolve));
  const info = watch(member.node.snapshot());
  await cluster.clock.settle();
  const stopped = watch(member.node.stop());
  await cluster.clock.settle();
  expect(info.end).toBe('RAFT_NODE_STOPPED');
  open();
  await cluster.clock.settle();
  expect([stopped.end, aborts, member.storage.isOpen]).toEqual(['done', [3], false]);
});

test('a machine that never gives its next chunk does not keep the node from stopping', async () => {
  const stateMachine = recorder();
  stateMachine.snapshot = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) });
  cluster = testCluster({ ids: ['1'], options: { stateMachine } });
  const member = await cluster.elect();
  await propose(member, 'a');
  const info = watch(member.node.snapshot());
  await cluster.clock.settle();
  await member.node.stop();
  expect(info.end).toBe('RAFT_NODE_STOPPED');
});

test('no room for it: told, tried again a limited number of times, never fatal', async () => {
  const { inner, gate, aborts } = slowSnapshots();
  cluster = testCluster({
    ids: ['1'],
    storage: () => tappedStorage(inner),
    options: { snapshotThresholdEntries: 5, snapshotThresholdBytes: 0 },
  });
  const member = await cluster.elect();
  gate.fail = new StorageError('RAFT_STORAGE_FULL', 'no room');
  for (const text of ['a', 'b', 'c']) await propose(member, text);
  await cluster.clock.advance(200_000);
  expect(aborts.length).toBe(7);
  expect(member.node.status().state).toBe('running');
  expect(member.log.filter(({ message }) => message === 'a snapshot could not be taken: no room').length).toBe(7);
  const asked = watch(member.node.snapshot());
  await cluster.clock.settle();
  expect(asked.end).toBe('RAFT_STORAGE_FULL');
  gate.fail = undefined;
  for (const text of ['d', 'e', 'f', 'g', 'h']) await propose(member, text);
  expect((await saved(member))?.texts).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
});

test('room that comes back is used without anybody asking', async () => {
  const { inner, gate } = slowSnapshots();
  cluster = testCluster({ ids: ['1'], storage: () => tappedStorage(inner), options: { snapshotThresholdEntries: 3 } });
  gate.fail = new StorageError('RAFT_STORAGE_FULL', 'no room');
  const member = await cluster.elect();
  await propose(member, 'a');
  gate.fail = undefined;
  await cluster.clock.advance(5000);
  expect((await saved(member))?.texts).toEqual(['a']);
});

test('a machine that fails to give one is told of and goes on working', async () => {
  const stateMachine = recorder();
  const good = stateMachine.snapshot.bind(stateMachine);
  stateMachine.snapshot = async function* () {
    yield new Uint8Array(3);
    throw new Error('cannot');
  };
  cluster = testCluster({ ids: ['1'], options: { stateMachine } });
  const member = await cluster.elect();
  await propose(member, 'a');
  const failed = watch(member.node.snapshot());
  await cluster.clock.settle();
  expect(failed.end).toBe('cannot');
  expect(await member.storage.openSnapshot()).toBeUndefined();
  stateMachine.snapshot = good;
  const done = watch(member.node.snapshot());
  await cluster.clock.settle();
  expect(done.end).toBe('done');
});

test('any other error of the storage is fatal', async () => {
  const { inner, gate } = slowSnapshots();
  cluster = testCluster({ ids: ['1'], storage: () => tappedStorage(inner) });
  const member = await cluster.elect();
  await propose(member, 'a');
  gate.fail = new StorageError('RAFT_STORAGE_IO', 'write snapshot-3: EIO');
  const failed = watch(member.node.snapshot());
  await cluster.clock.settle();
  expect(failed.end).toBe('RAFT_STORAGE_IO');
  expect(member.node.status().state).toBe('stopped');
});

test('the event loop gets its turns while a machine gives all its chunks at once', async () => {
  const stateMachine = recorder();
  stateMachine.snapshot = async function* () {
    for (let i = 0; i < 100; i++) yield new Uint8Array(64 * 1024);
  };
  cluster = testCluster({ ids: ['1'], options: { stateMachine } });
  const member = await cluster.elect();
  await propose(member, 'a');
  const info = watch(member.node.snapshot());
  let turns = 0;
  for (; info.end === 'hanging'; turns++) await cluster.clock.turn();
  expect(turns).toBeGreaterThan(20);
});
