import { InvalidArgumentError, StorageError } from '@raft/core';
import type { Entry, LogBatch, LogIndex, TermRun } from '@raft/core';

/** The log as an array: the entry of index `base.index + 1` comes first. */
export class MemoryLog {
  #base: TermRun = { index: 0, term: 0 };
  #entries: Entry[] = [];
  #bytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get firstIndex(): LogIndex {
    return this.#base.index + 1;
  }

  get lastIndex(): LogIndex {
    return this.#base.index + this.#entries.length;
  }

  /**
   * Throws {@link InvalidArgumentError} when the batch does not follow the log, `RAFT_STORAGE_FULL` when the log would become too
   * large; then it changes nothing.
   */
  apply(batch: LogBatch): void {
    this.#check(batch);
    const { entries, resetTo, truncateFrom } = batch;
    const kept = resetTo ? 0 : (truncateFrom ?? this.lastIndex + 1) - this.firstIndex;
    const bytes = this.#bytes - bytesOf(this.#entries.slice(kept)) + bytesOf(entries);
    if (entries.length > 0 && bytes > this.#maxBytes) {
      const message = `the log in memory may have ${this.#maxBytes} bytes: take a snapshot and compact it, or raise maxBytes`;
      throw new StorageError('RAFT_STORAGE_FULL', message);
    }
    if (resetTo) this.#base = { index: resetTo.index, term: resetTo.term };
    this.#entries.length = kept;
    for (const entry of entries) this.#entries.push(entry);
    this.#bytes = bytes;
  }

  compact(through: LogIndex): void {
    if (through > this.lastIndex) {
      throw new InvalidArgumentError(`cannot compact through ${through}: the log ends at ${this.lastIndex}`);
    }
    if (through < this.firstIndex) return;
    const gone = through - this.#base.index;
    this.#base = { index: through, term: this.#entries[gone - 1]!.term };
    this.#bytes -= bytesOf(this.#entries.slice(0, gone));
    this.#entries = this.#entries.slice(gone);
  }

  read(from: LogIndex, to: LogIndex, maxBytes: number): Entry[] {
    if (from < this.firstIndex) {
      throw new StorageError('RAFT_STORAGE_COMPACTED', `entry ${from} is gone: the log begins at ${this.firstIndex}`);
    }
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = from; index <= Math.min(to, this.lastIndex); index++) {
      const entry = this.#entries[index - this.firstIndex]!;
      bytes += entry.data.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    return found;
  }

  terms(): TermRun[] {
    const runs: TermRun[] = [this.#base];
    for (const { index, term } of this.#entries) if (runs.at(-1)!.term !== term) runs.push({ index, term });
    return runs;
  }

  entriesOfType(type: Entry['type']): Entry[] {
    return this.#entries.filter((entry) => entry.type === type);
  }

  #check(batch: LogBatch): void {
    const first = batch.resetTo ? batch.resetTo.index + 1 : this.firstIndex;
    let next = batch.resetTo ? first : this.lastIndex + 1;
    if (batch.truncateFrom !== undefined) {
      if (batch.truncateFrom < first || batch.truncateFrom > next) {
        throw new InvalidArgumentError(
          `cannot truncate from ${batch.truncateFrom}: the log holds ${first} to ${next - 1}`,
        );
      }
      next = batch.truncateFrom;
    }
    for (const entry of batch.entries) {
      if (entry.index !== next) {
        throw new InvalidArgumentError(`entry ${entry.index} cannot follow entry ${next - 1}: entries are consecutive`);
      }
      next++;
    }
  }
}

/** With what an entry takes besides its data, about. */
function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { data }) => sum + data.length + 64, 0);
}
