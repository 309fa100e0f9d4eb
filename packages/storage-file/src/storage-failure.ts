import { RaftError, StorageError } from '@raft/core';

const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * What a file system's error means for the storage. `doing` completes the sentence "cannot …". `broken`: something may have been
 * written, so that a full disk is as bad as any other error.
 */
export function storageError(error: unknown, doing: string, broken?: 'broken'): StorageError {
  if (error instanceof StorageError) return error;
  const cause = error instanceof Error ? error.message : String(error);
  if (broken === undefined && fullCodes.has((error as NodeJS.ErrnoException | undefined)?.code))
    return diskFull(doing, { cause: error });
  return new StorageError('RAFT_STORAGE_IO', `cannot ${doing}: ${cause}`, { cause: error });
}

export function diskFull(doing: string, options?: { cause?: unknown }): StorageError {
  return new StorageError('RAFT_STORAGE_FULL', `cannot ${doing}: the disk is full, free some space`, options);
}

/** Runs file operations; their errors become {@link StorageError}s that say what was being done. */
export async function doing<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof RaftError ? error : storageError(error, what);
  }
}

/**
 * The first error ends the storage: after it the disk may hold anything of what was not acknowledged, and another write or
 * fsync that seems to succeed would prove nothing.
 */
export class FailStop {
  #error: StorageError | undefined;
  readonly #onFailure: (error: StorageError) => void;

  constructor(onFailure: (error: StorageError) => void) {
    this.#onFailure = onFailure;
  }

  get error(): StorageError | undefined {
    return this.#error;
  }

  /** Throws the first error, when there was one. */
  check(): void {
    if (this.#error) throw this.#error;
  }

  /** Notes the first error, and returns it also for later ones. */
  fail(error: StorageError): StorageError {
    if (!this.#error) {
      this.#error = error;
      this.#onFailure(error);
    }
    return this.#error;
  }
}
