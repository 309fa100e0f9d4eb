import type { LogIndex, Term, TermRun } from '../types.js';
import { assert } from './assert.js';

/** The term of every index of the log as runs of equal terms: a few numbers however long the log is. */
export class TermRuns {
  readonly #runs: TermRun[];

  /** `runs` begins with the index before the log's first entry. */
  constructor(runs: readonly TermRun[]) {
    assert(runs.length > 0, 'the log has no base term');
    this.#runs = [...runs];
  }

  get lastTerm(): Term {
    return (this.#runs.at(-1) as TermRun).term;
  }

  push(index: LogIndex, term: Term): void {
    if (term !== this.lastTerm) this.#runs.push({ index, term });
  }

  /** Forgets `from` and all after it. */
  truncate(from: LogIndex): void {
    while (this.#runs.length > 1 && (this.#runs.at(-1) as TermRun).index >= from) this.#runs.pop();
  }

  /** Forgets all before `index`. */
  compact(index: LogIndex): void {
    const run = this.#runAt(index);
    this.#runs.splice(0, run + 1, { index, term: (this.#runs[run] as TermRun).term });
  }

  /** Forgets everything: the log begins behind `base`. */
  reset(base: TermRun): void {
    this.#runs.splice(0, this.#runs.length, base);
  }

  at(index: LogIndex): Term {
    return (this.#runs[this.#runAt(index)] as TermRun).term;
  }

  /** May lie before the first run when nothing in the log qualifies. */
  lastIndexWithTermAtMost(index: LogIndex, term: Term): LogIndex {
    let last = index;
    for (let run = this.#runAt(index); run >= 0; run--) {
      const { index: start, term: runTerm } = this.#runs[run] as TermRun;
      if (runTerm <= term) return last;
      last = start - 1;
    }
    return last;
  }

  /** The run that holds `index`; most questions are about the log's end. */
  #runAt(index: LogIndex): number {
    let high = this.#runs.length - 1;
    if ((this.#runs[high] as TermRun).index <= index) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#runs[middle] as TermRun).index <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
