import { readdir } from 'node:fs/promises';
import { StorageError } from '@raft/core';
import type { StorageInspector } from '@raft/core';
import { chooseStorage, inspectedNames, storageOf } from '../choices.js';
import { UsageError } from '../usage-error.js';
import type { StorageOptions } from './options.js';

/** Opens what a directory holds. Throws {@link UsageError} when that is no storage, another kind than was asked for, or in use. */
export async function openStorage(directory: string, asked: StorageOptions['storage']): Promise<StorageInspector> {
  const name = await kindOf(directory, asked);
  try {
    return await chooseStorage(name, '--storage').inspect!(directory);
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'RAFT_STORAGE_IN_USE') throw error;
    // Its advice is for a server.
    throw new UsageError(`${directory} is in use: stop the server first`, { cause: error });
  }
}

async function kindOf(directory: string, asked: StorageOptions['storage']): Promise<string> {
  let files: string[];
  try {
    files = await readdir(directory);
  } catch (error) {
    throw new UsageError(`not a storage directory: ${directory} ${whyNot(error as NodeJS.ErrnoException)}`);
  }
  const found = storageOf(files);
  if (found === undefined) {
    const what = files.length === 0 ? 'is empty' : `holds no data of ${inspectedNames}`;
    throw new UsageError(`not a storage directory: ${directory} ${what}`);
  }
  if (asked === undefined || asked.name === found) return found;
  throw new UsageError(
    `${directory} holds a storage of ${found}, not of ${asked.flag} ${asked.name}: leave that out, or say ${found}`,
  );
}

function whyNot({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'does not exist';
  return code === 'ENOTDIR' ? 'is a file' : `cannot be read (${code})`;
}
