import type { LogIndex } from '../types.js';

/** So many marks, at most, lie in what is kept. */
const MARKS = 64;

interface Mark {
  readonly index: LogIndex;
  /** Of all entries up to there, counted since this process was started. */
  readonly bytes: number;
}

/** How large the end of the log is, roughly and in a few numbers: so that a tail of a limited size may be kept behind a snapshot. */
export class Tail {
  readonly #limitBytes: number;
  #bytes = 0;
  /** In order; one whenever a small part of the limit has come. */
  #marks: Mark[] = [];

  /** `limitBytes`: of the tail; Infinity: no limit. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  appended(index: LogIndex, bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes - (this.#marks.at(-1)?.bytes ?? 0) < this.#limitBytes / MARKS) return;
    this.#marks.push({ index, bytes: this.#bytes });
  }

  /** `from` and all after it, which were of so many bytes, are dropped. */
  truncated(from: LogIndex, bytes: number): void {
    this.#bytes -= bytes;
    while ((this.#marks.at(-1)?.index ?? 0) >= from) this.#marks.pop();
  }

  compacted(through: LogIndex): void {
    const last = this.#marks.findLastIndex(({ index }) => index <= through);
    if (last > 0) this.#marks.splice(0, last);
  }

  reset(): void {
    this.#marks = [];
    this.#bytes = 0;
  }

  /** Behind this index the entries up to `index` are not larger than the limit, as far as is known; 0: all of them. */
  before(index: LogIndex): LogIndex {
    const last = this.#marks.findLast((mark) => mark.index <= index);
    if (last === undefined) return 0;
    const tooMany = last.bytes - this.#limitBytes;
    return tooMany <= 0 ? 0 : (this.#marks.find(({ bytes }) => bytes >= tooMany) as Mark).index;
  }
}
