import { copyFile, link, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { databaseName } from './database-files.js';
import { rootKey } from './keys.js';
import { batchesOf } from './leveldb-log.js';
import type { RootRecord } from './records.js';
import { checksumBytes } from './records.js';

/*
 * LevelDB goes on without its log when it cannot open or read it, for whatever reason (that is its option `paranoid_checks`, which
 * classic-level does not let one set), and then deletes it. So the logs stay under other names until what they end with is seen in
 * the database. What LevelDB has skipped is written again.
 */

const prefix = 'logs.tmp-';

/** Keeps the logs of a database that is about to be opened. Gives the directory in which they are; nothing when there are none. */
export async function keepLogs(directory: string): Promise<string | undefined> {
  const database = join(directory, databaseName);
  const logs = await logsIn(database);
  if (logs.length === 0) return undefined;
  const place = await mkdtemp(join(directory, prefix));
  for (const name of logs) {
    const [from, to] = [join(database, name), join(place, name)];
    await link(from, to).catch(async (error: NodeJS.ErrnoException) => {
      // Whoever has the database open may remove it; and not every file system has links.
      if (error.code !== 'ENOENT') await copyFile(from, to);
    });
  }
  return place;
}

/**
 * Writes what LevelDB has skipped, of this opening and of those before it that did not come so far; then the logs are let go. The
 * database is open, so that nobody else has it. Gives a sentence for each log.
 */
export async function rescueLogs(directory: string, level: ClassicLevel<Buffer, Buffer>): Promise<string[]> {
  const rescued: string[] = [];
  for (const place of await keptIn(directory)) {
    if (await rescue(place, level)) rescued.push(`LevelDB had skipped its log in ${directory}: it was written again`);
    await rm(place, { recursive: true });
  }
  return rescued;
}

/** Writes what LevelDB has skipped when it opened a copy. Lets nothing go. */
export async function rescueCopy(directory: string, level: ClassicLevel<Buffer, Buffer>): Promise<void> {
  for (const place of [...(await keptIn(directory)), join(directory, databaseName)]) await rescue(place, level);
}

export async function dropLogs(directory: string): Promise<void> {
  for (const place of await keptIn(directory)) await rm(place, { recursive: true });
}

async function keptIn(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => name.startsWith(prefix))
    .toSorted()
    .map((name) => join(directory, name));
}

async function rescue(place: string, level: ClassicLevel<Buffer, Buffer>): Promise<boolean> {
  const logs = await lastLogs(place);
  const batches = logs.flat();
  const [expected, found] = [lastRoot(batches), writesOf(await level.get(rootKey))];
  // Newer: the database was opened since, and has gone on. With several logs the last one does not tell that the others were read.
  if (found > expected || (found === expected && logs.length === 1)) return false;
  for (const [i, { operations }] of batches.entries()) {
    await level.batch([...operations], { sync: i === batches.length - 1 });
  }
  return found < expected;
}

async function logsIn(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => /^\d+\.log$/.test(name)).toSorted((a, b) => Number.parseInt(a) - Number.parseInt(b));
}

/** What the logs hold, of those that follow one on the other without a gap up to the last one. */
async function lastLogs(place: string): Promise<Batch[][]> {
  const found: Batch[][] = [];
  for (const name of (await logsIn(place)).toReversed()) {
    const log = batchesIn(await readFile(join(place, name)));
    const next = found[0]?.[0]?.sequence;
    if (log.length === 0) continue;
    if (next !== undefined && log.at(-1)!.nextSequence !== next) break;
    found.unshift(log);
  }
  return found;
}

type Operation =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: Buffer };

interface Batch {
  readonly sequence: bigint;
  readonly nextSequence: bigint;
  readonly operations: readonly Operation[];
}

/** Up to the first damage, as LevelDB reads it. */
function batchesIn(log: Buffer): Batch[] {
  const batches: Batch[] = [];
  for (const record of batchesOf(log)) {
    const operations = operationsOf(record);
    if (operations === undefined) break;
    const sequence = record.readBigUInt64LE(0);
    batches.push({ sequence, nextSequence: sequence + BigInt(operations.length), operations });
  }
  return batches;
}

/**
 * Of a batch: sequence (8 bytes), count (4), then kind (1: put, 0: delete), key and, to put, value, each with its length. Nothing
 * when it is none.
 */
function operationsOf(batch: Buffer): Operation[] | undefined {
  const operations: Operation[] = [];
  let at = 12;
  const length = (): number => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = batch[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (): Buffer => {
    const size = length();
    return batch.subarray(at, (at += size));
  };
  while (at < batch.length) {
    const isPut = batch[at++] === 1;
    const key = bytes();
    operations.push(isPut ? { type: 'put', key, value: bytes() } : { type: 'del', key });
  }
  return at === batch.length && operations.length === batch.readUInt32LE(8) ? operations : undefined;
}

function lastRoot(batches: readonly Batch[]): number {
  const puts = batches.flatMap(({ operations }) => operations.filter((each) => each.type === 'put'));
  return writesOf(puts.findLast(({ key }) => key.equals(rootKey))?.value);
}

/** Writes of the database that a root record counts. Whether it is intact is looked at later. */
function writesOf(root: Buffer | undefined): number {
  if (root === undefined) return -1;
  try {
    return (JSON.parse(root.toString('utf8', checksumBytes)) as RootRecord).writes;
  } catch {
    return -1;
  }
}
