import type { Entry, LogIndex, Term, TermRun } from '../types.js';
import { assert } from './assert.js';
import { Tail } from './tail.js';
import { TermRuns } from './term-runs.js';

/** Bytes that an entry is counted with beside its data: what a wire or a disk adds, and what the object takes. */
const ENTRY_OVERHEAD_BYTES = 64;

export const sizeOf = (entry: Entry): number => entry.data.length + ENTRY_OVERHEAD_BYTES;

/** Where those of `entries` end that lie from `start` on, before `limit`, and fit in `maxBytes`: behind one at least. */
export function endOfFitting(entries: readonly Entry[], start: number, limit: number, maxBytes: number): number {
  let end = start;
  for (let bytes = 0; end < limit; end++) {
    bytes += sizeOf(entries[end] as Entry);
    if (bytes > maxBytes && end > start) break;
  }
  return end;
}

interface WriteInFlight {
  readonly sequence: number;
  /** Clamped when the log is truncated under the write, so a late 'persisted' never counts for new entries. */
  lastIndex: LogIndex;
  /** Where the disk's log ends with this write. */
  readonly end: LogIndex;
  readonly resetTo: TermRun | undefined;
  readonly truncateFrom: LogIndex | undefined;
}

/** What the storage is to be handed. */
export interface Unwritten {
  readonly resetTo: TermRun | undefined;
  readonly truncateFrom: LogIndex | undefined;
  readonly entries: readonly Entry[];
}

/**
 * The log as the consensus sees it: where it begins and ends, the term of every index, how far it is on the disk, how far it
 * is committed, and the recent entries themselves. Older entries are on the disk only.
 */
export class RaftLog {
  readonly #cacheLimitBytes: number;
  readonly #terms: TermRuns;
  readonly #tail: Tail;
  /** Entries `#cacheFirst`, `#cacheFirst + 1`, … are `#cache[#head]`, `#cache[#head + 1]`, … up to `lastIndex`. */
  #cache: Entry[] = [];
  #head = 0;
  #cacheFirst: LogIndex;
  #cacheBytes = 0;

  /** The first entry that has not been handed to the storage. */
  #unwrittenFrom: LogIndex;
  #truncateFrom: LogIndex | undefined;
  #resetTo: TermRun | undefined;
  #writes: WriteInFlight[] = [];
  /** Where the disk's log ends, with what was truncated in memory alone. */
  #diskEnd: LogIndex;

  firstIndex: LogIndex;
  lastIndex: LogIndex;
  /** Up to here the log is on this node's disk. */
  durableIndex: LogIndex;
  commitIndex: LogIndex;

  constructor(
    bounds: { firstIndex: LogIndex; lastIndex: LogIndex; terms: readonly TermRun[]; commitIndex: LogIndex },
    cacheLimitBytes: number,
    retainedBytes: number = Number.POSITIVE_INFINITY,
  ) {
    this.#tail = new Tail(retainedBytes);
    this.firstIndex = bounds.firstIndex;
    this.lastIndex = bounds.lastIndex;
    this.durableIndex = bounds.lastIndex;
    this.commitIndex = Math.max(bounds.firstIndex - 1, Math.min(bounds.commitIndex, bounds.lastIndex));
    this.#terms = new TermRuns(bounds.terms);
    this.#cacheFirst = bounds.lastIndex + 1;
    this.#unwrittenFrom = bounds.lastIndex + 1;
    this.#diskEnd = bounds.lastIndex;
    this.#cacheLimitBytes = cacheLimitBytes;
  }

  get lastTerm(): Term {
    return this.#terms.lastTerm;
  }

  /** Undefined outside the log; the entry just before `firstIndex` still has its term. */
  termAt(index: LogIndex): Term | undefined {
    return index < this.firstIndex - 1 || index > this.lastIndex ? undefined : this.#terms.at(index);
  }

  /**
   * The last index, at most `index`, whose term is at most `term`: where a log that has `term` at `index` may agree with this
   * one. Skips whole terms (paper, section 5.3).
   */
  lastIndexWithTermAtMost(index: LogIndex, term: Term): LogIndex {
    const found = this.#terms.lastIndexWithTermAtMost(Math.min(index, this.lastIndex), term);
    return Math.max(found, this.firstIndex - 1);
  }

