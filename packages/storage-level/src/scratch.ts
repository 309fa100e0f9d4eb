import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { databaseName } from './database-files.js';
import { doing } from './failure.js';

/*
 * LevelDB changes a database when it opens one: it drops what it cannot read of its log, and writes new tables. So an inspector
 * looks at a copy, below the directory; tables are never written again, so that links do for them. It holds the lock of the
 * database by a link too: a lock belongs to the file, whatever its name.
 */

export const scratchName = 'inspect.tmp';

/** Takes the lock of a database that nobody opens. Throws LevelDB's error when somebody has it. */
export async function lockDatabase(directory: string): Promise<ClassicLevel> {
  const lock = join(directory, databaseName, 'LOCK');
  const place = join(directory, scratchName, 'lock');
  await rm(join(directory, scratchName), { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  await (await open(lock, 'a')).close();
  await link(lock, join(place, 'LOCK'));
  const level = new ClassicLevel(place);
  await level.open();
  return level;
}

/** Opens a copy of the database as it is now. `mend`: as much of it as LevelDB can save. */
export async function openCopy(directory: string, mend: boolean): Promise<ClassicLevel<Buffer, Buffer>> {
  const place = join(directory, scratchName, databaseName);
  await rm(place, { recursive: true, force: true });
  await copyDatabase(join(directory, databaseName), place);
  if (mend) await ClassicLevel.repair(place);
  return openLevel(place);
}

/** Opens a database that is there. */
export async function openLevel(place: string): Promise<ClassicLevel<Buffer, Buffer>> {
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
      const target = join(copyTo, name);
      await copyFile(join(directory, name), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      const handle = await open(target, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
  });
}
