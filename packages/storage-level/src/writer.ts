import type { ClassicLevel } from 'classic-level';
import type { LogIndex, StorageError, Term } from '@raft/core';
import type { FailStop } from './failure.js';
import { storageError } from './failure.js';
import type { Group } from './group.js';
import { rootKey } from './keys.js';
import type { Change } from './log-state.js';
import { checksumOf, encodeEntry, encodeRecord } from './records.js';
import type { GroupRecord, RootRecord } from './records.js';
import type { Purpose, Space } from './space.js';
import type { Turns } from './turns.js';

/** Bytes of changes that go into one write; a larger change goes alone. */
const writeBytes = 4 * 1024 * 1024;
/** What LevelDB adds to an entry, and what a group's record takes, about. */
const entryBytes = 64;
const recordBytes = 1024;

export interface WriterOptions {
  readonly path: string;
  readonly level: ClassicLevel<Buffer, Buffer>;
  readonly salt: number;
  readonly failure: FailStop;
  readonly space: Space;
  readonly turns: Turns;
  readonly root: RootRecord;
  /** Checksums of the groups' records. */
  readonly checksums: Map<string, number>;
  /** So many bytes were written, durably. */
  readonly written: (bytes: number) => void;
}

interface Pending {
  readonly group: Group;
  readonly change: Change;
  readonly purpose: Purpose;
  readonly bytes: number;
  /** Of the entry before the first that is appended. */
  readonly previousTerm: Term;
  /** Entries that go, both included. */
  readonly erase: { readonly from: LogIndex; readonly to: LogIndex };
  /** The log begins earlier than before. */
  readonly goesBack: boolean;
  readonly after: GroupRecord;
  readonly resolve: () => void;
  readonly reject: (error: StorageError) => void;
}

/**
 * Writes the changes of all groups of a database, in the order in which they come. What comes while a write is under way goes
 * into the next one: one write, synced once, for all of it.
 */
