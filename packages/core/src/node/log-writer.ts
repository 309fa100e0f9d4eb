import type { Effects } from '../consensus/effects.js';
import { StorageError } from '../errors.js';
import type { Storage } from '../storage.js';

export interface LogWriterHost {
  readonly storage: Storage;
  persisted(sequence: number): void;
  /** The disk is full: nothing of this write, and of those after it, was kept. */
  full(sequence: number): void;
  failed(error: unknown): void;
}

/** Hands the consensus's writes to the storage, and tells what became of them. */
export class LogWriter {
  readonly #host: LogWriterHost;
  #handed = 0;
  /** Writes up to here are known to have met a full disk: each of them rejects, and it is told once. */
  #lost = 0;

  constructor(host: LogWriterHost) {
    this.#host = host;
  }

  write({ sequence, batch }: NonNullable<Effects['write']>): void {
    this.#handed = sequence;
    this.#host.storage.append(batch).then(
      () => this.#host.persisted(sequence),
      (error: unknown) => this.#rejected(sequence, error),
    );
  }

  #rejected(sequence: number, error: unknown): void {
    if (!(error instanceof StorageError) || error.code !== 'RAFT_STORAGE_FULL') return this.#host.failed(error);
    if (sequence <= this.#lost) return;
    this.#lost = this.#handed;
    this.#host.full(sequence);
  }
}