  /** At least as complete as this log (paper, section 5.4.1). */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, `entry ${entry.index} does not follow ${this.lastIndex}`);
    assert(entry.term >= this.lastTerm, `term ${entry.term} follows term ${this.lastTerm} at index ${entry.index}`);
    this.#cache.push(entry);
    this.#cacheBytes += sizeOf(entry);
    this.lastIndex = entry.index;
    this.#terms.push(entry.index, entry.term);
    this.#tail.appended(entry.index, sizeOf(entry));
  }

  /** Drops `from` and all after it: they conflict with the leader's log. */
  truncate(from: LogIndex): void {
    assert(from > this.commitIndex, `truncation at ${from} would drop committed entries (up to ${this.commitIndex})`);
    const before = this.#cacheBytes;
    while (this.#cache.length > this.#head && this.lastIndex >= from) {
      this.#cacheBytes -= sizeOf(this.#cache.pop() as Entry);
      this.lastIndex--;
    }
    this.lastIndex = Math.min(this.lastIndex, from - 1);
    if (this.#cache.length === this.#head) this.#cacheFirst = this.lastIndex + 1;
    this.#terms.truncate(from);
    this.#tail.truncated(from, before - this.#cacheBytes);
    this.durableIndex = Math.min(this.durableIndex, from - 1);
    for (const write of this.#writes) write.lastIndex = Math.min(write.lastIndex, from - 1);
    if (from < this.#unwrittenFrom) {
      this.#truncateFrom = Math.min(this.#truncateFrom ?? from, from);
      this.#unwrittenFrom = from;
    }
  }

  /** Forgets the entries up to `through`, which is committed and on the disk; its term stays known. */
  compact(through: LogIndex): void {
    assert(
      through <= Math.min(this.commitIndex, this.durableIndex),
      `compaction to ${through} would drop what is needed`,
    );
    this.#terms.compact(through);
    this.#tail.compacted(through);
    this.firstIndex = through + 1;
  }

  /** Drops the whole log: a snapshot that ends with `base` is on the disk instead (paper, figure 13). */
  reset(base: TermRun): void {
    assert(base.index > this.commitIndex, `a reset to ${base.index} would go back from ${this.commitIndex}`);
    this.#terms.reset(base);
    this.#tail.reset();
    this.#cache = [];
    this.#head = 0;
    this.#cacheBytes = 0;
    this.#cacheFirst = base.index + 1;
    this.firstIndex = base.index + 1;
    this.lastIndex = base.index;
    this.durableIndex = base.index;
    this.commitIndex = base.index;
    for (const write of this.#writes) write.lastIndex = Math.min(write.lastIndex, base.index);
    this.#resetTo = base;
    this.#truncateFrom = undefined;
    this.#unwrittenFrom = base.index + 1;
  }

  /** Where a tail that ends with `index` has to begin behind, to be no larger than it may be. */
  tailBefore(index: LogIndex): LogIndex {
    return this.#tail.before(index);
  }

  /** The cached entries from `from` to `to` that fit in `maxBytes`, one at least; undefined when `from` is not cached. */
  cached(from: LogIndex, to: LogIndex, maxBytes: number): Entry[] | undefined {
    if (from < this.#cacheFirst) return undefined;
    const start = this.#head + (from - this.#cacheFirst);
    const limit = Math.min(this.#head + (to - this.#cacheFirst) + 1, this.#cache.length);
    return this.#cache.slice(start, endOfFitting(this.#cache, start, limit, maxBytes));
  }

  get hasUnwritten(): boolean {
    return this.#unwrittenFrom <= this.lastIndex || this.#truncateFrom !== undefined || this.#resetTo !== undefined;
  }

  /** What the storage has not been handed yet; it is in flight under `sequence` from now on. */
  takeUnwritten(sequence: number): Unwritten {
    const entries = this.cached(this.#unwrittenFrom, this.lastIndex, Number.POSITIVE_INFINITY);
    assert(entries !== undefined, 'an entry left the cache before it was written');
    const truncateFrom = this.#truncateFrom;
    const resetTo = this.#resetTo;
    this.#truncateFrom = undefined;
    this.#resetTo = undefined;
    this.#unwrittenFrom = this.lastIndex + 1;
    this.#writes.push({ sequence, lastIndex: this.lastIndex, end: this.lastIndex, resetTo, truncateFrom });
    return { resetTo, truncateFrom, entries };
  }

  /** A write that leaves the log alone is in flight. */
  writeNothing(sequence: number): void {
    this.#writes.push({ sequence, lastIndex: 0, end: this.#endInFlight, resetTo: undefined, truncateFrom: undefined });
  }

  /** Where the disk's log ends once all that is in flight has arrived. */
  get #endInFlight(): LogIndex {
    return this.#writes.at(-1)?.end ?? this.#diskEnd;
  }

  /** The writes from `sequence` on have left nothing behind: what they held is unwritten again. */
  refused(sequence: number): void {
    const first = this.#writes.findIndex((write) => write.sequence >= sequence);
    if (first < 0) return;
    const refused = this.#writes.splice(first);
    const end = this.#endInFlight;
    this.#resetTo ??= refused.findLast((write) => write.resetTo !== undefined)?.resetTo;
    this.#truncateFrom = leastOf([this.#truncateFrom, ...refused.map((write) => write.truncateFrom)]);
    // What is not there cannot be dropped; what is dropped with all the rest need not be.
    if ((this.#truncateFrom ?? 0) > end || this.#resetTo !== undefined) this.#truncateFrom = undefined;
    this.#unwrittenFrom = this.#truncateFrom ?? (this.#resetTo?.index ?? end) + 1;
  }

  /** All writes up to `sequence` are on the disk. */
  persisted(sequence: number): void {
    let done = 0;
    for (const write of this.#writes) {
      if (write.sequence > sequence) break;
      this.durableIndex = Math.max(this.durableIndex, write.lastIndex);
      this.#diskEnd = write.end;
      done++;
    }
    this.#writes.splice(0, done);
    this.#evict();
  }

  commitTo(index: LogIndex): void {
    assert(index <= this.lastIndex, `commit index ${index} is past the log's end ${this.lastIndex}`);
    assert(index >= this.commitIndex, `commit index would go back from ${this.commitIndex} to ${index}`);
    this.commitIndex = index;
    this.#evict();
  }

  /** Only what is on the disk and committed may leave: the rest cannot be read back, or is still counted. */
  #evict(): void {
    const upTo = Math.min(this.durableIndex, this.commitIndex);
    while (this.#cacheBytes > this.#cacheLimitBytes && this.#cacheFirst <= upTo) {
      this.#cacheBytes -= sizeOf(this.#cache[this.#head] as Entry);
      this.#cache[this.#head] = undefined as unknown as Entry;
      this.#head++;
      this.#cacheFirst++;
    }
    if (this.#head > 1024 && this.#head > this.#cache.length / 2) {
      this.#cache = this.#cache.slice(this.#head);
      this.#head = 0;
    }
  }
}

function leastOf(indexes: readonly (LogIndex | undefined)[]): LogIndex | undefined {
  const known = indexes.filter((index) => index !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
