import type { GroupId, LogIndex } from '@raft/core';
import { GroupKeys } from './keys.js';
import type { KeyRange } from './keys.js';
import type { LogState } from './log-state.js';

/** Keys that one step of a range deletion takes. */
const clearStep = 20_000;

/** One group of an open database. */
export class Group {
  readonly id: GroupId;
  readonly keys: GroupKeys;
  /** As it is on the disk. */
  readonly state: LogState;
  /** As it will be when all that waits is written. */
  queued: LogState;
  /** While a write is under way that changes entries which are there. */
  rewriting: Promise<void> | undefined;
  readonly #clear: (range: KeyRange) => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  /** Entries up to here are gone from the disk too. */
  #clearedThrough: LogIndex;
  #clearing: Promise<void> | undefined;
  #closed = false;

  constructor(
    id: GroupId,
    state: LogState,
    clearedThrough: LogIndex,
    clear: (range: KeyRange) => Promise<void>,
    onFailure: (error: unknown) => void,
  ) {
    this.id = id;
    this.keys = new GroupKeys(id);
    this.state = state;
    this.queued = state.clone();
    this.#clear = clear;
    this.#clearedThrough = clearedThrough;
    this.#onFailure = onFailure;
  }

  /** Deletes, step by step and in the background, the entries that the log has forgotten. */
  clear(): void {
    this.#clearing ??= this.#clearAll().finally(() => {
      this.#clearing = undefined;
    });
  }

  /** Resolves when nothing is left of what the log has forgotten. */
  async cleared(): Promise<void> {
    while (this.#clearing) await this.#clearing;
  }

  /** The next one to open the group goes on with what is left. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#clearing;
  }

  /** A log that goes back has been cleared, but for what is before its beginning. */
  wentBackTo(index: LogIndex): void {
    this.#clearedThrough = Math.min(this.#clearedThrough, index);
  }

  async #clearAll(): Promise<void> {
    try {
      while (!this.#closed && this.#clearedThrough < this.state.base.index) {
        const to = Math.min(this.state.base.index, this.#clearedThrough + clearStep);
        await this.#clear(this.keys.entries(this.#clearedThrough + 1, to));
        this.#clearedThrough = Math.max(this.#clearedThrough, to);
      }
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
