import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { seededRandom, StorageError } from '@raft/core';
import { levelStorage } from '@raft/storage-level';
import { contentOf, entries, entry, identity, takeSnapshot } from './support/model.js';
import type { Content } from './support/model.js';

type Files = Map<string, Buffer>;

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-level-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function filesOf(directory: string): Files {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return new Map(names.map(({ name, parentPath }) => join(parentPath, name)).map((path) => [path, readFileSync(path)]));
}

function writeFiles(directory: string, files: Files): void {
  rmSync(directory, { recursive: true });
  mkdirSync(join(directory, 'db'), { recursive: true });
  for (const [path, bytes] of files) writeFileSync(path, bytes);
}

/** A directory with tables and a log, written in several lives; `killed`: as a process leaves it that nobody closed. */
async function written(directory: string, end: 'closed' | 'killed'): Promise<Content> {
  for (let life = 1; life <= 5; life++) {
    const storage = levelStorage({ directory });
    const restored = await storage.open(identity);
    const first = restored.lastIndex + 1;
    const hardState = { term: life, votedFor: `n${life}`, commitIndex: restored.lastIndex };
    await storage.append({ hardState, entries: entries(first, first + 29, life) });
    if (life % 2 === 0)
      await storage.append({ truncateFrom: first + 20, entries: entries(first + 20, first + 25, life) });
    if (life === 3) await takeSnapshot(storage, 20, 600_000);
    if (life === 4) await storage.compact(20);
    for (let i = 0; i < 20; i++) {
      const { lastIndex } = { lastIndex: first + (life % 2 === 0 ? 25 : 29) + i };
      await storage.append({ entries: [entry(lastIndex + 1, life, 3000)] });
    }
    if (life === 5 && end === 'killed') cpSync(directory, `${directory}-killed`, { recursive: true });
    await storage.close();
  }
  if (end === 'killed') {
    rmSync(directory, { recursive: true });
    cpSync(`${directory}-killed`, directory, { recursive: true });
  }
  const copy = filesOf(directory);
  const { content } = await open(directory);
  writeFiles(directory, copy);
  return content;
}

async function open(directory: string): Promise<{ content: Content; repairs: readonly string[] }> {
  const storage = levelStorage({ directory });
  try {
    const restored = await storage.open(identity);
    return { content: await contentOf(storage, restored), repairs: restored.repairs };
  } finally {
    await storage.close();
  }
}

const kinds = [
  'bit flip',
  'cut',
  'zeroed',
  'garbage appended',
  'block duplicated',
  'blocks swapped',
  'file deleted',
  'files swapped',
] as const;
type Kind = (typeof kinds)[number];

/** LevelDB's own notes are nobody's data. */
const isNotes = (path: string): boolean => /\/(LOG|LOG\.old|LOCK)$/.test(path);

/** Gives the files with one damage, and which. */
function damage(files: Files, kind: Kind, random: () => number): { damaged: Files; what: string } {
  const below = (limit: number): number => Math.floor(random() * limit);
  const paths = [...files.keys()].filter((path) => !isNotes(path) && files.get(path)!.length > 0);
  const path = paths[below(paths.length)]!;
  const bytes = Buffer.from(files.get(path)!);
  const damaged = new Map(files);
  const at = below(bytes.length);
  const block = [512, 4096, 32_768][below(3)]!;
  const blocks = Math.max(1, Math.floor(bytes.length / block));
  const [one, two] = [below(blocks) * block, below(blocks) * block];
  damaged.set(path, bytes);
  if (kind === 'bit flip') bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << below(8)), at);
  else if (kind === 'cut') damaged.set(path, bytes.subarray(0, at));
  else if (kind === 'zeroed') bytes.fill(0, at, Math.min(bytes.length, at + 1 + below(5000)));
  else if (kind === 'garbage appended') {
    const garbage = Buffer.from(Array.from({ length: 1 + below(3000) }, () => below(256)));
    damaged.set(path, Buffer.concat([bytes, garbage]));
  } else if (kind === 'block duplicated') files.get(path)!.copy(bytes, one, two, two + block);
  else if (kind === 'blocks swapped') {
    files.get(path)!.copy(bytes, one, two, two + block);
    files.get(path)!.copy(bytes, two, one, one + block);
  } else if (kind === 'file deleted') damaged.delete(path);
  else {
    const other = paths[below(paths.length)]!;
    damaged.set(path, files.get(other)!);
    damaged.set(other, bytes);
  }
  return { damaged, what: `${kind} in ${path} at ${at}` };
}

describe.each(['closed', 'killed'] as const)('storage-level: damage to a directory that was %s', (end) => {
  // RAFT_TEST_SEED tries one of them.
  const only = Number(process.env['RAFT_TEST_SEED'] ?? 0);

  test('320 seeded damages: each harmless, cut off as torn, or refused by name', { timeout: 240_000 }, async () => {
    const directory = join(root, 'data');
    const whole = await written(directory, end);
    const files = filesOf(directory);
    const table = new Map(kinds.map((kind) => [kind, { harmless: 0, torn: 0, refused: 0 }]));
    for (let seed = 1; seed <= 320; seed++) {
      if (only > 0 && seed !== only) continue;
      const kind = kinds[seed % kinds.length]!;
      const { damaged, what } = damage(files, kind, seededRandom(seed));
      writeFiles(directory, damaged);
      const outcome = await open(directory).catch((error: unknown) => error);
      const row = table.get(kind)!;
      if (outcome instanceof Error) {
        assert.ok(outcome instanceof StorageError, `seed ${seed}, ${what}: ${String(outcome)}`);
        assert.equal(outcome.code, 'RAFT_STORAGE_CORRUPT', `seed ${seed}, ${what}: ${outcome.message}`);
        assert.ok(outcome.message.includes(directory), outcome.message);
        row.refused++;
        continue;
      }
      const { content, repairs } = outcome as Awaited<ReturnType<typeof open>>;
      const same = JSON.stringify(content) === JSON.stringify(whole);
      if (same) row.harmless++;
      else {
        // What was durable and noted is never lost; what was not noted only with a word, and from the end.
        assert.equal(end, 'killed', `seed ${seed}, ${what}: another content`);
        assert.ok(repairs.length > 0, `seed ${seed}, ${what}: something is lost without a word`);
        assert.deepEqual(content.entries, whole.entries.slice(0, content.entries.length), `seed ${seed}, ${what}`);
        row.torn++;
      }
    }
    for (const [kind, { harmless, torn, refused }] of table) {
      console.log(`level, ${end}, ${kind}: ${harmless} harmless, ${torn} cut off as torn, ${refused} refused`);
    }
  });
});
