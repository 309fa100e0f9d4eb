import type { LogIndex } from '../../types.js';
import { Series } from './series.js';

/** Bytes of results kept for all sessions together; like the limits of the table, the same on every replica. */
export const MAX_RESULT_BYTES: number = 32 * 1024 * 1024;

/** What one kept result costs beside its bytes, roughly, so that many small ones are limited too. */
const OVERHEAD_BYTES = 64;

/** Results of applied commands, by the index of their entry. Beyond the limit the oldest are dropped. */
export class KeptResults {
  /** Results are kept in the order of the log. */
  readonly #results = new Series<Uint8Array>();
  #bytes = 0;
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get size(): number {
    return this.#results.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What is kept now, in the order of the index. */
  view(): Iterable<readonly [LogIndex, Uint8Array]> {
    return this.#results.view();
  }

  get(index: LogIndex): Uint8Array | undefined {
    return this.#results.get(index);
  }

  keep(index: LogIndex, result: Uint8Array): void {
    this.#results.add(index, result);
    this.#bytes += result.length + OVERHEAD_BYTES;
    while (this.#bytes > this.maxBytes) this.forget(this.#results.firstIndex as LogIndex);
  }

  forget(index: LogIndex): void {
    const result = this.#results.delete(index);
    if (result !== undefined) this.#bytes -= result.length + OVERHEAD_BYTES;
  }
}
