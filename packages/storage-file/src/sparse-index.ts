import type { LogIndex } from '@raft/core';

/** A frame that begins with the entry `index`. */
export interface IndexPoint {
  readonly index: LogIndex;
  readonly segment: number;
  readonly offset: number;
}

/** Bytes of log between two points, at least. */
const spacingBytes = 64 * 1024;

/**
 * Where entries lie, sparsely: from a point on, its entries follow one another in the files, up to the entry before the
 * next point. 10 GiB of log take 160,000 points.
 */
export class SparseIndex {
  #points: IndexPoint[] = [];
  /** The next frame does not continue the last point's. */
  #broken = true;
  #version = 0;

  /** Changes whenever entries that were in the index went from its end. */
  get version(): number {
    return this.#version;
  }

  /** The first segment that holds an entry. */
  get firstSegment(): number | undefined {
    return this.#points[0]?.segment;
  }

  /** Frames come in the order of the log. */
  add(index: LogIndex, segment: number, offset: number): void {
    const last = this.#points.at(-1);
    if (!this.#broken && last?.segment === segment && offset - last.offset < spacingBytes) return;
    this.#points.push({ index, segment, offset });
    this.#broken = false;
  }

  /** Forgets `from` and all after it. */
  truncate(from: LogIndex): void {
    while (this.#points.length > 0 && this.#points.at(-1)!.index >= from) this.#points.pop();
    this.#broken = true;
    this.#version++;
  }

  clear(): void {
    this.#points = [];
    this.#broken = true;
    this.#version++;
  }

  /** Forgets what lies before `first`; entries from there to `last` stay. */
  compact(first: LogIndex, last: LogIndex): void {
    if (first > last) return this.clear();
    const keep = this.#position(first);
    if (keep > 0) this.#points.splice(0, keep);
  }

  /** The point to start from in order to find an entry, and the last entry that is found from there. */
  find(index: LogIndex): { readonly point: IndexPoint; readonly through: LogIndex } | undefined {
    const position = this.#position(index);
    const point = this.#points[position];
    return point && { point, through: (this.#points[position + 1]?.index ?? Number.POSITIVE_INFINITY) - 1 };
  }

  /** Position of the last point that is not after an entry; −1 when there is none. */
  #position(index: LogIndex): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#points[middle]!.index <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
