import { existsSync } from 'node:fs';
import { link, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '@raft/core';
import { changeName, databaseName } from './database-files.js';
import { doing } from './failure.js';
import { dropLogs } from './log-rescue.js';
import { noteName, syncDirectory } from './note-file.js';
import { lockDatabase } from './scratch.js';

/*
 * A repair or a recovery changes the database and the file beside it, and must be done as a whole or not at all. So both are made
 * anew elsewhere, and once they are durable they get the name `change`. Then it is decided: whoever opens the directory next puts
 * them in place, again if need be, before anything else.
 */

/** `made` holds a database and a file for beside it. The database's lock is the caller's, and stays so. */
export async function changeDirectory(path: string, made: string): Promise<void> {
  const database = join(made, databaseName);
  await doing(`sync ${made}`, async () => {
    await rm(join(database, 'LOCK'), { force: true });
    // Who waits for the lock of the one that is there may not get that of the other.
    await link(join(path, databaseName, 'LOCK'), join(database, 'LOCK'));
    for (const name of await readdir(database)) await syncFile(join(database, name));
    await syncDirectory(database);
    await syncDirectory(made);
  });
  await doing(`change ${path}`, () => rename(made, join(path, changeName)));
  try {
    await finishChange(path);
  } catch (error) {
    const { code, message } = error as StorageError;
    const rest = 'it is decided and may be done in part; the next start, or use of this tool, does the rest';
    throw new StorageError(code, `${message}; ${rest}`, { cause: error });
  }
}

/** Puts in place what was decided. The database's lock is the caller's. */
export async function finishChange(path: string): Promise<void> {
  const change = join(path, changeName);
  const old = join(change, 'old');
  const sync = async (): Promise<void> => {
    await syncDirectory(change);
    await syncDirectory(path);
  };
  await doing(`put ${change} in place`, async () => {
    await sync();
    if (existsSync(join(change, databaseName))) {
      await rm(old, { recursive: true, force: true });
      await rename(join(path, databaseName), old);
      await sync();
      await rename(join(change, databaseName), join(path, databaseName));
      await sync();
    }
    if (existsSync(join(change, noteName))) await rename(join(change, noteName), join(path, noteName));
    await sync();
    // They are of the database that was.
    await dropLogs(path);
    await rm(change, { recursive: true, force: true });
    await syncDirectory(path);
  });
}

/** Does the rest of a change that was interrupted. Gives a sentence when there was one. Throws `RAFT_STORAGE_IN_USE`. */
export async function finishInterrupted(path: string): Promise<string[]> {
  if (!existsSync(join(path, changeName))) return [];
  const { lock, place } = await doing(`lock ${path}`, () => lockDatabase(path));
  try {
    await finishChange(path);
  } finally {
    await lock.close();
    await rm(place, { recursive: true, force: true });
  }
  return ['finished a repair or a recovery that was interrupted'];
}

async function syncFile(path: string): Promise<void> {
  // Windows syncs only what is open for writing.
  const handle = await open(path, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
