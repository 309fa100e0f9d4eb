import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { fileStorage } from '@raft/storage-file';
import { identity } from './support/model.js';

let directory: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'raft-storage-file-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

/** Another process that takes the directory, and says so. Runs what was built. */
async function otherProcess(): Promise<ChildProcess> {
  const entryPoint = new URL('../dist/index.js', import.meta.url).href;
  const script = `
    import { fileStorage } from ${JSON.stringify(entryPoint)};
    const storage = fileStorage({ directory: ${JSON.stringify(directory)} });
    try { await storage.open(${JSON.stringify(identity)}); console.log('open'); } catch (error) { console.log(error.code); }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function saidBy(child: ChildProcess): Promise<string> {
  const [text] = (await once(child.stdout!, 'data')) as [Buffer];
  return text.toString().trim();
}

describe('storage-file: the lock of a directory', { timeout: 30_000 }, () => {
  test('two processes cannot have it; a killed one leaves nothing to clean', async () => {
    const first = await otherProcess();
    assert.equal(await saidBy(first), 'open');
    const storage = fileStorage({ directory });
    await assert.rejects(storage.open(identity), { code: 'RAFT_STORAGE_IN_USE' });
    const ended = once(first, 'exit');
    first.kill('SIGKILL');
    await ended;
    await storage.open(identity);
    assert.equal(await saidBy(await otherProcess()), 'RAFT_STORAGE_IN_USE');
    await storage.close();
  });

  test('two storages of one process cannot have it, by whatever path', async () => {
    const storage = fileStorage({ directory });
    await storage.open(identity);
    const other = fileStorage({ directory: join(directory, '..', directory.split('/').at(-1) as string, '.') });
    await assert.rejects(other.open(identity), { code: 'RAFT_STORAGE_IN_USE' });
    await storage.close();
    await other.open(identity);
    await other.close();
  });
});
