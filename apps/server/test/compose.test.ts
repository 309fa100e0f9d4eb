import { StorageError } from '@raft/core';
import { describe, expect, it } from 'vitest';
import { asUsageError } from '../src/compose.js';
import { UsageError } from '../src/usage-error.js';

describe('what goes wrong at the start', () => {
  const storageError = (code: string): StorageError =>
    new StorageError('RAFT_STORAGE_IO', `cannot lock data: ${code}`, {
      cause: Object.assign(new Error(code), { code }),
    });

  it.each(['EACCES', 'EPERM', 'EROFS'])('is for the user to mend where a file may not be touched: %s', (code) => {
    const error = asUsageError(storageError(code), { listen: '127.0.0.1:7001' });
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toBe(
      `--data: cannot lock data: ${code}: change the rights of what is there, or choose another`,
    );
  });

  it('is a failure where the disk fails', () => {
    const error = storageError('EIO');
    expect(asUsageError(error, { listen: '127.0.0.1:7001' })).toBe(error);
  });
});
