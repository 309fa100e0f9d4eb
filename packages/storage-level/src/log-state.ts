import { InvalidArgumentError } from '@raft/core';
import type { Entry, HardState, LogBatch, LogIndex, Term, TermRun } from '@raft/core';
import type { GroupRecord, SnapshotRecord } from './records.js';

/** What one step does to a group. Applied in the order of the fields. */
export interface Change extends LogBatch {
  readonly compactTo?: TermRun | undefined;
  readonly snapshot?: SnapshotRecord | undefined;
}

/** All of a group but its entries' data. */
export class LogState {
  readonly storeId: string;
  hardState: HardState = { term: 0, votedFor: undefined, commitIndex: 0 };
  lastIndex: LogIndex = 0;
  snapshot: SnapshotRecord | undefined;
  /** From the entry before the first on. */
  #runs: TermRun[] = [{ index: 0, term: 0 }];

  constructor(storeId: string) {
    this.storeId = storeId;
  }

  /** With the terms as the entries tell them, from the one before the first on. */
  static of(record: GroupRecord, hardState: HardState, terms: readonly TermRun[]): LogState {
    const state = new LogState(record.storeId);
    state.hardState = hardState;
    state.lastIndex = record.last.index;
    state.snapshot = record.snapshot;
    state.#runs = [...terms];
    return state;
  }

  get base(): TermRun {
    return this.#runs[0]!;
  }

  get firstIndex(): LogIndex {
    return this.base.index + 1;
  }

  /** The last entry, or the one before the first when there is none. */
  get last(): TermRun {
    return { index: this.lastIndex, term: this.#runs.at(-1)!.term };
  }

  get terms(): readonly TermRun[] {
    return this.#runs;
  }

  get record(): GroupRecord {
    const { storeId, hardState, last, snapshot } = this;
    const { index, term } = this.base;
    return { storeId, hardState, base: { index, term }, last, snapshot };
  }

  /** Term of an entry from `firstIndex − 1` to `lastIndex`. */
  termOf(index: LogIndex): Term {
    return this.#runs.findLast((run) => run.index <= index)!.term;
  }

  clone(): LogState {
    return LogState.of(this.record, this.hardState, this.#runs);
  }

  /** Throws {@link InvalidArgumentError} unless the change can follow. */
  check({ resetTo, truncateFrom, entries, compactTo }: Change): void {
    const start = resetTo ? resetTo.index + 1 : this.firstIndex;
    let next = resetTo ? start : this.lastIndex + 1;
    if (truncateFrom !== undefined) {
      if (truncateFrom < start || truncateFrom > next) {
        throw new InvalidArgumentError(`cannot truncate from ${truncateFrom}: the log holds ${start} to ${next - 1}`);
      }
      next = truncateFrom;
    }
    for (const { index } of entries) {
      if (index !== next) {
        throw new InvalidArgumentError(`entry ${index} cannot follow entry ${next - 1}: entries are consecutive`);
      }
      next++;
    }
    if (compactTo && compactTo.index >= next) {
      throw new InvalidArgumentError(`cannot compact through ${compactTo.index}: the log ends at ${next - 1}`);
    }
  }

  /** The change has passed {@link check}. */
  apply({ hardState, resetTo, truncateFrom, entries, compactTo, snapshot }: Change): void {
    if (hardState) this.hardState = { ...hardState };
    if (resetTo) {
      this.lastIndex = resetTo.index;
      this.#runs = [{ index: resetTo.index, term: resetTo.term }];
    }
    if (truncateFrom !== undefined) {
      this.lastIndex = truncateFrom - 1;
      while (this.#runs.length > 1 && this.#runs.at(-1)!.index >= truncateFrom) this.#runs.pop();
    }
    for (const entry of entries) this.#extend(entry);
    if (compactTo && compactTo.index >= this.firstIndex) {
      const later = this.#runs.filter((run) => run.index > compactTo.index);
      this.#runs = [compactTo, ...later];
    }
    if (snapshot) this.snapshot = snapshot;
  }

  #extend({ index, term }: Entry): void {
    this.lastIndex = index;
    if (term !== this.#runs.at(-1)!.term) this.#runs.push({ index, term });
  }
}
