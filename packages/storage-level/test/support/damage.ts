import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { levelStorage } from '@raft/storage-level';
import { contentOf, entries, entry, identity, takeSnapshot } from './model.js';
import type { Content } from './model.js';

export type Files = Map<string, Buffer>;

export function filesOf(directory: string): Files {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return new Map(names.map(({ name, parentPath }) => join(parentPath, name)).map((path) => [path, readFileSync(path)]));
}

export function writeFiles(directory: string, files: Files): void {
  rmSync(directory, { recursive: true });
  mkdirSync(join(directory, 'db'), { recursive: true });
  for (const [path, bytes] of files) writeFileSync(path, bytes);
}

/** A directory with tables and a log, written in several lives; `killed`: as a process leaves it that nobody closed. */
export async function written(directory: string, end: 'closed' | 'killed'): Promise<Content> {
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
  const { content } = await openContent(directory);
  writeFiles(directory, copy);
  return content;
}

export async function openContent(
  directory: string,
  options: { snapshots?: boolean } = {},
): Promise<{ content: Content; repairs: readonly string[] }> {
  const storage = levelStorage({ directory });
  try {
    const restored = await storage.open(identity);
    return { content: await contentOf(storage, restored, options), repairs: restored.repairs };
  } finally {
    await storage.close();
  }
}

export const kinds = [
  'bit flip',
  'cut',
  'zeroed',
  'garbage appended',
  'block duplicated',
  'blocks swapped',
  'file deleted',
  'files swapped',
] as const;
export type Kind = (typeof kinds)[number];

/** LevelDB's own notes are nobody's data. */
export const isNotes = (path: string): boolean => /\/(LOG|LOG\.old|LOCK)$/.test(path);

/** Gives the files with one damage, and which. */
export function damage(files: Files, kind: Kind, random: () => number): { damaged: Files; what: string } {
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
