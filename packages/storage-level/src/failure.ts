import { RaftError, StorageError } from '@raft/core';

/** LevelDB's errors, and the system's, as the storage's own. `doing` completes the sentence "cannot …". */
export function storageError(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const codes = new Set<unknown>();
  const messages: string[] = [];
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    codes.add((each as NodeJS.ErrnoException).code);
    messages.push(each.message);
  }
  // The innermost says what is wrong; those around it that the database is not open.
  const cause = messages.at(-1) ?? String(error);
  if (codes.has('LEVEL_LOCKED')) {
    const message = `cannot ${doing}: it is in use by another storage, in this process or another. Stop that one, or use another directory`;
    return new StorageError('RAFT_STORAGE_IN_USE', message, { cause: error });
  }
  // LevelDB says EINVAL of a read beyond the end of a file.
  const isCut = /\.ldb: (Invalid argument|No such file or directory)/.test(cause);
  if (codes.has('LEVEL_CORRUPTION') || isCut) return corrupt(`cannot ${doing}: ${cause}`, { cause: error });
  const full = codes.has('ENOSPC') || /no space left on device|quota exceeded/i.test(cause);
  const advice = full ? '. Free some space and start again' : '';
  return new StorageError('RAFT_STORAGE_IO', `cannot ${doing}: ${cause}${advice}`, { cause: error });
}

const restoreAdvice = 'Restore the directory from a copy, or remove it and add the node to the cluster anew';

/** `what` says which file or key, and why. */
export function corrupt(what: string, options?: { cause?: unknown }): StorageError {
  return new StorageError('RAFT_STORAGE_CORRUPT', `${what}. ${restoreAdvice}`, options);
}

/** An error's message without what {@link corrupt} adds to it. */
export function withoutAdvice(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(`. ${restoreAdvice}`, '');
}

export async function doing<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof RaftError ? error : storageError(error, what);
  }
}

/** The first error ends the storage: after it, another write that seems to succeed would prove nothing. */
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
