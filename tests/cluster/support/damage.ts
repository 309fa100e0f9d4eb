import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Random } from '@raft/core';

const blockBytes = 4096;

type Change = (bytes: Buffer, below: (limit: number) => number) => Buffer;

const changes: Readonly<Record<string, Change>> = {
  cut: (bytes, below) => bytes.subarray(0, below(bytes.length)),
  zeroed(bytes, below) {
    const at = below(bytes.length);
    return bytes.fill(0, at, Math.min(bytes.length, at + 1 + below(20_000)));
  },
  'garbage appended': (bytes, below) =>
    Buffer.concat([bytes, Buffer.from(Array.from({ length: 1 + below(5000) }, () => below(256)))]),
  'bit flipped'(bytes, below) {
    const at = below(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << below(8));
    return bytes;
  },
  'block duplicated'(bytes, below) {
    const blocks = Math.ceil(bytes.length / blockBytes);
    const from = below(blocks) * blockBytes;
    bytes.copy(bytes, below(blocks) * blockBytes, from, from + blockBytes);
    return bytes;
  },
  'blocks swapped'(bytes, below) {
    const blocks = Math.max(1, Math.floor(bytes.length / blockBytes));
    const [one, two] = [below(blocks) * blockBytes, below(blocks) * blockBytes];
    const kept = Buffer.from(bytes.subarray(one, one + blockBytes));
    bytes.copy(bytes, one, two, two + blockBytes);
    kept.copy(bytes, two);
    return bytes;
  },
};

export const damageKinds: readonly string[] = [...Object.keys(changes), 'file deleted', 'files swapped'];

/** Damages one file of a directory that nobody has open, or two; tells which. */
export function damage(directory: string, kind: string, random: Random): string {
  const below = (limit: number): number => Math.floor(random() * limit);
  const paths = filesOf(directory);
  const path = paths[below(paths.length)] as string;
  const name = relative(directory, path);
  const change = changes[kind];
  if (change !== undefined) writeFileSync(path, change(readFileSync(path), below));
  else if (kind === 'file deleted') rmSync(path);
  else {
    const other = paths[below(paths.length)] as string;
    const aside = join(directory, 'aside');
    renameSync(path, aside);
    if (existsSync(other)) renameSync(other, path);
    renameSync(aside, other === path ? path : other);
    return `${kind}: ${name} and ${relative(directory, other)}`;
  }
  return `${kind}: ${name}`;
}

/** In an order that does not depend on the machine. Locks, and the notes that LevelDB keeps for people, are nobody's data. */
function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^(LOCK|LOG|LOG\.old)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).length > 0)
    .toSorted();
}
