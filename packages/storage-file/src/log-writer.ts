import { StorageError } from '@raft/core';
import type { HardState, LogBatch, LogIndex, StoreIdentity, TermRun } from '@raft/core';
import type { FileSystem } from './file-system.js';
import { saltOf } from './frame.js';
import { batchBytesBound, GroupEncoder } from './group-encoder.js';
import type { FrameSpot } from './group-encoder.js';
import { indexChange } from './log-builder.js';
import type { ActiveSegment, RecoveredLog } from './log-recovery.js';
import { LogState, termRuns } from './log-state.js';
import type { LogChange } from './log-state.js';
import { encodeControl } from './records.js';
import type { LogPlace } from './records.js';
import { SegmentSupply } from './segment-supply.js';
import { SparseIndex } from './sparse-index.js';
import { diskFull, doing, FailStop, storageError } from './storage-failure.js';

/** Bytes of batches that go into one write; a larger batch goes alone. */
const groupBytes = 4 * 1024 * 1024;
/**
 * Room at the end of a segment that entries leave to truncations and compactions, for when no further segment can be made.
 * Terms and votes need none: while the disk is full they go to the store's file.
 */
const reserveBytes = 64 * 1024;
/** An upper bound of a segment's preamble and header. */
const beginningBytes = 16 * 1024;

export interface LogWriterOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly identity: StoreIdentity;
  /** See `StoreRecord.frameKey`. */
  readonly frameKey: string;
  readonly segmentBytes: number;
  readonly failure: FailStop;
  /** Nothing: a new log. */
  readonly recovered: RecoveredLog | undefined;
  /** As it was restored; it may be later than what the log says. */
  readonly hardState: HardState;
  /** A segment was begun, and its first write is durable. */
  readonly begun: () => void;
  /** Notes up to where the log is durable, before anybody is told of it. */
  readonly mark: (place: LogPlace) => Promise<void>;
  /** Makes the hard state durable beside the log. */
  readonly saveHardState: (hardState: HardState) => Promise<void>;
}

interface Pending {
  readonly batch: LogBatch;
  readonly change: LogChange;
  readonly control: Uint8Array;
  /** Bytes that it may take, at most. */
  readonly bound: number;
  readonly resolve: () => void;
  readonly reject: (error: StorageError) => void;
}

