import type { LogIndex } from '@raft/core';

/** What one command did to one key, with bytes as binary strings (see bytes.ts). Never changed once made. */
export interface StoredChange {
  readonly revision: LogIndex;
  readonly key: string;
  /** Undefined: it was deleted. */
  readonly value: string | undefined;
}

export interface HistoryLimits {
  /** Changes that are remembered. */
  readonly maxChanges: number;
  /** Bytes of memory that they take, roughly. */
  readonly maxBytes: number;
}

export const defaultHistoryLimits: HistoryLimits = { maxChanges: 100_000, maxBytes: 64 * 1024 * 1024 };

/** An entry of the array, its object, and what the strings have beside their characters. */
const overheadBytes = 100;

/** The last changes of the map, in order. What is older than the limits allow is forgotten, a whole revision at a time. */
export class History {
  readonly #limits: HistoryLimits;
  /** From {@link #first} on; what stands before it is forgotten already. */
  #changes: (StoredChange | undefined)[] = [];
  #first = 0;
  #bytes = 0;
  #forgotten: LogIndex;
  #latest: LogIndex;

  /** Knows nothing of what was done up to `revision`. */
  constructor(revision: LogIndex, limits: HistoryLimits) {
    this.#limits = limits;
    this.#forgotten = revision;
    this.#latest = revision;
  }

  /** Of the latest change, remembered or not; 0 before the first. */
  get latest(): LogIndex {
    return this.#latest;
  }

  /** The least revision from which every change is remembered. */
  get oldest(): LogIndex {
    return this.#forgotten + 1;
  }

  add(change: StoredChange): void {
    this.#changes.push(change);
    this.#bytes += bytesOf(change);
    this.#latest = change.revision;
    while (this.#changes.length - this.#first > this.#limits.maxChanges || this.#bytes > this.#limits.maxBytes) {
      this.#forget();
    }
  }

  /** The changes from `revision` on, which is at least {@link oldest}; all of one revision follow each other. */
  *from(revision: LogIndex): Generator<StoredChange, void, void> {
    for (let at = this.#find(revision); at < this.#changes.length; at++) yield this.#changes[at]!;
  }

  #forget(): void {
    const { revision } = this.#changes[this.#first]!;
    while (this.#changes[this.#first]?.revision === revision) {
      this.#bytes -= bytesOf(this.#changes[this.#first]!);
      this.#changes[this.#first++] = undefined;
    }
    this.#forgotten = revision;
    // Moving the rest to the front costs as much as was saved by not doing it each time.
    if (this.#first > 1024 && this.#first * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Where the first change of at least this revision stands. */
  #find(revision: LogIndex): number {
    let low = this.#first;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#changes[middle]!.revision < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function bytesOf({ key, value }: StoredChange): number {
  return key.length + (value?.length ?? 0) + overheadBytes;
}
