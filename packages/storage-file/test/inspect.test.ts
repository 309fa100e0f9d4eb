import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { decodeConfiguration, EntryType } from '@raft/core';
import type { Restored, StorageInspector, StorageRecord, Verification } from '@raft/core';
import { fileStorage, inspectFileStorage } from '@raft/storage-file';
import { contentOf, entry, identity } from './support/model.js';
import type { Content } from './support/model.js';

const configuration = { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };
const segmentBytes = 128 * 1024;
let root: string;
let directory: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-inspect-'));
  directory = join(root, 'data');
});
afterEach(() => rmSync(root, { recursive: true }));

/** 60 entries in four segments, the last ones of term 2; on demand with a snapshot of the first ones, and without them. */
async function makeLog(options: { snapshot?: number; compact?: number } = {}): Promise<void> {
  const storage = fileStorage({ directory, segmentBytes });
  await storage.open(identity);
  await storage.append({ hardState: { term: 1, votedFor: 'n1', commitIndex: 0 }, entries: [] });
  for (let i = 1; i <= 50; i++) await storage.append({ entries: [entry(i, 1, 5000)] });
  const hardState = { term: 2, votedFor: undefined, commitIndex: 40 };
  await storage.append({ hardState, truncateFrom: 50, entries: [entry(50, 2), entry(51, 2)] });
  if (options.snapshot !== undefined) {
    const meta = { index: options.snapshot, term: 1, configuration, configurationIndex: 1 };
    const writer = await storage.createSnapshot(meta);
    await writer.write(new Uint8Array(600_000).fill(7));
    await writer.commit();
  }
  if (options.compact !== undefined) await storage.compact(options.compact);
  for (let i = 52; i <= 60; i++) await storage.append({ entries: [entry(i, 2, 5000)] });
  await storage.append({ hardState: { term: 3, votedFor: 'n2', commitIndex: 55 }, entries: [] });
  await storage.close();
}