/**
 * Appends batches to the log. What is handed over while a write is under way goes into the next one: one write, durable as a
 * whole, for all of it.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #encoder: GroupEncoder;
  readonly #supply: SegmentSupply;
  #active: ActiveSegment | undefined;
  #queue: Pending[] = [];
  #writing: Promise<void> | undefined;
  /** The log as it will be when the queue is written. */
  #queued: LogState;
  /** The log as it is on the disk. */
  readonly state: LogState;
  readonly index: SparseIndex;
  /** Segments with records, oldest first. */
  readonly ids: number[];

  constructor(options: LogWriterOptions) {
    const { recovered, failure, frameKey } = options;
    this.#options = options;
    this.#encoder = new GroupEncoder(saltOf(frameKey));
    this.state = recovered?.state ?? new LogState();
    this.state.hardState = options.hardState;
    this.index = recovered?.index ?? new SparseIndex();
    this.#queued = this.state.clone();
    this.#active = recovered?.active;
    this.ids = [...(recovered?.ids ?? [])];
    this.#supply = new SegmentSupply({
      fileSystem: options.fileSystem,
      directory: options.directory,
      segmentBytes: options.segmentBytes,
      nextId: (recovered?.active.id ?? 0) + 1,
      isReady: recovered?.ready !== undefined,
      onFailure: (error) => failure.fail(error),
    });
    this.#prepareNext();
  }

  /** The segment that is appended to; undefined before the first write. */
  get active(): Readonly<ActiveSegment> | undefined {
    return this.#active;
  }

  append(batch: LogBatch): Promise<void> {
    return this.#enqueue(batch, undefined);
  }

  /** Notes that entries up to `through` are gone. Rejects with InvalidArgumentError when the log ends before it. */
  async compact(through: LogIndex): Promise<void> {
    if (through < this.#queued.firstIndex) return;
    const term = through <= this.#queued.lastIndex ? this.#queued.termOf(through) : 0;
    await this.#enqueue({ entries: [] }, { index: through, term });
  }

  /** `InvalidArgumentError` for what cannot follow; then nothing is written. */
  #enqueue(batch: LogBatch, compactTo: TermRun | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#options.failure.check();
      const { entries, hardState, resetTo, truncateFrom } = batch;
      const first = entries[0]?.index ?? truncateFrom ?? (resetTo?.index ?? this.#queued.lastIndex) + 1;
      const change = {
        hardState,
        resetTo,
        truncateFrom,
        compactTo,
        first,
        count: entries.length,
        runs: termRuns(entries),
      };
      this.#queued.check(change);
      this.#queued.apply(change);
      const control = encodeControl(change);
      const bound = batchBytesBound(control.length, entries);
      this.#queue.push({ batch, change, control, bound, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#writeGroup();
    } catch (error) {
      this.#giveUp(storageError(error, `write ${this.#active?.path ?? this.#options.directory}`));
    } finally {
      this.#writing = undefined;
    }
  }

  /** A full disk costs what waits, and no more: none of it was begun. Any other error is the last one. */
  #giveUp(error: StorageError): void {
    const { failure } = this.#options;
    const full = error.code === 'RAFT_STORAGE_FULL' && failure.error === undefined;
    const told = full ? error : failure.fail(error);
    const queue = this.#queue;
    this.#queue = [];
    this.#queued = this.state.clone();
    for (const pending of queue) pending.reject(told);
  }

  async #writeGroup(): Promise<void> {
    const { failure, begun, mark } = this.#options;
    const before = this.#active;
    const first = this.#queue[0]!;
    const isNew = before === undefined || !fits(before, first);
    const segment = isNew ? await this.#nextSegment(first) : before;
    if (segment === undefined) return this.#saveBeside(first);
    const group = this.#takeGroup(segment);
    const spots = this.#encode(segment, isNew, before, group);
    const { bytes } = this.#encoder;
    try {
      failure.check();
      await writeDurably(segment, bytes);
      await mark({ segment: segment.id, offset: segment.tail + bytes.length });
    } catch (error) {
      if (isNew) await this.#supply.giveBack(segment);
      throw error;
    }
    segment.tail += bytes.length;
    segment.previous = this.#encoder.previous;
    if (isNew) {
      this.#active = segment;
      this.ids.push(segment.id);
    }
    for (const [i, { change, resolve }] of group.entries()) {
      this.state.apply(change);
      indexChange(this.index, this.state, change, segment.id, spots[i]!);
      resolve();
    }
    this.#queue.splice(0, group.length);
    this.#prepareNext();
    if (!isNew) return;
    begun();
    if (before !== undefined) await doing(`close ${before.path}`, () => before.file.close());
  }

  /** Nothing when the disk is full, and `first` can do without. */
  async #nextSegment(first: Pending): Promise<ActiveSegment | undefined> {
    const isHardState = hardStateAlone(first) !== undefined;
    // Trying takes long when the disk is full, and takes the last space from others: a vote leaves that to entries.
    if (isHardState && this.#supply.isFull) return undefined;
    try {
      return await this.#supply.take(first.bound + beginningBytes + reserveBytes);
    } catch (error) {
      if (isHardState && error instanceof StorageError && error.code === 'RAFT_STORAGE_FULL') return undefined;
      throw error;
    }
  }

  /** Any number of hard states take the same space there. */
  async #saveBeside(first: Pending): Promise<void> {
    this.#options.failure.check();
    await this.#options.saveHardState(hardStateAlone(first)!);
    this.state.apply(first.change);
    this.#queue.shift();
    first.resolve();
  }

  /** The next segment is made while there is still much room in this one. */
  #prepareNext(): void {
    const active = this.#active;
    if (active === undefined || active.tail > active.bytes / 2) this.#supply.prepare();
  }

  /** As many of those that wait as one write takes. They stay in the queue until it is done. */
  #takeGroup(segment: ActiveSegment): Pending[] {
    const group: Pending[] = [];
    let bytes = segment.tail === 0 ? beginningBytes : 0;
    for (const pending of this.#queue) {
      if (group.length > 0 && (bytes + pending.bound > groupBytes || !fits(segment, pending, bytes))) break;
      bytes += pending.bound;
      group.push(pending);
    }
    return group;
  }

  #encode(segment: ActiveSegment, isNew: boolean, before: ActiveSegment | undefined, group: Pending[]): FrameSpot[][] {
    const encoder = this.#encoder;
    encoder.begin(segment.id, segment.tail, (isNew ? before : segment)?.previous ?? 0);
    if (isNew) {
      const { identity, frameKey } = this.#options;
      const { hardState, base, last } = this.state;
      const previousEnd = before?.tail ?? 0;
      encoder.segment({ identity, frameKey, segmentBytes: segment.bytes, previousEnd, hardState, base, last });
    }
    return group.map(({ batch, change, control, bound }) => encoder.batch(control, batch.entries, change.first, bound));
  }

  /** Writes what waits, then closes the files. After an error nothing more is written. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#supply.close();
    const active = this.#active;
    if (active !== undefined) await doing(`close ${active.path}`, () => active.file.close());
  }
}

/** Appends one batch to a log that no storage has open; gives its end. */
export async function writeLog(
  log: Pick<
    LogWriterOptions,
    'fileSystem' | 'directory' | 'identity' | 'frameKey' | 'segmentBytes' | 'recovered' | 'hardState'
  >,
  batch: LogBatch,
): Promise<LogPlace> {
  const writer = new LogWriter({
    ...log,
    failure: new FailStop(() => undefined),
    begun: () => undefined,
    mark: () => Promise.resolve(),
    saveHardState: () => Promise.reject(new Error('it goes into the log')),
  });
  try {
    await writer.append(batch);
    const { id, tail } = writer.active!;
    return { segment: id, offset: tail };
  } finally {
    await writer.close();
  }
}

