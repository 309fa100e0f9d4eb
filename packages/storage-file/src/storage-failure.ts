import { RaftError, StorageError } from '@raft/core';
import type { IndexRange } from '@raft/core';

/** Ends the message of an error that only a copy, or the rest of the cluster, can make good. */
export const restoreAdvice: string =
  'Restore the directory from a copy, or remove it and add the node to the cluster anew';

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

export interface DamagePlace {
  readonly path: string;
  readonly offset: number;
  /** Those that it concerns, when they are entries of the log. */
  readonly entries?: IndexRange | undefined;
}

/** `RAFT_STORAGE_CORRUPT`, and where. */
export class DamageError extends StorageError {
  readonly place: DamagePlace;
  /** The message without advice. */
  readonly what: string;

  constructor(place: DamagePlace, why: string) {
    const { path, offset, entries } = place;
    const which = entries
      ? ` (entries ${entries.to === undefined ? `from ${entries.from} on` : `${entries.from} to ${entries.to}`})`
      : '';
    const what = `${path} is damaged at offset ${offset}${which}: ${why}`;
    super('RAFT_STORAGE_CORRUPT', `${what}. ${restoreAdvice}`);
    this.name = 'StorageError';
    this.what = what;
    this.place = place;
  }
}

/** Runs file operations; their errors become {@link StorageError}s that say what was being done. `broken`: see {@link storageError}. */
export async function doing<T>(what: string, run: () => Promise<T>, broken?: 'broken'): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof RaftError ? error : storageError(error, what, broken);
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

  /** Notes the first error, and returns it also for later ones. It is no more a full disk, which would only have to be freed. */
  fail(error: StorageError): StorageError {
    if (!this.#error) {
      const { code, message } = error;
      this.#error =
        code === 'RAFT_STORAGE_FULL' ? new StorageError('RAFT_STORAGE_IO', message, { cause: error }) : error;
      this.#onFailure(this.#error);
    }
    return this.#error;
  }
}
