import { constants } from 'node:fs';
import { access, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { storageOf } from './choices.js';
import { UsageError } from './usage-error.js';

/**
 * Makes the directory of `--data` and sees that it can be used, and holds no other storage's data: a node that began anew beside
 * them would have forgotten them. Throws {@link UsageError}.
 */
export async function prepareDirectory(directory: string, storageName: string): Promise<void> {
  let files: string[];
  try {
    await makeDirectory(directory);
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    files = await readdir(directory);
  } catch (error) {
    throw new UsageError(`--data ${directory} ${await explain(directory, error as NodeJS.ErrnoException)}`);
  }
  const found = storageOf(files);
  if (found === undefined || found === storageName) return;
  throw new UsageError(
    `--data ${directory} holds data of --storage ${found}, not of ${storageName}: use that, or another directory`,
  );
}

/** Makes it with its parents. Unlike Node's own way, it ends where a file system says that an existing parent is not there. */
export async function makeDirectory(directory: string): Promise<void> {
  const path = resolve(directory);
  const make = async (): Promise<void> => {
    await mkdir(path, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
    });
  };
  try {
    await make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await make();
  }
}

async function explain(directory: string, error: NodeJS.ErrnoException): Promise<string> {
  const found = await stat(directory).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) return 'is a file: name a directory';
  if (found !== undefined)
    return `cannot be written to by this user (${error.code}): change its rights or choose another`;
  return `cannot be made (${error.code}): make it, or choose another`;
}
