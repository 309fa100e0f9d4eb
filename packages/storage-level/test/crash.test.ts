import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { levelStorage } from '@raft/storage-level';
import { contentOf, identity } from './support/model.js';
import { Victim } from './support/victim.js';

// Done for real: processes that are killed, file systems that are shut down, and one that is full. Single operations fail in
// faults.test.ts.

/** RAFT_CRASHES=N kills processes, and shuts each file system down, N times. */
const given = process.env['RAFT_CRASHES'];
const kills = Number(given ?? 8);
const disks = [
  { kind: 'xfs', cuts: Number(given ?? 50) },
  { kind: 'ext4', cuts: Number(given ?? 8) },
] as const;
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr ?? String(error)}`);
}

/** Why a file system cannot be mounted here. */
function obstacle(mount: () => void): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, to mount a file system';
  try {
    mount();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('storage-level: crashes', { timeout: 600_000 }, () => {
  test(`a process is killed ${kills} times while it writes: nothing that was acknowledged is lost`, async () => {
    const victim = new Victim(join(root, 'data'));
    let steps = 0;
    for (let seed = 1; seed <= kills; seed++) {
      await victim.start(seed);
      await sleep((seed * 97) % 400);
      steps += await victim.kill();
      await victim.verify(`seed ${seed}`);
    }
    console.log(`level: ${kills} processes killed, ${steps} steps acknowledged, none lost`);
    assert.ok(steps > 0);
  });

  test.for(disks)(
    '$kind is shut down $cuts times without a flush: nothing is lost',
    async ({ kind, cuts }, context) => {
      const [image, place] = [join(root, 'image'), join(root, 'place')];
      mkdirSync(place);
      const mount = (): void => run('mount', '-o', 'loop', image, place);
      const reason = obstacle(() => {
        run('truncate', '-s', '400M', image);
        run(`mkfs.${kind}`, '-q', image);
        run('xfs_io', '-V');
        mount();
      });
      if (reason !== undefined) return context.skip(reason);
      try {
        const victim = new Victim(join(place, 'data'));
        let steps = 0;
        for (let seed = 1; seed <= cuts; seed++) {
          await victim.start(seed);
          await sleep((seed * 97) % 200);
          victim.disbelieve();
          run('xfs_io', '-x', '-c', 'shutdown', place);
          steps += await victim.kill();
          run('umount', place);
          mount();
          await victim.verify(`seed ${seed}`);
        }
        console.log(`level: ${kind} shut down ${cuts} times, ${steps} steps acknowledged, none lost`);
      } finally {
        run('umount', place);
      }
    },
  );

  test('a full file system: refused in time with a reserve, a failed write without one; nothing is lost', async (context) => {
    const place = join(root, 'place');
    mkdirSync(place);
    const reason = obstacle(() => run('mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', place));
    if (reason !== undefined) return context.skip(reason);
    try {
      const directory = join(place, 'data');
      const reserveBytes = 24 * 1024 * 1024;
      let storage = levelStorage({ directory, reserveBytes });
      await storage.open(identity);
      let last = 0;
      const append = async (): Promise<void> => {
        // Random, or LevelDB would compress it.
        await storage.append({ entries: [{ index: last + 1, term: 1, type: 1, data: randomBytes(100_000) }] });
        last++;
      };
      const untilRefused = async (): Promise<unknown> => {
        for (;;) {
          const error = await append().catch((reason: unknown) => reason);
          if (error !== undefined) return error;
        }
      };
      assert.equal(((await untilRefused()) as { code?: string }).code, 'RAFT_STORAGE_FULL');
      // Terms and votes have room; reads go on; a compaction makes some, in time.
      await storage.append({ hardState: { term: 2, votedFor: 'n2', commitIndex: 0 }, entries: [] });
      assert.equal((await storage.entries(1, 1, 1)).length, 1);
      await storage.close();

      // Somebody else takes what is left.
      storage = levelStorage({ directory, reserveBytes: 0 });
      await storage.open(identity);
      const other = join(place, 'other');
      assert.throws(() => {
        for (let i = 0; ; i++) writeFileSync(`${other}-${i}`, Buffer.alloc(1024 * 1024));
      }, /ENOSPC/);
      const error = (await untilRefused()) as { code?: string; message: string };
      assert.equal(error.code, 'RAFT_STORAGE_IO');
      assert.match(error.message, /No space left on device.*free some space/i);
      await assert.rejects(append());
      await storage.close().catch(() => undefined);
      for (let i = 0; i < 64; i++) rmSync(`${other}-${i}`, { force: true });
      storage = levelStorage({ directory, reserveBytes: 0 });
      const restored = await storage.open(identity);
      assert.ok(restored.lastIndex >= last, `entry ${last} was acknowledged, the last one is ${restored.lastIndex}`);
      assert.deepEqual(restored.hardState, { term: 2, votedFor: 'n2', commitIndex: 0 });
      await contentOf(storage, restored);
      await storage.close();
    } finally {
      run('umount', place);
    }
  });
});
