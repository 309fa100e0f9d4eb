import type { LogIndex } from '../../types.js';

/** Bytes of results kept for all sessions together; like the limits of the table, the same on every replica. */
export const MAX_RESULT_BYTES: number = 32 * 1024 * 1024;

/** What one kept result costs beside its bytes, roughly, so that many small ones are limited too. */
const OVERHEAD_BYTES = 64;

/** Results of applied commands, by the index of their entry. Beyond the limit the oldest are dropped. */
export class KeptResults {
  /** In the order of the index: results are kept in the order of the log. */
  #results = new Map<LogIndex, Uint8Array>();
  #bytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#results.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** In the order of the index. */
  entries(): IterableIterator<[LogIndex, Uint8Array]> {
    return this.#results.entries();
  }

  get(index: LogIndex): Uint8Array | undefined {
    return this.#results.get(index);
  }

  keep(index: LogIndex, result: Uint8Array): void {
    this.#results.set(index, result);
    this.#bytes += result.length + OVERHEAD_BYTES;
    if (this.#bytes <= this.#maxBytes) return;
    for (const oldest of this.#results.keys()) {
      this.forget(oldest);
      if (this.#bytes <= this.#maxBytes) return;
    }
  }

  forget(index: LogIndex): void {
    const result = this.#results.get(index);
    if (result === undefined) return;
    this.#results.delete(index);
    this.#bytes -= result.length + OVERHEAD_BYTES;
  }

  reset(results: readonly (readonly [LogIndex, Uint8Array])[]): void {
    this.#results = new Map();
    this.#bytes = 0;
    for (const [index, result] of results) this.keep(index, result);
  }
}
