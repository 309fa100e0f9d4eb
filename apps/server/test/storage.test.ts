import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeConfiguration, EntryType } from '@raft/core';
import type { Entry, Storage, StorageInspector } from '@raft/core';
import { fileStorage, inspectFileStorage } from '@raft/storage-file';
import { levelStorage } from '@raft/storage-level';
import { readFlags } from '../src/flags.js';
import { verify } from '../src/storage/look.js';
import { program, readStorageOptions } from '../src/storage/options.js';
import type { StorageOptions } from '../src/storage/options.js';
import { runStorage } from '../src/storage/run.js';
import { UsageError } from '../src/usage-error.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'raft-storage-tool-'));
});
afterAll(async () => rm(root, { recursive: true, force: true }));

const configuration = {
  ...{ voters: ['1', '2', '3'], outgoing: [], learners: [], stores: {}, returning: [] },
  addresses: { 1: 'h:1', 2: 'h:2', 3: 'h:3' },
};

/** The storage of a node that was stopped: a configuration and some commands, each of 100 bytes, of these terms. */
async function stopped(
  name: string,
  terms: readonly number[],
  nodeId = '1',
  make: (options: { directory: string }) => Storage = fileStorage,
): Promise<string> {
  const directory = join(root, name);
  const storage = make({ directory });
  await storage.open({ clusterId: 'c', nodeId, groupId: 'default' });
  const hardState = { term: Math.max(1, ...terms), votedFor: '2', commitIndex: 2 };
  const entries = terms.map((term, at): Entry => ({
    index: at + 2,
    term,
    type: EntryType.command,
    data: Buffer.alloc(100, `${term}-${at}`),
  }));
  const first: Entry = { index: 1, term: 1, type: EntryType.configuration, data: encodeConfiguration(configuration) };
  await storage.append({ hardState, entries: [first] });
  for (const entry of entries) await storage.append({ entries: [entry] });
  await storage.close();
  return directory;
}

interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
}

async function tool(...args: string[]): Promise<Ended> {
  const given = await readFlags(program, args, {}, '');
  if (typeof given === 'string') throw new Error('it shows its help');
  const lines: string[] = [];
  const code = await runStorage(readStorageOptions(given, 'now'), (line) => void lines.push(line));
  return { code, lines };
}

async function asJson(...args: string[]): Promise<readonly [code: number, output: Record<string, unknown>[]]> {
  const { code, lines } = await tool(...args, '--output', 'json');
  return [code, lines.map((line) => JSON.parse(line) as Record<string, unknown>)];
}

/** Flips a bit in a command's data. */
async function damage(directory: string, text: string, below = '.'): Promise<void> {
  const place = join(directory, below);
  for (const name of (await readdir(place)).filter((name) => name.endsWith('.log'))) {
    const file = join(place, name);
    const bytes = await readFile(file);
    const at = bytes.indexOf(text.repeat(3));
    if (at < 0) continue;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(file, bytes);
    return;
  }
  throw new Error(`nothing like ${text} lies in ${directory}`);
}