async function inspecting<T>(work: (inspector: StorageInspector) => Promise<T>): Promise<T> {
  const inspector = await inspectFileStorage({ directory });
  try {
    return await work(inspector);
  } finally {
    await inspector.close();
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const verify = (): Promise<Verification> => inspecting((inspector) => inspector.verify());
const dump = (): Promise<StorageRecord[]> => inspecting((inspector) => all(inspector.records()));

async function open(who: typeof identity = identity): Promise<{ restored: Restored; content: Content }> {
  const storage = fileStorage({ directory, segmentBytes });
  try {
    const restored = await storage.open(who);
    return { restored, content: await contentOf(storage, restored) };
  } finally {
    await storage.close();
  }
}

function files(of: string): Map<string, string> {
  return new Map(readdirSync(of).map((name) => [name, readFileSync(join(of, name)).toString('latin1')]));
}

function change(name: string, damage: (bytes: Buffer) => unknown): void {
  const bytes = readFileSync(join(directory, name));
  damage(bytes);
  writeFileSync(join(directory, name), bytes);
}

/** Flips a bit in the data of an entry; the place of its record. */
async function damageEntry(index: number): Promise<StorageRecord> {
  const record = (await dump()).find((each) => each.kind === 'entry' && each.index === index)!;
  change(record.file, (bytes) => (bytes[record.offset + 20]! ^= 4));
  return record;
}

describe('storage-file: looking into a closed storage', { timeout: 30_000 }, () => {
  test('shows every record with its place, and changes nothing', async () => {
    await makeLog({ snapshot: 30, compact: 20 });
    const before = files(directory);
    const records = await dump();
    assert(records.every((record) => record.state === 'intact'));
    const kinds = new Set(records.map(({ kind }) => kind));
    for (const kind of [
      'store',
      'segment',
      'hardState',
      'entry',
      'truncate',
      'compact',
      'snapshot',
      'chunk',
      'snapshotEnd',
    ]) {
      assert(kinds.has(kind as StorageRecord['kind']), kind);
    }
    const entries = records.filter(({ kind }) => kind === 'entry');
    for (const { file, offset, size, index, term, type } of entries) {
      const bytes = readFileSync(join(directory, file)).subarray(offset, offset + size);
      const { data } = entry(index!, term!, size - 16);
      assert.equal(type, EntryType.command);
      assert(bytes.subarray(16).equals(data), `entry ${index} at ${file}:${offset}`);
    }
    assert.deepEqual(
      entries.slice(-3).map(({ index, term }) => [index, term]),
      [
        [58, 2],
        [59, 2],
        [60, 2],
      ],
    );
    assert.deepEqual(
      records.filter(({ kind }) => kind === 'truncate').map(({ index }) => index),
      [50],
    );
    assert.deepEqual(files(directory), before);
    const log = await inspecting((inspector) => all(inspector.entries(49)));
    assert.deepEqual(log.map(({ index, term }) => [index, term]).slice(0, 3), [
      [49, 1],
      [50, 2],
      [51, 2],
    ]);
    assert.equal(log.length, 12);
  });

  test('finds nothing wrong with a sound one, and says what it holds', async () => {
    await makeLog({ snapshot: 30, compact: 20 });
    const { problems, hardState, firstIndex, lastIndex, lastTerm, snapshot, records } = await verify();
    assert.deepEqual(problems, []);
    assert.deepEqual(hardState, { term: 3, votedFor: 'n2', commitIndex: 55 });
    assert.deepEqual({ firstIndex, lastIndex, lastTerm }, { firstIndex: 21, lastIndex: 60, lastTerm: 2 });
    assert.equal(snapshot?.index, 30);
    assert(records > 40);
  });

  test('is refused while a node has it, and for a directory that is none', async () => {
    const storage = fileStorage({ directory, segmentBytes });
    await storage.open(identity);
    await assert.rejects(inspectFileStorage({ directory }), { code: 'RAFT_STORAGE_IN_USE' });
    await storage.close();
    const inspector = await inspectFileStorage({ directory });
    await assert.rejects(storage.open(identity), { code: 'RAFT_STORAGE_IN_USE' });
    await inspector.close();
    await inspector.close();
    await assert.rejects(inspector.verify(), { code: 'RAFT_INVALID_ARGUMENT' });
    await assert.rejects(inspectFileStorage({ directory: root }), { code: 'RAFT_STORAGE_IO' });
    await assert.rejects(inspectFileStorage({ directory: join(root, 'none') }), { code: 'RAFT_STORAGE_IO' });
  });

  test('tells every damage with file, offset and entries, not only the first', async () => {
    await makeLog();
    const [a, b] = [await damageEntry(10), await damageEntry(56)];
    const { problems, lastIndex } = await verify();
    assert.equal(lastIndex, 9);
    assert.equal(problems[0]?.kind, 'corrupt');
    assert.equal(problems[0]?.file, a.file);
    assert.equal(problems[0]?.entries?.from, 10);
    assert(problems[0].offset! <= a.offset && a.offset < problems[0].offset! + 5100);
    assert(
      problems.slice(1).some(({ file, offset }) => file === b.file && offset! <= b.offset && b.offset < offset! + 5100),
    );
    const read = inspecting(async (inspector) => {
      const seen: number[] = [];
      try {
        for await (const { index } of inspector.entries()) seen.push(index);
      } catch (error) {
        return { seen, error };
      }
      return { seen, error: undefined };
    });
    const { seen, error } = await read;
    assert.equal(seen.length, 9);
    assert.equal((error as { code?: string }).code, 'RAFT_STORAGE_CORRUPT');
  });

  test('tells of hard states and snapshots that contradict the log', async () => {
    const storage = fileStorage({ directory, segmentBytes });
    await storage.open(identity);
    await storage.append({
      hardState: { term: 1, votedFor: 'n1', commitIndex: 9 },
      entries: [entry(1, 2), entry(2, 2)],
    });
    const writer = await storage.createSnapshot({ index: 1, term: 1, configuration, configurationIndex: 1 });
    await writer.commit();
    await storage.close();
    const messages = (await verify()).problems.map(({ message }) => message).join('\n');
    assert.match(messages, /ends in term 2, but the hard state knows of term 1/);
    assert.match(messages, /entry 9 was committed, but the log ends at entry 2/);
    assert.match(messages, /the snapshot ends with entry 1 of term 1, which in the log has term 2/);
  });
});

describe('storage-file: repair', { timeout: 30_000 }, () => {
  test('of a torn write does what a start does, and forgets nothing', async () => {
    await makeLog();
    const last = (await dump()).findLast(({ kind }) => kind === 'hardState')!;
    // As after a loss of power: a write that is not whole, and no mark of it.
    const garbage = last.offset + last.size + 8 + ((8 - ((last.size + last.offset + 8) % 8)) % 8);
    change(last.file, (bytes) => bytes.fill(0x55, garbage, garbage + 24));
    const before = (await verify()).problems;
    assert.deepEqual(
      before.map(({ kind }) => kind),
      ['torn'],
    );
    const copyTo = join(root, 'copy');
    const plan = await inspecting((inspector) => inspector.repair({ apply: true, copyTo }));
    assert.deepEqual([plan.forgets, plan.lost, plan.applied], [false, undefined, true]);
    assert.deepEqual((await verify()).problems, []);
    const { restored } = await open();
    assert.equal(restored.lastIndex, 60);
    assert.deepEqual(restored.hardState, { term: 3, votedFor: 'n2', commitIndex: 55 });
  });

  test('of damage in the middle only tells what it would do, unless told to do it; then it keeps a copy', async () => {
    await makeLog();
    const { storeId } = (await open()).restored;
    const { file } = await damageEntry(30);
    await assert.rejects(open(), { code: 'RAFT_STORAGE_CORRUPT' });
    const before = files(directory);
    const copyTo = join(root, 'copy');
    const planned = await inspecting((inspector) => inspector.repair({ apply: false, copyTo }));
    assert.deepEqual(files(directory), before);
    assert.deepEqual([planned.lost, planned.forgets, planned.applied], [{ from: 30, to: 60 }, true, false]);
    assert.match(planned.steps.join('\n'), /so that the log ends with entry 29/);
    const done = await inspecting((inspector) => inspector.repair({ apply: true, copyTo }));
    assert.deepEqual({ ...done, applied: false }, planned);
    for (const [name, bytes] of files(copyTo)) assert.equal(bytes, before.get(name), name);
    assert(files(copyTo).has(file) && files(copyTo).has('store'));
    assert.deepEqual((await verify()).problems, []);
    const { restored, content } = await open();
    assert.equal(content.entries.length, 29);
    // It does not pass for the one that has all it ever acknowledged, and votes in no term that it may have voted in.
    assert.notEqual(restored.storeId, storeId);
    assert.deepEqual(restored.hardState, { term: 4, votedFor: undefined, commitIndex: 0 });
    const again = await inspecting((inspector) => inspector.repair({ apply: true, copyTo: join(root, 'copy2') }));
    assert.deepEqual([again.steps, again.applied], [[], false]);
  });

  test('of a log that goes on, and of one that is appended to after it', async () => {
    await makeLog();
    await damageEntry(30);
    await inspecting((inspector) => inspector.repair({ apply: true, copyTo: join(root, 'copy') }));
    const storage = fileStorage({ directory, segmentBytes });
    await storage.open(identity);
    await storage.append({ hardState: { term: 5, votedFor: 'n1', commitIndex: 0 }, entries: [] });
    for (let i = 30; i <= 90; i++) await storage.append({ entries: [entry(i, 5, 5000)] });
    const writer = await storage.createSnapshot({ index: 80, term: 5, configuration, configurationIndex: 1 });
    await writer.write(new Uint8Array(100));
    await writer.commit();
    await storage.compact(70);
    await storage.close();
    assert.deepEqual((await verify()).problems, []);
    assert.equal((await open()).content.entries.length, 20);
  });

  test('of a lost beginning begins the log anew behind the snapshot', async () => {
    await makeLog({ snapshot: 30 });
    rmSync(join(directory, '0000000001.log'));
    await assert.rejects(open(), { code: 'RAFT_STORAGE_CORRUPT' });
    const plan = await inspecting((inspector) => inspector.repair({ apply: true, copyTo: join(root, 'copy') }));
    assert.deepEqual([plan.lost, plan.forgets], [{ from: 31, to: 60 }, true]);
    const { restored } = await open();
    assert.deepEqual([restored.firstIndex, restored.lastIndex, restored.snapshot?.index], [31, 30, 30]);
    assert.deepEqual(restored.terms, [{ index: 30, term: 1 }]);
    assert.equal(restored.hardState.commitIndex, 30);
    assert.deepEqual((await verify()).problems, []);
  });

  test.each(['gone', 'damaged'] as const)(
    "makes the store's file anew when it is %s, from the other files",
    async (how) => {
      await makeLog({ snapshot: 30, compact: 20 });
      const { restored, content } = await open();
      if (how === 'gone') rmSync(join(directory, 'store'));
      else change('store', (bytes) => bytes.fill(0, 0, 8192));
      await assert.rejects(open(), { code: 'RAFT_STORAGE_CORRUPT' });
      assert.deepEqual(
        (await verify()).problems.map(({ file }) => file),
        ['store'],
      );
      const before = files(directory);
      const copyTo = join(root, 'copy');
      await inspecting(async (inspector) => {
        assert.deepEqual(inspector.identity, { ...identity, storeId: restored.storeId });
        const planned = await inspector.repair({ apply: false, copyTo });
        assert.match(planned.steps.join('\n'), /make the store's file anew, .*\(cluster c, node n1, group g\)/);
        assert.deepEqual([planned.lost, planned.forgets, planned.applied], [undefined, true, false]);
        assert.deepEqual(files(directory), before);
        assert.deepEqual({ ...(await inspector.repair({ apply: true, copyTo })), applied: false }, planned);
      });
      assert.deepEqual((await verify()).problems, []);
      const after = await open();
      assert.notEqual(after.restored.storeId, restored.storeId);
      assert.deepEqual(after.content, { ...content, hardState: { term: 4, votedFor: undefined, commitIndex: 55 } });
      assert.equal(after.restored.snapshot?.index, 30);
      // The snapshot is remembered, too.
      rmSync(join(directory, '0000000001.snapshot'));
      await assert.rejects(open(), { code: 'RAFT_STORAGE_CORRUPT' });
    },
  );

  test("makes the store's file anew once more, and after a recovery: under the latest identity", async () => {
    await makeLog();
    const lose = async (): Promise<StorageInspector['identity']> => {
      rmSync(join(directory, 'store'));
      return inspecting(async (inspector) => {
        const { identity: found } = inspector;
        await inspector.repair({ apply: true, copyTo: join(root, `copy-${Math.random()}`) });
        return found;
      });
    };
    await lose();
    const { restored } = await open();
    const storage = fileStorage({ directory, segmentBytes });
    await storage.open(identity);
    for (let i = 61; i <= 90; i++) await storage.append({ entries: [entry(i, 4, 5000)] });
    await storage.compact(89);
    await storage.close();
    // No segment is left that was begun under the first store id, which all checksums start from.
    assert.deepEqual(await lose(), { ...identity, storeId: restored.storeId });
    assert.equal((await open()).restored.lastIndex, 90);
    const { after } = await inspecting((inspector) =>
      inspector.recover({ apply: true, copyTo: join(root, 'copy'), clusterId: 'd', configuration }),
    );
    assert.deepEqual(await lose(), after);
    await assert.rejects(open(), { code: 'RAFT_STORAGE_IDENTITY' });
    assert.equal((await open({ ...identity, clusterId: 'd' })).restored.lastIndex, 91);
  });

  test('begins with an empty log when nothing of it can be used, and says so', async () => {
    await makeLog({ snapshot: 30 });
    const { restored } = await open();
    change('0000000001.snapshot', (bytes) => bytes.fill(0, 0, 100));
    writeFileSync(join(directory, '0000000001.log'), '');
    await assert.rejects(open(), { code: 'RAFT_STORAGE_CORRUPT' });
    const copyTo = join(root, 'copy');
    const plan = await inspecting((inspector) => inspector.repair({ apply: true, copyTo }));
    assert.deepEqual([plan.lost, plan.forgets], [{ from: 1, to: 60 }, true]);
    assert.match(plan.steps.join('\n'), /begin with an empty log, since NOTHING of it can be used/);
    assert.match(plan.steps.join('\n'), /remove 0000000001.snapshot, which is damaged: and nothing follows it/);
    assert(files(copyTo).has('0000000002.log'));
    assert.deepEqual((await verify()).problems, []);
    const after = await open();
    assert.notEqual(after.restored.storeId, restored.storeId);
    assert.deepEqual(after.content, {
      hardState: { term: 4, votedFor: undefined, commitIndex: 0 },
      firstIndex: 1,
      entries: [],
    });
  });

  test('begins with an empty log when its only segment was emptied', async () => {
    const storage = fileStorage({ directory, segmentBytes });
    await storage.open(identity);
    await storage.append({ hardState: { term: 7, votedFor: 'n1', commitIndex: 0 }, entries: [entry(1, 7)] });
    await storage.close();
    for (const name of readdirSync(directory).filter((each) => each.endsWith('.log'))) {
      writeFileSync(join(directory, name), '');
    }
    await assert.rejects(open(), { code: 'RAFT_STORAGE_CORRUPT' });
    const plan = await inspecting((inspector) => inspector.repair({ apply: true, copyTo: join(root, 'copy') }));
    assert.deepEqual([plan.lost, plan.forgets], [{ from: 1, to: undefined }, true]);
    assert.equal((await open()).restored.lastIndex, 0);
  });

  test('is refused where nothing tells whose data they are', async () => {
    await makeLog();
    change('store', (bytes) => bytes.fill(0, 0, 8192));
    for (const name of readdirSync(directory).filter((each) => each.endsWith('.log'))) {
      change(name, (bytes) => bytes.fill(0, 0, 4096));
    }
    assert.equal(await inspecting((inspector) => Promise.resolve(inspector.identity)), undefined);
    assert.deepEqual(
      (await verify()).problems.map(({ file }) => file),
      ['store'],
    );
    const repair = inspecting((inspector) => inspector.repair({ apply: true, copyTo: join(root, 'copy') }));
    await assert.rejects(repair, { code: 'RAFT_STORAGE_CORRUPT' });
  });

  test('removes a damaged snapshot that the log can do without, and leaves one that it needs', async () => {
    await makeLog({ snapshot: 30 });
    change('0000000001.snapshot', (bytes) => (bytes[400_000]! ^= 1));
    assert.deepEqual(
      (await verify()).problems.map(({ kind, file }) => [kind, file]),
      [['snapshot', '0000000001.snapshot']],
    );
    await inspecting((inspector) => inspector.repair({ apply: true, copyTo: join(root, 'copy') }));
    assert.deepEqual((await verify()).problems, []);
    assert.equal((await open()).restored.snapshot, undefined);
    rmSync(directory, { recursive: true });
    await makeLog({ snapshot: 30, compact: 20 });
    change('0000000001.snapshot', (bytes) => (bytes[400_000]! ^= 1));
    const plan = await inspecting((inspector) => inspector.repair({ apply: true, copyTo: join(root, 'copy2') }));
    assert.deepEqual(plan.steps, []);
    assert.equal((await open()).restored.snapshot?.index, 30);
  });

  test('copies to a new directory only', async () => {
    await makeLog();
    await damageEntry(30);
    const repair = inspecting((inspector) => inspector.repair({ apply: true, copyTo: directory }));
    await assert.rejects(repair, { code: 'RAFT_INVALID_ARGUMENT' });
    await assert.rejects(open(), { code: 'RAFT_STORAGE_CORRUPT' });
  });
});

describe('storage-file: recovery from a lost quorum', { timeout: 30_000 }, () => {
  const options = { clusterId: 'd', configuration, copyTo: '' };

  test('appends the new membership in a term of its own and makes strangers of the old nodes', async () => {
    await makeLog({ snapshot: 30, compact: 20 });
    const before = files(directory);
    const copyTo = join(root, 'copy');
    const planned = await inspecting((inspector) => inspector.recover({ ...options, copyTo, apply: false }));
    assert.deepEqual(files(directory), before);
    assert.deepEqual(planned.entry, { index: 61, term: 4 });
    assert.deepEqual([planned.commitIndex, planned.lastIndex], [55, 60]);
    const done = await inspecting((inspector) => inspector.recover({ ...options, copyTo, apply: true }));
    assert.deepEqual(done, { ...planned, applied: true });
    for (const [name, bytes] of files(copyTo)) assert.equal(bytes, before.get(name), name);
    await assert.rejects(open(), { code: 'RAFT_STORAGE_IDENTITY' });
    const { restored } = await open({ ...identity, clusterId: 'd' });
    assert.deepEqual(restored.hardState, { term: 4, votedFor: undefined, commitIndex: 55 });
    assert.equal(restored.lastIndex, 61);
    assert.deepEqual(decodeConfiguration(restored.configurations.at(-1)!.data), configuration);
    assert.deepEqual((await verify()).problems, []);
  });

  test('is refused for a damaged storage, for the same cluster and without the node itself', async () => {
    await makeLog();
    const copyTo = join(root, 'copy');
    const recover = (more: object): Promise<unknown> =>
      inspecting((inspector) => inspector.recover({ ...options, copyTo, apply: true, ...more }));
    await assert.rejects(recover({ clusterId: 'c' }), { code: 'RAFT_INVALID_ARGUMENT' });
    await assert.rejects(recover({ configuration: { ...configuration, voters: ['n2'] } }), {
      code: 'RAFT_INVALID_ARGUMENT',
    });
    await damageEntry(30);
    await assert.rejects(recover({}), { code: 'RAFT_STORAGE_CORRUPT' });
  });
});
