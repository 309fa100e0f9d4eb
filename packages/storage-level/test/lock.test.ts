import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { inspectLevelStorage, levelStorage } from '@raft/storage-level';
import { identity } from './support/model.js';
import { Victim } from './support/victim.js';

let root: string;
let directory: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
  directory = join(root, 'data');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('storage-level: whose a directory is', { timeout: 60_000 }, () => {
  test('two processes cannot have it; a killed one leaves nothing to clean', async () => {
    const other = new Victim(directory);
    await other.start(1);
    await assert.rejects(levelStorage({ directory }).open(identity), { code: 'RAFT_STORAGE_IN_USE' });
    await assert.rejects(inspectLevelStorage({ directory }), { code: 'RAFT_STORAGE_IN_USE' });
    await other.kill();
    const storage = levelStorage({ directory });
    await storage.open(identity);
    await assert.rejects(other.start(2), /in use by another storage/);
    await storage.close();
    await other.verify('after the second one was refused').catch(() => undefined);
  });

  test('what an inspector looks at, no other process opens', async () => {
    const storage = levelStorage({ directory });
    await storage.open(identity);
    await storage.close();
    const inspector = await inspectLevelStorage({ directory });
    await assert.rejects(new Victim(directory).start(1), /in use by another storage/);
    await inspector.close();
    const other = new Victim(directory);
    await other.start(2);
    await other.kill();
  });

  test('two storages of one process cannot have it, by whatever path', async () => {
    const storage = levelStorage({ directory });
    await storage.open(identity);
    symlinkSync(directory, join(root, 'link'));
    for (const path of [`${directory}/../data/`, join(root, 'link')]) {
      await assert.rejects(levelStorage({ directory: path }).open(identity), { code: 'RAFT_STORAGE_IN_USE' });
    }
    await storage.close();
    const other = levelStorage({ directory: join(root, 'link') });
    await other.open(identity);
    await other.close();
  });

  test('a new storage takes no directory that holds something else', async () => {
    mkdirSync(join(directory, '0000000001.log'), { recursive: true });
    await assert.rejects(levelStorage({ directory }).open(identity), {
      code: 'RAFT_STORAGE_IDENTITY',
      message: /holds something else \(0000000001\.log\)/,
    });
  });

  test('a database that is gone, or is another one, is noticed', async () => {
    const other = join(root, 'other');
    for (const each of [directory, other]) {
      const storage = levelStorage({ directory: each });
      await storage.open(identity);
      await storage.append({ entries: [], hardState: { term: 1, votedFor: 'n1', commitIndex: 0 } });
      await storage.close();
    }
    rmSync(join(directory, 'db'), { recursive: true });
    await assert.rejects(levelStorage({ directory }).open(identity), {
      code: 'RAFT_STORAGE_CORRUPT',
      message: /is missing/,
    });
  });
});
