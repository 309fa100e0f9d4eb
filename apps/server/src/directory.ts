import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { UsageError } from './usage-error.js';

/** Makes the directory of `--data` and sees that it can be used. Throws {@link UsageError}. */
export async function prepareDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`--data ${directory} ${await explain(directory, error as NodeJS.ErrnoException)}`);
  }
}

async function explain(directory: string, error: NodeJS.ErrnoException): Promise<string> {
  const found = await stat(directory).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) return 'is a file: name a directory';
  if (found !== undefined)
    return `cannot be written to by this user (${error.code}): change its rights or choose another`;
  return `cannot be made (${error.code}): make it, or choose another`;
}
