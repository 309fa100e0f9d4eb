import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { RaftError } from '@raft/core';
import { levelStorage } from '@raft/storage-level';
import { written } from './support/damage.js';
import { contentOf, identity } from './support/model.js';
import { filesOf, obstacle, strace } from './support/strace.js';

// Repairs and recoveries are killed, or their I/O fails, one operation at a time: each is done as a whole or not at all.

/** RAFT_FAULTS=all fails every operation; without it, one in some, and others with an error than with a kill. */
const stride = process.env['RAFT_FAULTS'] === 'all' ? 1 : 23;
/** Those that change something, or make it durable; what is only written to a file that has no name yet is no change. */
const calls = 'rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,mkdir,fsync,fdatasync';
const script = new URL('support/changer.mjs', import.meta.url).pathname;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Case {
  readonly what: 'recover' | 'repair';
  damage(directory: string): void;
}

const cases: Readonly<Record<string, Case>> = {
  'a recovery': { what: 'recover', damage: () => undefined },
  'a repair of a log': { what: 'repair', damage: (directory) => flip(directory, /\.log$/, 0.7) },
  'a repair by LevelDB': { what: 'repair', damage: (directory) => rmSync(join(directory, 'db', 'CURRENT')) },
  'a repair of what is beside the database': {
    what: 'repair',
    damage: (directory) => rmSync(join(directory, 'raft-level')),
  },
};

/** Flips a bit of the largest such file. */
function flip(directory: string, name: RegExp, where: number): void {
  const files = readdirSync(join(directory, 'db')).filter((each) => name.test(each));
  const contents = files.map((each) => ({
    path: join(directory, 'db', each),
    bytes: readFileSync(join(directory, 'db', each)),
  }));
  const { path, bytes } = contents.toSorted((a, b) => b.bytes.length - a.bytes.length)[0]!;
  bytes[Math.floor(bytes.length * where)]! ^= 8;
  writeFileSync(path, bytes);
}

/** What a start of either cluster finds, or why it refuses. */
async function start(directory: string, oldStoreId: string): Promise<string> {
  const as = async (clusterId: string): Promise<string> => {
    const storage = levelStorage({ directory });
    try {
      const restored = await storage.open({ ...identity, clusterId });
      const content = await contentOf(storage, restored);
      const { storeId, ...state } = JSON.parse(content.state) as { storeId: string };
      return JSON.stringify({ clusterId, isOld: storeId === oldStoreId, ...content, state });
    } finally {
      await storage.close();
    }
  };
  try {
    return await as('c');
  } catch (error) {
    if (!(error instanceof RaftError)) throw error;
    if (error.code === 'RAFT_STORAGE_IDENTITY') return as('d');
    return `${error.code} ${error.message.replaceAll(directory, '')}`;
  }
}

function run(
  command: readonly string[],
  directory: string,
  { what }: Case,
  copyTo: string,
): 'done' | 'failed' | 'killed' {
  const [program, ...args] = [...command, process.execPath, script, directory, what, copyTo];
  // All file operations by one thread: in one order.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
  const { status, signal, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  if (signal === 'SIGKILL' || status === 137) return 'killed';
  assert.ok(status === 0 || status === 3, `${status} ${signal}: ${stdout} ${stderr}`);
  return status === 0 ? 'done' : 'failed';
}

/** Each call with its number among those of its name: strace counts so, and by thread. */
function readOperations(report: string): [call: string, at: number][] {
  const counts = new Map<string, number>();
  const lines = readFileSync(report, 'utf8').matchAll(/^\d+ +(\w+)\(/gm);
  return Array.from(lines, ([, call]) => {
    counts.set(call!, (counts.get(call!) ?? 0) + 1);
    return [call!, counts.get(call!)!];
  });
}

describe('storage-level: a repair or a recovery is done as a whole or not at all', { timeout: 600_000 }, () => {
  test.for(Object.entries(cases))('%s, whichever operation fails', async ([name, one], context) => {
    const reason = obstacle();
    if (reason !== undefined) return context.skip(reason);
    const made = join(root, 'made');
    const content = await written(made, 'killed');
    const { storeId } = JSON.parse(content.state) as { storeId: string };
    one.damage(made);
    const report = join(root, 'strace');
    const copyOf = (to: string): string => {
      const directory = join(root, to);
      rmSync(directory, { recursive: true, force: true });
      rmSync(`${directory}-copy`, { recursive: true, force: true });
      cpSync(made, directory, { recursive: true });
      return directory;
    };
    const changed = copyOf('changed');
    assert.equal(run(['strace', '-f', '-o', report, '-e', `trace=${calls}`], changed, one, `${changed}-copy`), 'done');
    const operations = readOperations(report);
    const [before, after] = [await start(copyOf('before'), storeId), await start(changed, storeId)];
    assert.notEqual(before, after);
    const counts = new Map<string, number>();
    const tryWith = async (command: (directory: string) => string[], what: string): Promise<void> => {
      const directory = copyOf('data');
      const ended = run(command(directory), directory, one, `${directory}-copy`);
      const found = await start(directory, storeId);
      const isDone = found === after;
      assert.ok(isDone || found === before, `${what}: ${found.slice(0, 500)}`);
      assert.ok(isDone || ended !== 'done', `${what}: it was done, but is not`);
      rmSync(`${directory}-copy`, { recursive: true, force: true });
      if (!isDone) assert.equal(run([], directory, one, `${directory}-copy`), 'done', what);
      assert.equal(await start(directory, storeId), after, `${what}, done again`);
      const key = `${ended}, ${isDone ? 'done' : 'not done'}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    };
    // To the files that a start reads.
    for (let at = 1; ; at++) {
      const isReached = (): boolean => /killed by SIGKILL/.test(readFileSync(report, 'utf8'));
      await tryWith(
        (directory) => strace(report, filesOf(directory), `write,pwrite64:signal=SIGKILL:when=${at}`),
        `kill at write ${at}`,
      );
      if (!isReached()) break;
    }
    for (const [way, fault] of ['signal=SIGKILL', 'error=EIO'].entries()) {
      for (let i = (name.length + way * 11) % stride; i < operations.length; i += stride) {
        const [call, at] = operations[i]!;
        const inject = `inject=${call}:${fault}:when=${at}`;
        const command = ['strace', '-f', '-o', report, '-e', `trace=${call}`, '-e', inject];
        await tryWith(() => command, `${fault} at ${call} ${at}`);
      }
    }
    console.log(
      `level, ${name}: ${[...counts].map(([key, count]) => `${count} ${key}`).join('; ')} of ${operations.length} operations`,
    );
    assert.ok(
      [...counts].some(([key]) => key === 'killed, done') && [...counts].some(([key]) => key === 'killed, not done'),
    );
  });
});
