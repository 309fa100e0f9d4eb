import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { ClassicLevel } from 'classic-level';
import { inspectLevelStorage, levelStorage } from '@raft/storage-level';
import { Kind } from '../src/keys.js';
import { contentOf, entries, identity } from './support/model.js';
import type { Content } from './support/model.js';

// What an opening keeps of LevelDB's logs until it has seen them in the database. faults.test.ts makes LevelDB skip them.

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
  directory = join(root, 'data');
});
afterEach(() => rmSync(root, { recursive: true }));

const logs = (): string[] => readdirSync(join(directory, 'db')).filter((name) => name.endsWith('.log'));
const isLog = (path: string): boolean => /([/\\]db|\.log)$/.test(path);
const kept = (): string[] => readdirSync(directory).filter((name) => name.startsWith('logs.tmp-'));

async function append(from: number, to: number): Promise<void> {
  const storage = levelStorage({ directory });
  await storage.open(identity);
  const hardState = { term: 2, votedFor: undefined, commitIndex: 0 };
  await storage.append({ hardState, entries: entries(from, to, 1) });
  await storage.close();
}

async function open(): Promise<{ content: Content; repairs: readonly string[] }> {
  const storage = levelStorage({ directory });
  const restored = await storage.open(identity);
  const content = await contentOf(storage, restored);
  await storage.close();
  return { content, repairs: restored.repairs };
}

function keep(): void {
  mkdirSync(join(directory, 'logs.tmp-1'));
  for (const name of logs()) cpSync(join(directory, 'db', name), join(directory, 'logs.tmp-1', name));
}

/** As LevelDB leaves it when it cannot read the log, in an opening that was killed then. */
async function skipped(): Promise<Content> {
  await append(1, 10);
  const { content } = await open();
  await append(11, 20);
  await append(21, 30);
  keep();
  const before = join(root, 'before');
  cpSync(directory, before, { recursive: true });
  const whole = await open();
  rmSync(directory, { recursive: true });
  cpSync(before, directory, { recursive: true });
  for (const name of logs()) truncateSync(join(directory, 'db', name), 0);
  assert.notDeepEqual(whole.content, content);
  return whole.content;
}

describe('storage-level: logs that LevelDB has skipped', () => {
  test('are written again by the next opening, which says so', async () => {
    const expected = await skipped();
    const { content, repairs } = await open();
    assert.deepEqual(content, expected);
    assert.equal(repairs.length, 1);
    assert.match(repairs[0]!, /LevelDB had skipped its log/);
    assert.deepEqual(kept(), []);
    assert.deepEqual(await open(), { content: expected, repairs: [] });
  });

  test('are there for those who look into the directory', async () => {
    const expected = await skipped();
    const inspector = await inspectLevelStorage({ directory });
    const { problems, lastIndex } = await inspector.verify();
    await inspector.close();
    assert.deepEqual([problems, lastIndex], [[], expected.entries.length]);
    assert.deepEqual((await open()).content, expected);
  });

  test('are written again when the first of two is missing, although what the last one ends with is there', async () => {
    const both = join(root, 'logs.tmp-1');
    const copyLogs = (): void => cpSync(join(directory, 'db'), both, { recursive: true, filter: isLog });
    await append(1, 10);
    copyLogs();
    await append(11, 20);
    copyLogs();
    assert.equal(readdirSync(both).length, 2);
    const { content } = await open();
    cpSync(both, join(directory, 'logs.tmp-1'), { recursive: true });
    const level = new ClassicLevel<Buffer, Buffer>(join(directory, 'db'), { keyEncoding: 'buffer' });
    const entryKeys = { gte: Buffer.from([Kind.entry]), limit: 5 };
    for await (const key of level.keys(entryKeys)) await level.del(key);
    await level.close();
    assert.deepEqual((await open()).content, content);
    assert.deepEqual(kept(), []);
  });

  test('are let go when the database has gone on since', async () => {
    await append(1, 10);
    keep();
    cpSync(join(directory, 'logs.tmp-1'), join(root, 'logs.tmp-1'), { recursive: true });
    await append(11, 20);
    const storage = levelStorage({ directory });
    await storage.open(identity);
    await storage.append({ truncateFrom: 5, entries: entries(5, 8, 2) });
    await storage.close();
    const expected = await open();
    cpSync(join(root, 'logs.tmp-1'), join(directory, 'logs.tmp-1'), { recursive: true });
    assert.deepEqual(await open(), expected);
    assert.deepEqual(kept(), []);
  });
});
