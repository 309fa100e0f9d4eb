import { decodeConfiguration } from '../../src/consensus/configuration.js';
import type { ConfigurationAt, InitialState } from '../../src/consensus/state.js';
import type { LogBatch } from '../../src/storage.js';
import { EntryType } from '../../src/types.js';
import type { Configuration, Entry, HardState, LogIndex, Term, TermRun } from '../../src/types.js';
import { must } from './violation.js';

/** What a disk holds before the first write: a log that begins behind `base`, as after a snapshot. */
export interface DiskContent {
  readonly base: TermRun;
  /** In force at `base`. */
  readonly configuration: Configuration | undefined;
  readonly hardState: HardState;
  readonly entries: readonly Entry[];
}

interface Write {
  readonly sequence: number;
  readonly batch: LogBatch;
}

/**
 * One node's disk. Writes are unsynced until `sync`; a crash keeps as many of the oldest as luck will have it. Refuses what no
 * storage could take: gaps, a term or commit index that goes back, a vote that changes within its term.
 */
export class Disk {
  readonly base: TermRun;
  readonly #baseConfiguration: Configuration | undefined;
  #entries: Entry[];
  hardState: HardState;
  /** Handed over and not durable yet, oldest first. */
  readonly unsynced: Write[] = [];

  constructor({ base, configuration, hardState, entries }: DiskContent) {
    this.base = base;
    this.#baseConfiguration = configuration;
    this.hardState = hardState;
    this.#entries = [...entries];
  }

  get lastIndex(): LogIndex {
    return this.base.index + this.#entries.length;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Of durable entries only; undefined outside the log. */
  termAt(index: LogIndex): Term | undefined {
    return index === this.base.index ? this.base.term : this.#entries[index - this.base.index - 1]?.term;
  }

  append(sequence: number, batch: LogBatch): void {
    must(sequence > (this.unsynced.at(-1)?.sequence ?? 0), () => `write ${sequence} is out of order`);
    this.unsynced.push({ sequence, batch });
  }

  /** Makes the oldest write durable; gives its sequence. */
  sync(): number {
    const write = this.unsynced.shift();
    must(write !== undefined, () => 'nothing to sync');
    this.#apply(write.batch);
    return write.sequence;
  }

  /** Of the unsynced writes the oldest `survivors` are durable after all; the others are gone. */
  crash(survivors: number): void {
    for (let left = survivors; left > 0 && this.unsynced.length > 0; left--) this.sync();
    this.unsynced.length = 0;
  }

  /** Durable entries, one at least, then as many as fit. What was truncated in the meantime is missing. */
  read(from: LogIndex, to: LogIndex, maxBytes: number): Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.slice(from - this.base.index - 1, to - this.base.index)) {
      bytes += entry.data.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    return found;
  }

  restore(): InitialState {
    const { base, hardState, lastIndex } = this;
    const terms: TermRun[] = [base];
    const configurations: ConfigurationAt[] = [];
    if (this.#baseConfiguration !== undefined)
      configurations.push({ index: base.index, configuration: this.#baseConfiguration });
    for (const { index, term, type, data } of this.#entries) {
      if (term !== terms.at(-1)?.term) terms.push({ index, term });
      if (type === EntryType.configuration) configurations.push({ index, configuration: decodeConfiguration(data) });
    }
    return { hardState, firstIndex: base.index + 1, lastIndex, terms, configurations };
  }

  #apply({ hardState, truncateFrom, entries }: LogBatch): void {
    if (hardState !== undefined) this.#applyHardState(hardState);
    if (truncateFrom !== undefined) {
      must(truncateFrom > this.base.index, () => `the disk was told to truncate from ${truncateFrom}`);
      this.#entries.length = Math.min(this.#entries.length, truncateFrom - this.base.index - 1);
    }
    for (const entry of entries) {
      must(entry.index === this.lastIndex + 1, () => `entry ${entry.index} follows ${this.lastIndex} on the disk`);
      this.#entries.push(entry);
    }
  }

  #applyHardState(next: HardState): void {
    const { term, votedFor, commitIndex } = this.hardState;
    must(next.term >= term, () => `the term on the disk goes back from ${term} to ${next.term}`);
    const voteKept = next.term > term || votedFor === undefined || next.votedFor === votedFor;
    must(voteKept, () => `the vote on the disk changes from ${votedFor} to ${next.votedFor} in term ${term}`);
    must(next.commitIndex >= commitIndex, () => `the commit index on the disk goes back to ${next.commitIndex}`);
    this.hardState = next;
  }
}
