import { decodeConfiguration } from '../../src/consensus/configuration.js';
import type { ConfigurationAt, InitialState } from '../../src/consensus/state.js';
import type { LogBatch } from '../../src/storage.js';
import { EntryType } from '../../src/types.js';
import type { Configuration, Entry, HardState, LogIndex, SnapshotMeta, Term, TermRun } from '../../src/types.js';
import { must } from './violation.js';

/** What a disk holds before the first write: a log that begins behind `base`, as after a snapshot. */
export interface DiskContent {
  readonly storeId?: string;
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
  /** What the log begins behind: nothing, what it was made with, or what was compacted since. */
  base: TermRun;
  snapshot: SnapshotMeta | undefined;
  readonly storeId: string;
  /** The disk of the same node that this one replaces. */
  readonly before: Disk | undefined;
  #entries: Entry[];
  hardState: HardState;
  /** No room for entries. */
  isFull = false;
  /** Handed over and not durable yet, oldest first. */
  readonly unsynced: Write[] = [];

  constructor({ storeId = '', base, configuration, hardState, entries }: DiskContent, before?: Disk) {
    this.storeId = storeId;
    this.before = before;
    this.base = base;
    if (configuration !== undefined) this.snapshot = { ...base, configuration, configurationIndex: base.index };
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

  /** Forgets durable entries; the term of `through` stays known. */
  compact(through: LogIndex): void {
    const term = this.termAt(through);
    must(term !== undefined, () => `the disk was told to compact to ${through}, which it does not hold`);
    must(through <= (this.snapshot?.index ?? 0), () => `the disk was told to compact to ${through} without a snapshot`);
    this.#entries.splice(0, through - this.base.index);
    this.base = { index: through, term };
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

  /** A full disk refuses the oldest write that has entries, and all after it; gives its sequence. */
  refuse(): number | undefined {
    const first = this.unsynced.findIndex(({ batch }) => batch.entries.length > 0);
    return first < 0 ? undefined : this.unsynced.splice(first)[0]?.sequence;
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
    const { snapshot } = this;
    // An installation that was cut off before the log was reset is finished.
    if (snapshot !== undefined && this.termAt(snapshot.index) !== snapshot.term && snapshot.index > this.base.index)
      this.#reset({ index: snapshot.index, term: snapshot.term });
    const { base, lastIndex } = this;
    const terms: TermRun[] = [base];
    const configurations: ConfigurationAt[] = [];
    if (snapshot !== undefined)
      configurations.push({ index: snapshot.configurationIndex, configuration: snapshot.configuration });
    for (const { index, term, type, data } of this.#entries) {
      if (term !== terms.at(-1)?.term) terms.push({ index, term });
      const isNew = index > (configurations.at(-1)?.index ?? 0);
      if (type === EntryType.configuration && isNew)
        configurations.push({ index, configuration: decodeConfiguration(data) });
    }
    const commitIndex = Math.max(this.hardState.commitIndex, snapshot?.index ?? 0);
    const hardState = { ...this.hardState, commitIndex };
    return { hardState, firstIndex: base.index + 1, lastIndex, terms, configurations, snapshot };
  }

  #reset(base: TermRun): void {
    this.base = base;
    this.#entries = [];
  }

  #apply({ hardState, resetTo, truncateFrom, entries }: LogBatch): void {
    if (hardState !== undefined) this.#applyHardState(hardState);
    if (resetTo !== undefined) this.#reset(resetTo);
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