function fits(segment: ActiveSegment, { bound, change }: Pending, taken = 0): boolean {
  const reserve = change.count > 0 ? reserveBytes : 0;
  return segment.tail + taken + bound + reserve <= segment.bytes;
}

/** The hard state of a batch that does nothing else. */
function hardStateAlone({ change }: Pending): HardState | undefined {
  const { hardState, resetTo, truncateFrom, compactTo, count } = change;
  return count === 0 && !resetTo && truncateFrom === undefined && !compactTo ? hardState : undefined;
}

/**
 * Rejects with `RAFT_STORAGE_FULL` when nothing of the bytes is left on the disk: a file system that writes elsewhere than
 * before may have no space for blocks that exist. After any other error nobody knows what is there.
 */
async function writeDurably({ file, path, tail }: ActiveSegment, bytes: Buffer): Promise<void> {
  const what = `write ${path} at ${tail}`;
  let error: StorageError;
  try {
    if ((await file.write(bytes, tail)) === bytes.length) return;
    error = diskFull(what);
  } catch (failure) {
    error = storageError(failure, what);
  }
  if (error.code !== 'RAFT_STORAGE_FULL') throw error;
  const erase = async (): Promise<void> => {
    const erased = await file.write(Buffer.alloc(bytes.length), tail);
    if (erased !== bytes.length) throw new Error(`only ${erased} of ${bytes.length} bytes were written`);
  };
  await doing(`erase what a full disk took of a write to ${path} at ${tail}`, erase, 'broken');
  throw error;
}
