import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { decodeConfiguration, seededRandom, StorageError } from '@raft/core';
import type { StorageInspector } from '@raft/core';
import { inspectLevelStorage, levelDatabase, levelStorage } from '@raft/storage-level';
import { damage, filesOf, isNotes, kinds, openContent, writeFiles, written } from './support/damage.js';
import type { Files } from './support/damage.js';
import { entry, identity } from './support/model.js';
import type { Content } from './support/model.js';

let root: string;
let directory: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
  directory = join(root, 'data');
});
afterEach(() => rmSync(root, { recursive: true }));

async function inspecting<T>(work: (inspector: StorageInspector) => Promise<T>, groupId?: string): Promise<T> {
  const inspector = await inspectLevelStorage(groupId === undefined ? { directory } : { directory, groupId });
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

/** Without LevelDB's own notes, and what an inspector works on. */
function dataOf(files: Files): Files {
  return new Map([...files].filter(([path]) => !isNotes(path) && !path.includes('inspect.tmp-')));
}

const term = (content: Content): number =>
  (JSON.parse(content.state) as { hardState: { term: number } }).hardState.term;
const storeId = (content: Content): string => (JSON.parse(content.state) as { storeId: string }).storeId;

describe('storage-level: the inspector', () => {
  test('shows every record and the log, finds nothing wrong with what is sound, and changes nothing', async () => {
    const content = await written(directory, 'closed');
    const before = dataOf(filesOf(directory));
    await inspecting(async (inspector) => {
      assert.deepEqual(inspector.identity, { ...identity, storeId: storeId(content) });
      const records = await all(inspector.records());
      assert.ok(records.every(({ state }) => state === 'intact'));
      assert.deepEqual(
        new Set(records.map(({ kind }) => kind)),
        new Set(['store', 'hardState', 'snapshot', 'entry', 'chunk']),
      );
      const log = await all(inspector.entries());
      assert.deepEqual(
        log.map(({ index }) => index),
        content.entries.map((_, i) => 21 + i),
      );
      assert.equal((await all(inspector.entries(100)))[0]?.index, 100);
      const { problems, lastIndex, firstIndex, lastTerm, hardState, snapshot } = await inspector.verify();
      assert.deepEqual(problems, []);
      assert.deepEqual([firstIndex, lastIndex, lastTerm], [21, 20 + content.entries.length, 5]);
      assert.equal(hardState.votedFor, 'n5');
      assert.equal(snapshot?.index, 20);
      const plan = await inspector.repair({ apply: true, copyTo: join(root, 'copy') });
      assert.deepEqual(plan, { steps: [], lost: undefined, forgets: false, applied: false });
    });
    assert.deepEqual(dataOf(filesOf(directory)), before);
    assert.ok(!existsSync(join(root, 'copy')));
    assert.deepEqual((await openContent(directory)).content, content);
  });

  test('has the directory for itself, and finds one in use refused', async () => {
    await written(directory, 'closed');
    await inspecting(async (inspector) => {
      await assert.rejects(levelStorage({ directory }).open(identity), { code: 'RAFT_STORAGE_IN_USE' });
      await assert.rejects(inspectLevelStorage({ directory }), { code: 'RAFT_STORAGE_IN_USE' });
      await inspector.close();
      await assert.rejects(inspector.verify(), { code: 'RAFT_INVALID_ARGUMENT' });
    });
    const storage = levelStorage({ directory });
    await storage.open(identity);
    await assert.rejects(inspectLevelStorage({ directory }), { code: 'RAFT_STORAGE_IN_USE' });
    await storage.close();
    await assert.rejects(inspectLevelStorage({ directory: root }), { code: 'RAFT_STORAGE_IO' });
  });

  test('a new cluster begins with what is there; the old one is a stranger', async () => {
    const content = await written(directory, 'closed');
    const before = dataOf(filesOf(directory));
    const configuration = {
      voters: ['n1'],
      outgoing: [],
      learners: [],
      addresses: { n1: 'a:1' },
      stores: {},
      returning: [],
    };
    const options = { clusterId: 'c2', configuration, copyTo: join(root, 'copy') };
    const last = 20 + content.entries.length;
    await inspecting(async (inspector) => {
      await assert.rejects(inspector.recover({ ...options, clusterId: 'c', apply: false }), /needs a new id/);
      await assert.rejects(
        inspector.recover({ ...options, configuration: { ...configuration, voters: ['n2'] }, apply: false }),
        /must be among the voters/,
      );
      const dry = await inspector.recover({ ...options, apply: false });
      assert.deepEqual(dry.entry, { index: last + 1, term: 6 });
      assert.deepEqual([dry.applied, dry.lastIndex, dry.after.clusterId], [false, last, 'c2']);
      assert.deepEqual(dataOf(filesOf(directory)), before);
      assert.equal((await inspector.recover({ ...options, apply: true })).applied, true);
      assert.equal(inspector.identity?.clusterId, 'c2');
      assert.deepEqual((await inspector.verify()).problems, []);
    });
    assert.ok(existsSync(join(root, 'copy', 'db', 'CURRENT')));
    await assert.rejects(openContent(directory), { code: 'RAFT_STORAGE_IDENTITY' });
    const storage = levelStorage({ directory });
    const restored = await storage.open({ ...identity, clusterId: 'c2' });
    assert.deepEqual(restored.hardState, { term: 6, votedFor: undefined, commitIndex: restored.hardState.commitIndex });
    assert.equal(restored.storeId, storeId(content));
    const added = restored.configurations.at(-1);
    assert.deepEqual([added?.index, added?.term], [last + 1, 6]);
    assert.deepEqual(decodeConfiguration(added!.data).voters, ['n1']);
    await storage.close();
  });

  test('of a database of many groups, one is looked at', async () => {
    const database = levelDatabase({ directory });
    const [a, b] = [database.storage('a'), database.storage('b')];
    await a.open({ ...identity, groupId: 'a' });
    await b.open({ ...identity, groupId: 'b' });
    await a.append({ entries: [entry(1, 1)], hardState: { term: 1, votedFor: undefined, commitIndex: 0 } });
    await a.close();
    await b.close();
    await assert.rejects(inspectLevelStorage({ directory }), /holds the groups a, b: name one/);
    await inspecting(async (inspector) => {
      assert.equal(inspector.identity?.groupId, 'b');
      assert.deepEqual((await inspector.verify()).problems, []);
      assert.deepEqual(await all(inspector.entries()), []);
    }, 'b');
  });

  test('a file that is gone beside the database is made anew, by a repair', async () => {
    await written(directory, 'closed');
    rmSync(join(directory, 'raft-level'));
    await assert.rejects(openContent(directory), { code: 'RAFT_STORAGE_CORRUPT' });
    await inspecting(async (inspector) => {
      assert.equal((await inspector.verify()).problems[0]?.file, 'raft-level');
      const plan = await inspector.repair({ apply: true, copyTo: join(root, 'copy') });
      assert.deepEqual([plan.applied, plan.forgets], [true, true]);
    });
    await openContent(directory);
  });

  test('a repair names the entries that are lost, also where what is left does not show it', async () => {
    const whole = await written(directory, 'killed');
    writeFiles(directory, damagedLog());
    await inspecting(async (inspector) => {
      const { lastIndex, problems } = await inspector.verify();
      assert.ok(lastIndex < 20 + whole.entries.length);
      assert.ok(problems.every(({ entries: none }) => none === undefined));
      const plan = await inspector.repair({ apply: false, copyTo: join(root, 'copy') });
      assert.deepEqual([plan.lost, plan.forgets], [{ from: lastIndex + 1, to: undefined }, true]);
    });
  });

  test('a database of which nothing is left is told of by what is missing, and begun anew', async () => {
    await written(directory, 'closed');
    rmSync(join(directory, 'db'), { recursive: true });
    await inspecting(async (inspector) => {
      const { problems } = await inspector.verify();
      assert.match(problems[0]!.message, /CURRENT is missing$/);
      assert.ok(problems.every(({ message }) => !message.includes('inspect.tmp')));
      const plan = await inspector.repair({ apply: true, copyTo: join(root, 'copy') });
      assert.deepEqual([plan.lost, plan.forgets], [{ from: 1, to: undefined }, true]);
      assert.match(plan.steps.join('\n'), /save what can be read of the database: \S*CURRENT is missing\n/);
      assert.match(plan.steps.join('\n'), /begin with an empty log, since NOTHING of it is left/);
      assert.deepEqual((await inspector.verify()).problems, []);
    });
    assert.deepEqual((await openContent(directory)).content.entries, []);
  });

  test('48 seeded damages: what a start refuses is told of, and mended or refused', { timeout: 240_000 }, async () => {
    const whole = await written(directory, 'closed');
    const files = filesOf(directory);
    const counts = { sound: 0, mended: 0, refused: 0 };
    for (let seed = 1001; seed <= 1048; seed++) {
      const { damaged, what } = damage(files, kinds[seed % kinds.length]!, seededRandom(seed));
      writeFiles(directory, damaged);
      const reads = await openContent(directory).catch((error: unknown) => error as StorageError);
      writeFiles(directory, damaged);
      // A start does not read the snapshot to its end: what it lacks is another replica's to give.
      const starts = await openContent(directory, { snapshots: false }).catch(
        (error: unknown) => error as StorageError,
      );
      writeFiles(directory, damaged);
      const copyTo = join(root, `copy-${seed}`);
      const outcome = await inspecting(async (inspector) => {
        const { problems } = await inspector.verify();
        const dry = await inspector.repair({ apply: false, copyTo });
        const plan = await inspector.repair({ apply: true, copyTo });
        assert.deepEqual(dry.steps.map(anonymous), plan.steps.map(anonymous), `seed ${seed}, ${what}`);
        const left = (await inspector.verify()).problems.map(({ kind }) => kind);
        return { problems, plan, left };
      }).catch((error: unknown) => error as StorageError);
      if (outcome instanceof Error) {
        assert.ok(outcome instanceof StorageError, `seed ${seed}, ${what}: ${outcome.stack}`);
        assert.ok(reads instanceof Error, `seed ${seed}, ${what}: it starts, but ${outcome.message}`);
        counts.refused++;
        continue;
      }
      const { problems, plan, left } = outcome;
      // A snapshot may be beyond repair: the node fetches another's.
      assert.ok(
        left.every((kind) => kind === 'snapshot'),
        `seed ${seed}, ${what}: ${left.join()} after the repair`,
      );
      if (reads instanceof Error) {
        assert.ok(problems.length > 0, `seed ${seed}, ${what}: nothing found, but ${reads.message}`);
      }
      if (starts instanceof Error) {
        assert.ok(plan.steps.length > 0, `seed ${seed}, ${what}: nothing to repair, but ${starts.message}`);
      }
      const { content } = await openContent(directory, { snapshots: left.length === 0 }).catch((error: unknown) => {
        throw new Error(`seed ${seed}, ${what}: ${plan.steps.join('; ')}`, { cause: error });
      });
      if (plan.forgets) {
        assert.notEqual(storeId(content), storeId(whole));
        assert.ok(term(content) > term(whole) || content.entries.length < whole.entries.length);
      } else {
        assert.deepEqual(content.entries, whole.entries, `seed ${seed}, ${what}`);
      }
      const kept = new Set(whole.entries);
      assert.ok(
        content.entries.every((each) => kept.has(each)),
        `seed ${seed}, ${what}`,
      );
      counts[plan.applied ? 'mended' : 'sound']++;
      rmSync(copyTo, { recursive: true, force: true });
    }
    console.log(`level: ${counts.sound} sound, ${counts.mended} repaired, ${counts.refused} beyond repair`);
    assert.ok(counts.mended > 10);
  });
});

/** LevelDB reads its log up to the damage, and drops the rest without a word. */
function damagedLog(): Files {
  const files = filesOf(directory);
  const logs = [...files].filter(([path]) => path.endsWith('.log'));
  const [path, bytes] = logs.toSorted(([, a], [, b]) => b.length - a.length)[0]!;
  const damaged = Buffer.from(bytes);
  damaged[Math.floor(damaged.length * 0.7)]! ^= 8;
  return new Map([...files, [path, damaged]]);
}

/** Steps name the scratch copy and random ids. */
function anonymous(step: string): string {
  return step.replaceAll(/\/[^ ]*/g, '');
}
