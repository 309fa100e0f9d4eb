import { InvalidArgumentError } from '@raft/core';
import type { Entry, HardState, LogIndex, Term, TermRun } from '@raft/core';
import type { ControlRecord } from './records.js';

/** What a batch does to the log, without the entries' data. */
export interface LogChange extends ControlRecord {
  /** Index of the first entry that is appended. */
  readonly first: LogIndex;
  readonly count: number;
  /** The terms of these entries. */
  readonly runs: readonly TermRun[];
}

/** The terms of consecutive entries, one item per run. Throws {@link InvalidArgumentError} unless they are consecutive. */
export function termRuns(entries: readonly Entry[]): TermRun[] {
  const runs: TermRun[] = [];
  let term = -1;
  let next = entries[0]?.index ?? 0;
  for (const entry of entries) {
    if (entry.index !== next++) {
      throw new InvalidArgumentError(`entry ${entry.index} cannot follow entry ${next - 2}: entries are consecutive`);
    }
    if (entry.term === term) continue;
    term = entry.term;
    runs.push({ index: entry.index, term });
  }
  return runs;
}

/** Everything about the log that is small: hard state, bounds and terms. */
export class LogState {
  hardState: HardState = { term: 0, votedFor: undefined, commitIndex: 0 };
  lastIndex: LogIndex = 0;
  /** Entries up to here are in no file that is left; they must be compacted by the end of a recovery. */
  missingThrough: LogIndex = 0;
  /** From the entry before the first on. */
  #runs: TermRun[] = [{ index: 0, term: 0 }];

  get base(): TermRun {
    return this.#runs[0]!;
  }

  get firstIndex(): LogIndex {
    return this.base.index + 1;
  }

  get terms(): readonly TermRun[] {
    return this.#runs;
  }

  /** The last entry, or the one before the first when there is none. */
  get last(): TermRun {
    return { index: this.lastIndex, term: this.#runs.at(-1)!.term };
  }

  /** Term of an entry from `firstIndex − 1` to `lastIndex`. */
  termOf(index: LogIndex): Term {
    return this.#runs.findLast((run) => run.index <= index)!.term;
  }

  clone(): LogState {
    const copy = new LogState();
    copy.hardState = this.hardState;
    copy.lastIndex = this.lastIndex;
    copy.missingThrough = this.missingThrough;
    copy.#runs = [...this.#runs];
    return copy;
  }

  /** Takes over what a segment's header says. */
  begin(hardState: HardState, base: TermRun, last: TermRun): void {
    this.hardState = hardState;
    this.lastIndex = last.index;
    this.missingThrough = last.index;
    this.#runs = last.index > base.index && last.term !== base.term ? [base, last] : [base];
  }

  /** Throws {@link InvalidArgumentError} unless the change can follow. */
  check({ resetTo, truncateFrom, compactTo, first, count }: LogChange): void {
    const start = resetTo ? resetTo.index + 1 : this.firstIndex;
    let next = resetTo ? start : this.lastIndex + 1;
    if (truncateFrom !== undefined) {
      if (truncateFrom < start || truncateFrom > next) {
        throw new InvalidArgumentError(`cannot truncate from ${truncateFrom}: the log holds ${start} to ${next - 1}`);
      }
      next = truncateFrom;
    }
    if (count > 0 && first !== next) {
      throw new InvalidArgumentError(`entry ${first} cannot follow entry ${next - 1}: entries are consecutive`);
    }
    if (compactTo && (compactTo.index >= next || compactTo.index < start - 1)) {
      throw new InvalidArgumentError(`cannot compact through ${compactTo.index}: the log ends at ${next - 1}`);
    }
  }

  /** The change has passed {@link check}. */
  apply({ hardState, resetTo, truncateFrom, compactTo, first, count, runs }: LogChange): void {
    if (hardState) this.hardState = hardState;
    if (resetTo) {
      this.lastIndex = resetTo.index;
      this.missingThrough = resetTo.index;
      this.#runs = [resetTo];
    }
    if (truncateFrom !== undefined) {
      this.lastIndex = truncateFrom - 1;
      this.missingThrough = Math.min(this.missingThrough, this.lastIndex);
      while (this.#runs.length > 1 && this.#runs.at(-1)!.index >= truncateFrom) this.#runs.pop();
    }
    if (count > 0) {
      this.lastIndex = first + count - 1;
      for (const run of runs) if (run.term !== this.#runs.at(-1)!.term) this.#runs.push(run);
    }
    if (compactTo) {
      const later = this.#runs.filter((run) => run.index > compactTo.index);
      if (later[0]?.term === compactTo.term) later.shift();
      this.#runs = [compactTo, ...later];
    }
  }
}

/**
 * The log's hard state, or the one that was written beside it, whichever is later. The commit index of that one may be of
 * entries that a full disk had no space for.
 */
export function restoredHardState({ hardState, lastIndex }: LogState, beside: HardState | undefined): HardState {
  if (beside === undefined) return hardState;
  return laterHardState(hardState, { ...beside, commitIndex: Math.min(beside.commitIndex, lastIndex) });
}

/** The later of two hard states: terms and commit indexes never go back, and within a term a vote is given once. */
function laterHardState(a: HardState, b: HardState): HardState {
  const { term, votedFor } = a.term > b.term || (a.term === b.term && a.votedFor !== undefined) ? a : b;
  return { term, votedFor, commitIndex: Math.max(a.commitIndex, b.commitIndex) };
}
