import { EntryType, InvalidArgumentError } from '@raft/core';
import { decodeConfiguration } from '@raft/core/consensus';
import type { Configuration, Entry, HardState, LogBatch, LogIndex, SnapshotMeta, Term, TermRun } from '@raft/core';

export interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  readonly chunks: readonly Uint8Array[];
  /** A bit of it has flipped; it stays with this snapshot wherever it is copied. */
  rot?: Rot | undefined;
}

export interface Rot {
  /** The bit, as a part of all of them. */
  readonly at: number;
  /** Whether the storage notices when that is read; otherwise it hands the bit out as it is. */
  readonly isSeen: boolean;
}

const nobody: Configuration = { voters: [], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };

/** What a disk holds, as of some of the writes that it was told to make. */
export class Content {
  hardState: HardState = { term: 0, votedFor: undefined, commitIndex: 0 };
  /** The entry before the first. */
  base: TermRun = { index: 0, term: 0 };
  entries: Entry[] = [];
  snapshot: StoredSnapshot | undefined;

  get lastIndex(): LogIndex {
    return this.base.index + this.entries.length;
  }

  entry(index: LogIndex): Entry | undefined {
    return this.entries[index - this.base.index - 1];
  }

  /** Undefined before the base and past the end. */
  termAt(index: LogIndex): Term | undefined {
    return index === this.base.index ? this.base.term : this.entry(index)?.term;
  }

  /** Whether this disk can bring back the state that the entry leads to. */
  holds(index: LogIndex, term: Term): boolean {
    return this.termAt(index) === term || (this.snapshot !== undefined && index <= this.snapshot.meta.index);
  }

  /** Throws {@link InvalidArgumentError} and changes nothing when the batch does not follow the log. */
  append({ hardState, resetTo, truncateFrom, entries }: LogBatch): void {
    const first = (resetTo ?? this.base).index + 1;
    let next = resetTo === undefined ? this.lastIndex + 1 : first;
    if (truncateFrom !== undefined) {
      if (truncateFrom < first || truncateFrom > next)
        throw new InvalidArgumentError(`cannot truncate from ${truncateFrom}: the log holds ${first} to ${next - 1}`);
      next = truncateFrom;
    }
    for (const { index } of entries)
      if (index !== next++) throw new InvalidArgumentError(`entry ${index} cannot follow ${next - 2}`);
    if (resetTo !== undefined) {
      this.base = resetTo;
      this.entries = [];
    }
    if (truncateFrom !== undefined) this.entries.length = truncateFrom - this.base.index - 1;
    for (const entry of entries) this.entries.push(entry);
    if (hardState !== undefined) this.hardState = hardState;
  }

  compact(through: LogIndex): void {
    if (through > this.lastIndex) throw new InvalidArgumentError(`cannot compact through ${through}: not in the log`);
    if (through <= this.base.index) return;
    const gone = through - this.base.index;
    this.base = { index: through, term: (this.entries[gone - 1] as Entry).term };
    this.entries = this.entries.slice(gone);
  }

  terms(): TermRun[] {
    const runs = [this.base];
    for (const { index, term } of this.entries) if (runs.at(-1)?.term !== term) runs.push({ index, term });
    return runs;
  }

  configurations(): Entry[] {
    return this.entries.filter((entry) => entry.type === EntryType.configuration);
  }

  /** The configuration in force, as far as this log goes. */
  configuration(): Configuration {
    const last = this.entries.findLast((entry) => entry.type === EntryType.configuration);
    if (last !== undefined) return decodeConfiguration(last.data);
    return this.snapshot?.meta.configuration ?? nobody;
  }

  /** What later writes to either do not change in the other. */
  copy(): Content {
    const copy = new Content();
    copy.hardState = this.hardState;
    copy.base = this.base;
    copy.entries = [...this.entries];
    copy.snapshot = this.snapshot;
    return copy;
  }
}
