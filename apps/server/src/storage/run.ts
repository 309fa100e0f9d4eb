import { RaftError, StorageError } from '@raft/core';
import type { StorageInspector } from '@raft/core';
import { exitCodes, UsageError } from '../usage-error.js';
import { diff } from './diff.js';
import { dump, verify } from './look.js';
import { recover, repair } from './mend.js';
import type { Print, StorageOptions } from './options.js';

/** Does what was asked for; gives the exit code. Throws {@link UsageError}. */
export async function runStorage(options: StorageOptions, print: Print): Promise<number> {
  const opened: StorageInspector[] = [];
  const open = async (directory: string): Promise<StorageInspector> => {
    const inspector = await options.inspect(directory);
    opened.push(inspector);
    return inspector;
  };
  try {
    return await perform(options, open, print);
  } catch (error) {
    return await tell(error, options, print);
  } finally {
    for (const inspector of opened) await inspector.close();
  }
}

async function perform(
  options: StorageOptions,
  open: (directory: string) => Promise<StorageInspector>,
  print: Print,
): Promise<number> {
  const inspector = await open(options.directory);
  switch (options.command) {
    case 'dump':
      return dump(inspector, options, print);
    case 'verify':
      return verify(inspector, options, print);
    case 'diff':
      return diff(inspector, await open(options.other), options, print);
    case 'repair':
      return repair(inspector, options, print);
    case 'recover':
      return recover(inspector, options, print);
  }
}

async function tell(error: unknown, { asJson }: StorageOptions, print: Print): Promise<number> {
  if (error instanceof StorageError && error.code === 'RAFT_STORAGE_IN_USE') {
    // Its advice is for a server.
    throw new UsageError(`${error.message.replace(/[:.] (stop|close) that one.*$/i, '')}: stop the server first`);
  }
  if (!(error instanceof RaftError)) throw error;
  if (error.code === 'RAFT_INVALID_ARGUMENT') throw new UsageError(error.message);
  if (!asJson) throw error;
  await print(JSON.stringify({ error: { code: error.code, message: error.message } }));
  return exitCodes.failed;
}
