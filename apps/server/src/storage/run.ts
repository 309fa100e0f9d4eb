import { RaftError } from '@raft/core';
import type { StorageInspector } from '@raft/core';
import { UsageError } from '../usage-error.js';
import { diff } from './diff.js';
import { dump, verify } from './look.js';
import { recover, repair } from './mend.js';
import { openStorage } from './open.js';
import type { Print, StorageOptions } from './options.js';

/** Does what was asked for; gives the exit code. Throws {@link UsageError}, and {@link RaftError} for what fails. */
export async function runStorage(options: StorageOptions, print: Print): Promise<number> {
  const opened: StorageInspector[] = [];
  const open = async (directory: string): Promise<StorageInspector> => {
    const inspector = await openStorage(directory, options.storage);
    opened.push(inspector);
    return inspector;
  };
  try {
    return await perform(options, open, print);
  } catch (error) {
    const isUsage = error instanceof RaftError && error.code === 'RAFT_INVALID_ARGUMENT';
    throw isUsage ? new UsageError(error.message, { cause: error }) : error;
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
