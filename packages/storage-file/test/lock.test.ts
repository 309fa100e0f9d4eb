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

  test('of many processes that want it at once, one gets it, also where the last one was killed', async () => {
    for (let round = 0; round < 3; round++) {
      const racers = await Promise.all(Array.from({ length: 5 }, () => otherProcess()));
      const said = await Promise.all(racers.map(saidBy));
      assert.deepEqual(said.toSorted(), [...Array.from({ length: 4 }, () => 'RAFT_STORAGE_IN_USE'), 'open']);
      await Promise.all(
        racers.map(async (racer) => {
          const ended = once(racer, 'exit');
          racer.kill('SIGKILL');
          await ended;
        }),
      );
    }
  });

  test('the directory remembers whose it is', async () => {
    const storage = fileStorage({ directory });
    const { storeId } = await storage.open(identity);
    await storage.close();
    for (const other of [{ clusterId: 'x' }, { nodeId: 'x' }, { groupId: 'x' }]) {
      await assert.rejects(storage.open({ ...identity, ...other }), { code: 'RAFT_STORAGE_IDENTITY' });
    }
    assert.equal((await storage.open(identity)).storeId, storeId);
    await storage.close();
    rmSync(directory, { recursive: true });
    assert.notEqual((await storage.open(identity)).storeId, storeId);
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
