import { constants } from 'node:fs';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InvalidArgumentError } from '@raft/core';
import { doing } from './storage-failure.js';

/** Copies files of a directory, durably, to one that is made for them. Throws {@link InvalidArgumentError} when that exists. */
export async function copyFiles(directory: string, names: readonly string[], copyTo: string): Promise<void> {
  await doing(`make ${copyTo}`, async () => {
    await mkdir(dirname(copyTo), { recursive: true });
    try {
      await mkdir(copyTo, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new InvalidArgumentError(`${copyTo} exists: name a directory that does not, for a copy of what is changed`);
    }
  });
  for (const name of names) {
    const target = join(copyTo, name);
    await doing(`copy ${name} to ${copyTo}`, async () => {
      await copyFile(join(directory, name), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await sync(target);
    });
  }
  await doing(`sync ${copyTo}`, () => sync(copyTo));
}

async function sync(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