export class Writer {
  readonly #options: WriterOptions;
  #queue: Pending[] = [];
  #writing: Promise<void> | undefined;
  /** The write that is under way. */
  #step: Promise<unknown> = Promise.resolve();
  #root: RootRecord;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#root = options.root;
  }

  /** Writes that are durable. */
  get writes(): number {
    return this.#root.writes;
  }

  /** Resolves when the change is durable. `InvalidArgumentError` for what cannot follow; then nothing is written. */
  enqueue(group: Group, change: Change, purpose: Purpose): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#options.failure.check();
      this.#queue.push({ ...prepare(group, change, purpose), resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Resolves when nothing of a group waits any more. Others may keep the writer busy for ever. */
  async settled(group: Group): Promise<void> {
    while (this.#queue.some((pending) => pending.group === group)) {
      await this.#step;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async idle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { failure, path } = this.#options;
    try {
      // A turn later: all that comes at once is one write.
      await Promise.resolve();
      while (this.#queue.length > 0) {
        const step = this.#writeSome(this.#queue[0]!);
        this.#step = step.catch(() => undefined);
        await step;
      }
    } catch (error) {
      const told = failure.fail(storageError(error, `write ${path}`));
      for (const pending of this.#queue.splice(0)) pending.reject(told);
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeSome(head: Pending): Promise<void> {
    const { failure, space, turns, level, path, written } = this.#options;
    if (head.goesBack) await head.group.cleared();
    const some = this.#take();
    const bytes = some.reduce((sum, pending) => sum + pending.bytes, 0);
    const purpose = some.some((pending) => pending.purpose === 'data') ? 'data' : 'control';
    if (!(await space.admits(bytes, purpose))) return this.#refuse(purpose);
    failure.check();
    const batch = level.batch();
    const encoded = this.#encode(batch, some);
    const done = turns.take(`write ${path}`, () => batch.write({ sync: true }));
    const rewritten = new Set(some.filter(({ change }) => rewrites(change)).map(({ group }) => group));
    const settled = done.catch(() => undefined);
    for (const group of rewritten) group.rewriting = settled;
    try {
      await done;
    } finally {
      for (const group of rewritten) group.rewriting = undefined;
    }
    this.#root = encoded.root;
    for (const [id, checksum] of encoded.checksums) this.#options.checksums.set(id, checksum);
    this.#queue.splice(0, some.length);
    for (const { group, change, goesBack, resolve } of some) {
      group.state.apply(change);
      if (goesBack) group.wentBackTo(group.state.base.index);
      if (change.compactTo || change.resetTo) group.clear();
      resolve();
    }
    written(bytes);
  }

  /** As many of those that wait as one write takes. They stay in the queue until it is done. */
  #take(): Pending[] {
    const some: Pending[] = [];
    let bytes = 0;
    for (const pending of this.#queue) {
      if (some.length > 0 && (bytes + pending.bytes > writeBytes || pending.goesBack)) break;
      bytes += pending.bytes;
      some.push(pending);
    }
    return some;
  }

  #encode(
    batch: ReturnType<ClassicLevel<Buffer, Buffer>['batch']>,
    some: readonly Pending[],
  ): { root: RootRecord; checksums: Map<string, number> } {
    const { salt, checksums: before } = this.#options;
    const records = new Map<Group, GroupRecord>();
    for (const { group, change, previousTerm, erase, after } of some) {
      for (let index = erase.from; index <= erase.to; index++) batch.del(group.keys.entry(index));
      let previous = previousTerm;
      for (const entry of change.entries) {
        const key = group.keys.entry(entry.index);
        batch.put(key, encodeEntry(salt, key, entry, previous));
        previous = entry.term;
      }
      records.set(group, after);
    }
    const checksums = new Map<string, number>();
    let { sum } = this.#root;
    for (const [group, record] of records) {
      const value = encodeRecord(salt, group.keys.record, record);
      batch.put(group.keys.record, value);
      checksums.set(group.id, checksumOf(value));
      sum += checksumOf(value) - (before.get(group.id) ?? 0);
    }
    const root = { writes: this.#root.writes + 1, sum: sum >>> 0 };
    batch.put(rootKey, encodeRecord(salt, rootKey, root));
    return { root, checksums };
  }

  /** The disk is full. Nothing is written of the data that wait, nor of what their groups wanted after them. */
  #refuse(purpose: Purpose): void {
    const { space, path } = this.#options;
    const error = space.full(`write ${path}`);
    const groups = new Set<Group>();
    const kept: Pending[] = [];
    const refused: Pending[] = [];
    for (const pending of this.#queue) {
      const goes = purpose === 'control' || pending.purpose === 'data' || groups.has(pending.group);
      if (goes) groups.add(pending.group);
      (goes ? refused : kept).push(pending);
    }
    this.#queue = kept;
    for (const group of groups) {
      group.queued = group.state.clone();
      for (const pending of kept) if (pending.group === group) group.queued.apply(pending.change);
    }
    for (const { reject } of refused) reject(error);
  }
}

/** Entries that are on the disk become others. */
function rewrites({ resetTo, truncateFrom }: Change): boolean {
  return resetTo !== undefined || truncateFrom !== undefined;
}

function prepare(group: Group, change: Change, purpose: Purpose): Omit<Pending, 'resolve' | 'reject'> {
  const { queued } = group;
  const { hardState, resetTo, truncateFrom, entries, compactTo, snapshot } = change;
  queued.check(change);
  const { firstIndex, lastIndex, base } = queued;
  queued.apply({ hardState, resetTo, truncateFrom, entries: [] });
  const previousTerm = queued.last.term;
  const next = queued.lastIndex + 1;
  queued.apply({ entries, compactTo, snapshot });
  const bytes = entries.reduce((sum, { data }) => sum + data.length + entryBytes, recordBytes);
  return {
    group,
    change,
    purpose,
    bytes,
    previousTerm,
    // Those that are written over need no deletion.
    erase: { from: Math.max(firstIndex, next + entries.length), to: rewrites(change) ? lastIndex : 0 },
    goesBack: resetTo !== undefined && resetTo.index < base.index,
    after: queued.record,
  };
}
