import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import type { StorageRecord } from '@raft/core';
import { fileStorage, inspectFileStorage } from '@raft/storage-file';
import { contentOf, identity } from './support/model.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-kill-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Appends in a process of its own, two batches at a time, until that is killed; the last entry that was acknowledged. Runs what was built. */
async function killedWhileAppending(directory: string, acknowledgements: number): Promise<number> {
  const entryPoint = new URL('../dist/index.js', import.meta.url).href;
  const script = `
    import { writeSync } from 'node:fs';
    import { fileStorage } from ${JSON.stringify(entryPoint)};
    const storage = fileStorage({ directory: ${JSON.stringify(directory)}, segmentBytes: 256 * 1024 });
    const { lastIndex } = await storage.open(${JSON.stringify(identity)});
    for (let index = lastIndex + 1; ; index += 2) {
      const append = (at) => storage.append({ entries: [{ index: at, term: 1, type: 1, data: new Uint8Array(900).fill(at) }] })
        .then(() => writeSync(1, at + '\\n'));
      await Promise.all([append(index), append(index + 1)]);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let said = '';
  let left = acknowledgements;
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
    left -= text.toString().split('\n').length - 1;
    if (left <= 0) child.kill('SIGKILL');
  });
  await ended;
  const whole = said.slice(0, said.lastIndexOf('\n'));
  return Number(whole.slice(whole.lastIndexOf('\n') + 1));
}

async function lastIndexOf(directory: string): Promise<number> {
  const storage = fileStorage({ directory, segmentBytes: 256 * 1024 });
  try {
    const restored = await storage.open(identity);
    const { entries } = await contentOf(storage, restored);
    for (const text of entries) {
      const [index, , , data] = text.split(':');
      assert(Buffer.from(data!, 'base64').every((byte) => byte === Number(index) % 256));
    }
    return restored.lastIndex;
  } finally {
    await storage.close();
  }
}

async function recordOf(directory: string, index: number): Promise<StorageRecord> {
  const inspector = await inspectFileStorage({ directory });
  try {
    for await (const record of inspector.records())
      if (record.kind === 'entry' && record.index === index) return record;
    throw new Error(`no entry ${index}`);
  } finally {
    await inspector.close();
  }
}

describe('storage-file: a process that is killed', { timeout: 60_000 }, () => {
  test('has lost nothing that it acknowledged, and damage to the last of it is told from a torn write', async () => {
    const directory = join(root, 'data');
    for (let round = 0; round < 5; round++) {
      const acknowledged = await killedWhileAppending(directory, 20 + round * 31);
      const { file, offset, size } = await recordOf(directory, acknowledged);
      const damages: ((bytes: Buffer) => unknown)[] = [
        (bytes) => (bytes[offset + 30]! ^= 1),
        (bytes) => bytes.fill(0, offset, offset + size + 8),
        // From the record's header to the end of the file, as if it had never been written.
        (bytes) => bytes.fill(0, offset - 48),
      ];
      for (const damage of damages) {
        const copy = join(root, 'copy');
        cpSync(directory, copy, { recursive: true });
        const bytes = readFileSync(join(copy, file));
        damage(bytes);
        writeFileSync(join(copy, file), bytes);
        await assert.rejects(lastIndexOf(copy), { code: 'RAFT_STORAGE_CORRUPT' });
        rmSync(copy, { recursive: true });
      }
      assert((await lastIndexOf(directory)) >= acknowledged);
    }
  });
});
