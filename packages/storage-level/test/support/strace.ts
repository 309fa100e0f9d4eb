import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

// Makes system calls of a storage's process fail, by strace(1). What strace does not let happen has not happened at all: half a
// write is made afterwards, of the bytes that strace was shown.

export const calls = [
  'openat',
  'read',
  'pread64',
  'write',
  'pwrite64',
  'fdatasync',
  'fsync',
  'rename',
  'unlink',
] as const;
export type Call = (typeof calls)[number];
/** No write is longer: LevelDB writes blocks of 32 KiB. */
const shownBytes = 64 * 1024;

/** Why strace cannot be had. */
export function obstacle(): string | undefined {
  const { status } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']);
  return status === 0 ? undefined : 'needs strace, and the right to trace processes';
}

/**
 * The command that traces another one and does to the calls on some files what `injection` says. strace counts by call and by
 * thread.
 */
export function strace(report: string, files: readonly string[], injection?: string): string[] {
  const inject = injection === undefined ? [] : ['-e', `inject=${injection}`];
  const shown = ['-y', '-xx', '-s', `${shownBytes}`];
  const filter = files.flatMap((path) => ['-P', path]);
  return ['strace', '-f', '-o', report, ...shown, '-e', `trace=${calls.join(',')}`, ...inject, ...filter];
}

/** Those that a storage may touch: strace knows no patterns. */
export function filesOf(directory: string): string[] {
  const numbers = Array.from({ length: 40 }, (_, i) => String(i + 1).padStart(6, '0'));
  const names = numbers.flatMap((number) => [
    ...['log', 'ldb', 'dbtmp'].map((kind) => `${number}.${kind}`),
    `MANIFEST-${number}`,
  ]);
  const database = join(directory, 'db');
  const paths = [...names, 'CURRENT'].map((name) => join(database, name));
  return [directory, database, ...paths, join(directory, 'raft-level'), join(directory, 'raft-level.tmp')];
}

export interface TracedCall {
  readonly call: Call;
  /** Of a write. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Nothing: the end of the file. */
  readonly offset: number | undefined;
  /** strace has let it happen. */
  readonly happened: boolean;
}

/** What strace has noted. A call that waits while another thread makes one takes two lines. */
export function readReport(report: string): TracedCall[] {
  const found: TracedCall[] = [];
  const waiting = new Map<string, number>();
  for (const line of readFileSync(report, 'latin1').split('\n')) {
    const happened = / = \d+(<[^>]*>)?$/.test(line);
    const [, thread, call, rest] = /^(\d+) +(?:<\.\.\. )?(\w+)(.*)$/.exec(line) ?? [];
    const place = waiting.get(thread ?? '');
    if (thread === undefined || !calls.includes(call as Call)) continue;
    if (rest!.startsWith(' resumed>') && place !== undefined) found[place] = { ...found[place]!, happened };
    if (!rest!.startsWith('(')) continue;
    const [, path = '', data = ''] = /^\(\d+<([^>]*)>, "([^"]*)"/.exec(rest!) ?? [];
    const offset = call === 'pwrite64' ? Number(/", \d+, (\d+)/.exec(rest!)?.[1]) : undefined;
    waiting.set(thread, found.length);
    found.push({ call: call as Call, path: unescape(path).toString(), bytes: unescape(data), offset, happened });
  }
  return found;
}

/** Every byte is `\xNN`. */
function unescape(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}

/** Makes the beginning of a write that was not let happen. False when its file has been removed since. */
export function writePart({ path, bytes, offset }: TracedCall, length: number): boolean {
  if (!existsSync(path)) return false;
  const file = openSync(path, 'r+');
  try {
    writeSync(file, bytes, 0, length, offset ?? fstatSync(file).size);
  } finally {
    closeSync(file);
  }
  return true;
}
