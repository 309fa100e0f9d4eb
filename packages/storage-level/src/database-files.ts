import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { corrupt } from './failure.js';
import { scanLog } from './leveldb-log.js';

/** Of the database, below the directory. */
export const databaseName = 'db';

/** What a repair or a recovery made: it is decided, and to be put in place. */
export const changeName = 'change';

export interface DamagedFile {
  /** Path from the directory on. */
  readonly file: string;
  readonly kind: 'torn' | 'damaged' | 'missing';
  readonly offset: number;
  readonly bytes: number;
  readonly message: string;
}

/**
 * What LevelDB would drop without a word when it opens the database: damage in its logs. A torn end may be what a crash left
 * of a write that nobody was told of; anything else has been durable.
 */
export async function damagedFiles(directory: string): Promise<DamagedFile[]> {
  const found: DamagedFile[] = [];
  const database = join(directory, databaseName);
  const names = await readdir(database).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (!names.includes('CURRENT')) {
    const file = join(databaseName, 'CURRENT');
    return [{ file, kind: 'missing', offset: 0, bytes: 0, message: `${join(directory, file)} is missing` }];
  }
  const current = await readFile(join(database, 'CURRENT'), 'latin1');
  const manifest = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
  if (manifest === undefined || !names.includes(manifest)) {
    const file = join(databaseName, 'CURRENT');
    const message = `${join(directory, file)} is damaged at offset 0: it names no manifest that is there`;
    return [{ file, kind: 'damaged', offset: 0, bytes: current.length, message }];
  }
  if (!names.some((name) => name.endsWith('.log'))) {
    const file = join(databaseName, '*.log');
    return [{ file, kind: 'missing', offset: 0, bytes: 0, message: `${join(directory, file)}: the log is missing` }];
  }
  const logs = names.filter((name) => name === manifest || /^\d+\.log$/.test(name));
  for (const name of logs.toSorted()) {
    const file = join(databaseName, name);
    const bytes = await readFile(join(directory, file)).catch((error: NodeJS.ErrnoException) => {
      // Whoever has the database open may remove it.
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const { damage } = scanLog(bytes, { batches: name.endsWith('.log') });
    if (damage === undefined) continue;
    const { kind, offset } = damage;
    const what = kind === 'torn' ? 'ends in a torn write' : 'is damaged';
    const message = `${join(directory, file)} ${what} at offset ${offset}`;
    found.push({ file, kind, offset, bytes: bytes.length, message });
  }
  return found;
}

/** Throws what LevelDB says of a database that another storage has. Opens nothing. */
export async function refuseWhenLocked(directory: string): Promise<void> {
  // It takes the lock first, and then is not content that there is a database.
  const probe = new ClassicLevel(join(directory, databaseName), { createIfMissing: false, errorIfExists: true });
  try {
    await probe.open();
  } catch (error) {
    const { cause } = error as { cause?: { code?: unknown } };
    if (cause?.code === 'LEVEL_LOCKED') throw error;
    return;
  }
  await probe.close();
}

/** Gives a sentence for each torn end. Throws `RAFT_STORAGE_CORRUPT` for other damage. */
export async function checkFiles(directory: string): Promise<string[]> {
  const found = await damagedFiles(directory);
  if (found.length === 0) return [];
  // What is being written looks like what is torn.
  await refuseWhenLocked(directory);
  const repairs: string[] = [];
  for (const { kind, message, bytes, offset } of found) {
    if (kind !== 'torn') throw corrupt(message);
    repairs.push(`${message}: the last ${bytes - offset} bytes were dropped`);
  }
  return repairs;
}