describe('raft-server storage', () => {
  it('dumps every record, one a line', async () => {
    const directory = await stopped('dump', [1, 1, 2]);
    const [code, records] = await asJson('dump', '--data', directory);
    expect(code).toBe(0);
    const entries = records.filter(({ kind }) => kind === 'entry');
    expect(entries.map(({ index, term, type, state }) => [index, term, type, state])).toEqual([
      [1, 1, 'configuration', 'intact'],
      [2, 1, 'command', 'intact'],
      [3, 1, 'command', 'intact'],
      [4, 2, 'command', 'intact'],
    ]);
    const { lines } = await tool('dump', '--data', directory);
    expect(lines[0]).toMatch(/^FILE +OFFSET +SIZE +STATE +KIND +INDEX +TERM +TYPE +NOTE$/);
    expect(lines).toHaveLength(records.length + 1);
  });

  it('verifies: 0 when all is well, 1 with the place when it is not', async () => {
    const directory = await stopped('verify', [1, 1, 2, 2, 2]);
    const well = await tool('verify', '--data', directory);
    expect(well.code).toBe(0);
    expect(well.lines.join('\n')).toMatch(/^identity +node 1 of cluster c, store \S+\nhard state term 2, vote for 2/);
    expect(well.lines.at(-1)).toMatch(/^\d+ records, all is well$/);
    await damage(directory, '1-1');
    const bad = await tool('verify', '--data', directory);
    expect(bad.code).toBe(1);
    expect(bad.lines.join('\n')).toMatch(/DAMAGED .*\.log.*; a start refuses/);
    const [code, [found]] = await asJson('verify', '--data', directory);
    expect([code, found!['ok']]).toEqual([1, false]);
    expect((await tool('dump', '--data', directory)).code).toBe(1);
  });

  it('tells where two logs part', async () => {
    const left = await stopped('left', [1, 1, 2, 2]);
    const right = await stopped('right', [1, 1, 3], '2');
    const { code, lines } = await tool('diff', '--data', left, '--other', right);
    expect(code).toBe(1);
    expect(lines.slice(2)).toEqual([
      'the same from 1 to 3',
      'they part at entry 4: its term is 2 in the first, 3 in the second',
    ]);
    const shorter = await stopped('shorter', [1, 1], '3');
    const [same, [output]] = await asJson('diff', '--data', left, '--other', shorter);
    expect([same, output!['same'], output!['parting']]).toEqual([0, { from: 1, to: 3 }, null]);
  });

  it('compares what is whole of a damaged log, tells of the damage, and does not call the logs the same', async () => {
    const whole = await stopped('whole', [1, 1, 2, 2]);
    const damaged = await stopped('damaged', [1, 1, 2, 2], '2');
    await damage(damaged, '2-2');
    for (const [left, right] of [
      [whole, damaged],
      [damaged, whole],
    ] as const) {
      const { code, lines } = await tool('diff', '--data', left, '--other', right);
      expect([code, lines.at(-1)]).toEqual([1, 'the same from 1 to 3; one goes on to 5']);
      expect(lines.join('\n')).toMatch(/^DAMAGED, .*\.log is damaged at offset/m);
      const [failed, [output]] = await asJson('diff', '--data', left, '--other', right);
      expect([failed, output!['same']]).toEqual([1, { from: 1, to: 3 }]);
    }
  });

  it('repairs only when it is told to, keeps a copy, and says what is lost', async () => {
    const directory = await stopped('repair', [1, 1, 2, 2, 2]);
    expect((await tool('repair', '--data', directory)).lines).toEqual(['there is nothing to repair']);
    await damage(directory, '2-3');
    const dry = await tool('repair', '--data', directory);
    expect(dry.code).toBe(0);
    expect(dry.lines.join('\n')).toContain('the log loses entr');
    expect(dry.lines.at(-1)).toBe('nothing was changed: add --apply to do it');
    expect((await tool('verify', '--data', directory)).code).toBe(1);
    const copy = join(root, 'copy');
    const done = await tool('repair', '--data', directory, '--apply', '--copy-to', copy);
    expect(done.lines.join('\n')).toContain(`a copy of what is changed is in ${copy}`);
    expect((await readdir(copy)).length).toBeGreaterThan(0);
    expect((await tool('verify', '--data', directory)).code).toBe(0);
  });

  it('recovers a cluster from one node, when it is told to, under another id', async () => {
    const directory = await stopped('recover', [1, 1, 2]);
    const dry = await tool('recover', '--data', directory, '--new-cluster-id', 'next');
    expect([dry.code, dry.lines.at(-1)]).toEqual([0, 'nothing was changed: add --apply to do it']);
    expect(dry.lines).toContain('start this one with --cluster-id next --peers 1=h:1');
    expect(dry.lines.join('\n')).toMatch(/entries 3 to 4 may never have been committed/);
    expect(dry.lines.join('\n')).toMatch(/IS LOST.*whose last entry has the latest term/);
    const [code, [output]] = await asJson('recover', '--data', directory, '--new-cluster-id', 'next', '--apply');
    expect(code).toBe(0);
    expect(output!['configuration']).toMatchObject({ voters: ['1'], addresses: { 1: 'h:1' } });
    const storage = fileStorage({ directory });
    const restored = await storage.open({ clusterId: 'next', nodeId: '1', groupId: 'default' });
    expect(restored.lastIndex).toBe(5);
    await storage.close();
  });

  it('does the same with a level storage', async () => {
    const level = async (...args: string[]): Promise<readonly [code: number, text: string]> => {
      const { code, lines } = await tool(...args, '--storage', 'level');
      return [code, lines.join('\n')];
    };
    const directory = await stopped('level', [1, 1, 2, 2, 2], '1', levelStorage);
    const other = await stopped('level-other', [1, 1, 3], '2', levelStorage);
    expect(await level('verify', '--data', directory)).toEqual([
      0,
      expect.stringMatching(/^identity +node 1 of cluster c, store \S+\n[^]*entries 1 to 6, [^]*all is well$/),
    ]);
    expect(await level('dump', '--data', directory)).toEqual([0, expect.stringMatching(/ entry +6 +2 +command /)]);
    expect(await level('diff', '--data', directory, '--other', other)).toEqual([
      1,
      expect.stringMatching(/they part at entry 4: its term is 2 in the first, 3 in the second$/),
    ]);
    await damage(directory, '2-3', 'db');
    expect(await level('verify', '--data', directory)).toEqual([
      1,
      expect.stringMatching(/DAMAGED .*\.log is damaged/),
    ]);
    expect(await level('dump', '--data', directory)).toEqual([1, expect.stringMatching(/\.log +\d+ +\d+ +damaged /)]);
    await expect(level('recover', '--data', directory, '--new-cluster-id', 'next')).rejects.toThrow(/is damaged/);
    const copy = join(root, 'level-copy');
    const repair = ['repair', '--data', directory, '--copy-to', copy];
    expect(await level(...repair)).toEqual([0, expect.stringMatching(/nothing was changed: add --apply to do it$/)]);
    expect((await level('verify', '--data', directory))[0]).toBe(1);
    expect(await level(...repair, '--apply')).toEqual([0, expect.stringContaining('as one that has forgotten')]);
    expect(await readdir(copy)).toEqual(['db', 'raft-level']);
    expect((await level('verify', '--data', directory))[0]).toBe(0);

    const recover = ['recover', '--data', other, '--new-cluster-id', 'next'];
    expect(await level(...recover)).toEqual([0, expect.stringMatching(/IS LOST[^]*nothing was changed/)]);
    expect((await level(...recover, '--apply'))[0]).toBe(0);
    const storage = levelStorage({ directory: other });
    const old = storage.open({ clusterId: 'c', nodeId: '2', groupId: 'default' });
    await expect(old).rejects.toMatchObject({ code: 'RAFT_STORAGE_IDENTITY' });
    expect((await storage.open({ clusterId: 'next', nodeId: '2', groupId: 'default' })).lastIndex).toBe(5);
    await expect(level('verify', '--data', other)).rejects.toThrow(/ is in use: stop the server first$/);
    await storage.close();
    await expect(level('verify', '--data', root)).rejects.toThrow(
      /^not a storage directory: .* holds no data of simplefile or level$/,
    );
    // What it holds is seen.
    expect((await tool('verify', '--data', other)).code).toBe(0);
    const [, [parted]] = await asJson('diff', '--data', other, '--other', await stopped('file-other', [1, 1, 3]));
    expect(parted!['same']).toEqual({ from: 1, to: 4 });
  });

  it.each([
    [['recover', '--data', 'x'], /--new-cluster-id is missing/],
    [['recover', '--data', 'x', '--new-cluster-id', 'n', '--peers', '2=h:2'], /--peers lacks node 1/],
    [['repair', '--data', 'x', '--other', 'y'], /repair has no flag --other/],
    [['diff', '--data', 'x'], /--other is missing/],
    [['verify'], /--data is missing/],
    [['--data', 'x'], /say what to do/],
    [['verify', '--data', 'x', '--storage', 'inmemory'], /leaves nothing to look into/],
  ])('refuses %j', async (args, why) => {
    const directory = await stopped(`bad-${Math.random()}`, [1]);
    const placed = args.map((arg) => (arg === 'x' ? directory : arg));
    const refused: unknown = await tool(...placed).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect((refused as Error).message).toMatch(why);
  });

  it('refuses a directory in use, and one that holds nothing, as a program', async () => {
    const directory = await stopped('used', [1]);
    const storage = fileStorage({ directory });
    await storage.open({ clusterId: 'c', nodeId: '1', groupId: 'default' });
    const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(process.execPath, ['apps/server/dist/main.js', 'storage', ...args], { encoding: 'utf8' });
    const used = run('verify', '--data', directory);
    expect([used.status, used.stderr]).toEqual([
      2,
      expect.stringMatching(/^raft-server storage: .* is in use: stop the server first\n$/),
    ]);
    await storage.close();
    expect(run('verify', '--data', directory).status).toBe(0);
    const database = await stopped('used-level', [1], '1', levelStorage);
    const level = levelStorage({ directory: database });
    await level.open({ clusterId: 'c', nodeId: '1', groupId: 'default' });
    const { status, stderr } = run('verify', '--data', database, '--storage', 'level');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/ is in use: stop the server first\n$/)]);
    const { stdout, stderr: json, ...asked } = run('verify', '--data', database, '--output', 'json');
    expect([asked.status, stdout, JSON.parse(json)]).toEqual([
      2,
      '',
      { error: { code: 'RAFT_STORAGE_IN_USE', message: `${database} is in use: stop the server first`, exitCode: 2 } },
    ]);
    await level.close();
    expect(run('verify', '--data', join(root, 'nothing')).status).toBe(2);
  });

  it('tells what fails as one JSON object when it is asked for JSON, also of a wrong command line', async () => {
    const directory = await stopped('json', [1, 1, 2]);
    await damage(directory, '1-1');
    const run = (...args: string[]): unknown[] => {
      const env = { ...process.env, RAFT_OUTPUT: 'json' };
      const program = ['apps/server/dist/main.js', 'storage', ...args];
      const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', env });
      return [status, stdout, (JSON.parse(stderr) as { error: unknown }).error];
    };
    const recover = ['recover', '--data', directory, '--new-cluster-id', 'next'];
    const code = 'RAFT_STORAGE_CORRUPT';
    expect(run(...recover)).toEqual([1, '', { code, message: expect.stringMatching(/is damaged at/), exitCode: 1 }]);
    const usage = (message: RegExp): unknown => ({ code: null, message: expect.stringMatching(message), exitCode: 2 });
    expect(run('verify', '--data', root, '--output', 'json')).toEqual([2, '', usage(/^not a storage directory: /)]);
    expect(run('verify', '--dat', root)).toEqual([2, '', usage(/^unknown flag --dat/)]);
    expect(run('verify', '--data', root, '--output=json', '--apply')).toEqual([2, '', usage(/has no flag --apply/)]);
  });

  it('calls a directory that is none a wrong command line, and says which kind it is when that is wrong', async () => {
    const directory = await stopped('kind', [1]);
    const empty = join(root, 'empty');
    await mkdir(empty);
    const refusal = async (...args: string[]): Promise<string> => {
      const error: unknown = await tool(...args).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message;
    };
    for (const command of ['dump', 'verify', 'repair']) {
      expect(await refusal(command, '--data', empty)).toBe(`not a storage directory: ${empty} is empty`);
      expect(await refusal(command, '--data', `${empty}/none`)).toMatch(
        /^not a storage directory: .*none does not exist$/,
      );
      expect(await refusal(command, '--data', join(directory, 'store'))).toMatch(/store is a file$/);
      expect(await refusal(command, '--data', directory, '--storage', 'level')).toBe(
        `${directory} holds a storage of simplefile, not of --storage level: leave that out, or say simplefile`,
      );
    }
    expect(await refusal('diff', '--data', directory, '--other', empty)).toMatch(
      /^not a storage directory: .*empty is empty/,
    );
  });

  it('does not call damaged what was never written to', async () => {
    const directory = await stopped('kept', [1]);
    const inspector = await inspectFileStorage({ directory });
    // A node of a level storage may stop before it writes anything.
    const unwritten = Object.create(inspector, { identity: { value: undefined } }) as StorageInspector;
    unwritten.verify = () => inspector.verify();
    const lines: string[] = [];
    const options = { asJson: false } as StorageOptions;
    expect(await verify(unwritten, options, (line) => void lines.push(line))).toBe(0);
    expect([lines[0], lines.at(-1)]).toEqual([
      'identity   none yet: nothing was ever written',
      expect.stringMatching(/all is well$/),
    ]);
    await inspector.close();
  });
});
