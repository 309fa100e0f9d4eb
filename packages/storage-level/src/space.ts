import { statfs } from 'node:fs/promises';
import { StorageError } from '@raft/core';

/** What a write is for: entries and snapshots leave room to terms, votes and compactions. */
export type Purpose = 'data' | 'control';

export interface SpaceOptions {
  readonly directory: string;
  readonly reserveBytes: number;
  /** For tests. Default: what the file system says. */
  readonly freeBytes?: (() => Promise<number>) | undefined;
}

const checkEveryMs = 100;
const checkEveryBytes = 1024 * 1024;

/**
 * Refuses writes before the disk is full. After LevelDB has met a full disk by itself its log cannot be trusted to take
 * further writes, and what has been written is not known; and it needs room to reorganise its files.
 */
export class Space {
  readonly #options: SpaceOptions;
  #free = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #written = 0;

  constructor(options: SpaceOptions) {
    this.#options = options;
  }

  /** Whether there is room for `bytes` more. */
  async admits(bytes: number, purpose: Purpose): Promise<boolean> {
    const { reserveBytes } = this.#options;
    if (reserveBytes === 0) return true;
    const reserve = purpose === 'data' ? reserveBytes : reserveBytes / 4;
    const now = performance.now();
    const isNear = this.#free - this.#written - bytes < reserveBytes;
    if (isNear || this.#written > checkEveryBytes || now - this.#checkedAt > checkEveryMs) {
      this.#free = await this.#look();
      this.#checkedAt = now;
      this.#written = 0;
    }
    if (this.#free - this.#written - bytes < reserve) return false;
    this.#written += bytes;
    return true;
  }

  full(doing: string): StorageError {
    const { directory, reserveBytes } = this.#options;
    const message = `cannot ${doing}: less than ${reserveBytes} bytes are free for ${directory}, free some space`;
    return new StorageError('RAFT_STORAGE_FULL', message);
  }

  async #look(): Promise<number> {
    const { directory, freeBytes } = this.#options;
    if (freeBytes) return freeBytes();
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  }
}
