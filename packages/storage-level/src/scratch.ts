import { constants, existsSync } from 'node:fs';
import { copyFile, link, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { changeName, databaseName } from './database-files.js';
import { doing } from './failure.js';
import { rescueCopy } from './log-rescue.js';

/*
 * LevelDB changes a database when it opens one: it drops what it cannot read of its log, and writes new tables. So an inspector
 * looks at a copy, below the directory; tables are never written again, so that links do for them. It holds the lock of the
 * database by a link too: a lock belongs to the file, whatever its name.
 */

export const scratchPrefix = 'inspect.tmp-';

export interface Scratch {
  /** Its directory. */
  readonly place: string;
  /** Holds the lock. */
  readonly lock: ClassicLevel;
}

/** Takes the lock of a database that nobody opens. Throws LevelDB's error when somebody has it. */
export async function lockDatabase(directory: string): Promise<Scratch> {
  // The same file as that of the database that is there, unless that is about to be put in place.
  const changing = join(directory, changeName, databaseName, 'LOCK');
  const lock = existsSync(changing) ? changing : join(directory, databaseName, 'LOCK');
  const place = await mkdtemp(join(directory, scratchPrefix));
  try {
    await mkdir(join(place, 'lock'));
    await mkdir(join(directory, databaseName), { recursive: true });
    await (await open(lock, 'a')).close();
    await link(lock, join(place, 'lock', 'LOCK'));
    const level = new ClassicLevel(join(place, 'lock'));
    await level.open();
    return { place, lock: level };
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what inspectors have left that were killed. The lock is the caller's. */
export async function removeScratches(directory: string, but?: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.startsWith(scratchPrefix) && path !== but) await rm(path, { recursive: true, force: true });
  }
}

/** Opens a copy of the database as it is now. `mend`: as much of it as LevelDB can save. */
export async function openCopy(
  directory: string,
  { place: scratch }: Scratch,
  mend: boolean,
): Promise<ClassicLevel<Buffer, Buffer>> {
  const place = join(scratch, databaseName);
  await rm(place, { recursive: true, force: true });
  return copyTo(directory, place, mend);
}

/** Copies the database to a directory that does not exist, and opens it there. */
export async function copyTo(directory: string, place: string, mend: boolean): Promise<ClassicLevel<Buffer, Buffer>> {
  await copyDatabase(join(directory, databaseName), place);
  if (mend) {
    await ClassicLevel.repair(place);
    // What it puts aside is in the database that was copied.
    await rm(join(place, 'lost'), { recursive: true, force: true });
  }
  const level = await openLevel(place);
  try {
    await rescueCopy(directory, level);
  } catch (error) {
    await level.close();
    throw error;
  }
  return level;
}

/** Opens a database that is there. */
async function openLevel(place: string): Promise<ClassicLevel<Buffer, Buffer>> {
  const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
  const level = new ClassicLevel<Buffer, Buffer>(place, { ...encodings, createIfMissing: false });
  await level.open();
  return level;
}

/** Without what is nobody's data: the lock, and LevelDB's notes and what it has put aside. */
export async function databaseFiles(database: string): Promise<string[]> {
  const entries = await readdir(database, { withFileTypes: true });
  return entries.filter((each) => each.isFile() && !/^LO(CK|G)/.test(each.name)).map(({ name }) => name);
}

async function copyDatabase(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await databaseFiles(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (name.endsWith('.ldb')) await link(source, target).catch(() => copyFile(source, target));
    else await copyFile(source, target);
  }
}

/** Copies files, durably, to a directory that is made for them. */
export async function copyFiles(directory: string, names: readonly string[], copyTo: string): Promise<void> {
  await doing(`copy ${directory} to ${copyTo}`, async () => {
    await mkdir(copyTo, { recursive: true });
    await mkdir(join(copyTo, databaseName));
    for (const name of names) {
      const [source, target] = [join(directory, name), join(copyTo, name)];
      const copy = (): Promise<void> => copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      // Tables are never written again.
      await (name.endsWith('.ldb') ? link(source, target).catch(copy) : copy());
      const handle = await open(target, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
  });
}
