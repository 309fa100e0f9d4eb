import type { Entry, StorageError } from '@raft/core';
import type { File, FileSystem } from './file-system.js';
import { FileWindow } from './file-window.js';
import { scanFrames } from './frame-scan.js';
import type { ScanEnd } from './frame-scan.js';
import { segmentPath } from './layout.js';
import { LogBuilder } from './log-builder.js';
import type { LogState } from './log-state.js';
import { readBeginning, wasTornAtBeginning } from './segment-beginning.js';
import type { LogPlace } from './records.js';
import type { SparseIndex } from './sparse-index.js';
import { doing } from './storage-failure.js';
import { damaged, inspectTail } from './torn-write.js';
import type { Tail } from './torn-write.js';

export interface RecoveryOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** The segments that are there, in order. */
  readonly ids: readonly number[];
  readonly salt: number;
  /** Up to where the log is known to be durable; segment 0 when nothing is. */
  readonly durable: LogPlace;
  /** It was known how far, but that is damaged: a torn write cannot be told from damage. */
  readonly isDoubtful: boolean;
  /** Size of a segment that was made ahead. */
  readonly segmentBytes: number;
}

export interface RecoveredLog {
  readonly state: LogState;
  readonly index: SparseIndex;
  readonly configurations: readonly Entry[];
  /** Segments with records, in order; the last one is appended to. */
  readonly ids: readonly number[];
  readonly active: ActiveSegment;
  /** A segment behind the last one that is all zeros and of the right size. */
  readonly ready: number | undefined;
  readonly repairs: readonly string[];
}

/** The segment that is appended to. */
export interface ActiveSegment {
  readonly id: number;
  readonly path: string;
  readonly bytes: number;
  /** Each write is durable once it has resolved. */
  readonly file: File;
  /** Where the next write goes. */
  tail: number;
  /** Checksum of the last frame. */
  previous: number;
}

interface Scanned {
  readonly id: number;
  readonly path: string;
  readonly bytes: number;
  readonly end: ScanEnd;
}

/** What lies behind the last segment that has records. */
type Spare = { readonly id: number; readonly bytes: number; readonly content: 'zeros' | 'torn' };

/**
 * Reads the whole log, cuts a torn write from its end, and makes sure that what is left is durable. Resolves with nothing
 * when there never was a log. Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` at damage.
 */
export async function recoverLog(options: RecoveryOptions): Promise<RecoveredLog | undefined> {
  const { directory, ids, durable, segmentBytes } = options;
  const builder = new LogBuilder();
  const scanned: Scanned[] = [];
  let spare: Spare | undefined;
  for (const [i, id] of ids.entries()) {
    if (i > 0 && id !== ids[i - 1]! + 1) throw missingSegment(directory, ids[i - 1]! + 1, builder);
    spare = await scanSegment(options, builder, scanned, id, i === ids.length - 1);
  }
  const last = scanned.at(-1);
  if (durable.segment > (last?.id ?? 0)) throw missingSegment(directory, (last?.id ?? 0) + 1, builder);
  if (!last) {
    if (spare) await removeSpare(options, spare);
    return undefined;
  }
  checkComplete(builder, scanned[0]!);
  const tail = tailOf(options, last, builder);
  const torn = await withWindow(options, last.id, (window) => inspectTail(window, tail));
  // The first write of a segment begins when all of the one before it is durable.
  if (torn > 0 && spare?.content === 'torn') throw damaged(tail, 'another segment was begun after it');
  if (options.isDoubtful && (torn > 0 || spare?.content === 'torn')) {
    throw damaged(tail, 'the mark in the store’s file is damaged too, so this may have been durable');
  }
  const active = await openActive(options, last, torn);
  const repairs: string[] = [];
  if (torn > 0)
    repairs.push(`cut a torn write of ${torn} bytes from the end of ${last.path}, at offset ${active.tail}`);
  if (spare?.content === 'torn') repairs.push(`removed ${segmentPath(directory, spare.id)}: its first write was torn`);
  const ready = spare?.content === 'zeros' && spare.bytes === segmentBytes ? spare.id : undefined;
  if (spare && ready === undefined) await removeSpare(options, spare);
  return {
    state: builder.state,
    index: builder.index,
    configurations: builder.configurations,
    ids: scanned.map((segment) => segment.id),
    active,
    ready,
    repairs,
  };
}

/** Adds a segment to `scanned`, or says what it is when it has no records. */
async function scanSegment(
  options: RecoveryOptions,
  builder: LogBuilder,
  scanned: Scanned[],
  id: number,
  isLast: boolean,
): Promise<Spare | undefined> {
  const { directory, salt } = options;
  const path = segmentPath(directory, id);
  return withWindow(options, id, async (window) => {
    const before = scanned.at(-1);
    const beginning = await readBeginning(window, path, id, salt);
    if (!beginning) {
      const place = { path, brokenAt: 0, nextIndex: builder.state.lastIndex + 1 };
      if (!isLast) throw damaged(place, 'its beginning is no segment’s, and another segment follows');
      const content = (await window.lastNonZero(0)) < 0 ? 'zeros' : 'torn';
      if (content === 'torn')
        await wasTornAtBeginning(window, { ...place, segment: id, salt, previous: before?.end.previous });
      return { id, bytes: window.size, content };
    }
    const { record, previous, offset, headerCrc } = beginning;
    if (!before) builder.state.begin(record.hardState, record.base, record.last);
    else if (record.previousEnd !== before.end.offset || previous !== before.end.previous) {
      throw damaged(
        { path: before.path, brokenAt: before.end.brokenAt, nextIndex: builder.state.lastIndex + 1 },
        `its records went on up to offset ${record.previousEnd}, and another segment follows`,
        record.last.index,
      );
    }
    const end = await scanFrames(window, { segment: id, salt, offset, previous: headerCrc }, (header, buffer, at) => {
      try {
        builder.frame(header, buffer, at);
      } catch (error) {
        const place = { path, brokenAt: header.offset, nextIndex: builder.state.lastIndex + 1 };
        throw damaged(place, `its checksum is right, its content is not: ${(error as Error).message}`);
      }
    });
    scanned.push({ id, path, bytes: window.size, end });
    return undefined;
  });
}

async function withWindow<T>(
  options: RecoveryOptions,
  id: number,
  use: (window: FileWindow) => Promise<T>,
): Promise<T> {
  const path = segmentPath(options.directory, id);
  return doing(`read ${path}`, async () => {
    const file = await options.fileSystem.open(path, 'read');
    try {
      return await use(new FileWindow(file, await file.size()));
    } finally {
      await file.close();
    }
  });
}

function tailOf({ durable, salt }: RecoveryOptions, { id: segment, path, end }: Scanned, { state }: LogBuilder): Tail {
  const durableOffset = durable.segment === segment ? durable.offset : 0;
  return { ...end, path, segment, salt, nextIndex: state.lastIndex + 1, durableOffset };
}

async function openActive(
  { fileSystem, durable }: RecoveryOptions,
  last: Scanned,
  torn: number,
): Promise<ActiveSegment> {
  const { id, path, bytes, end } = last;
  return doing(`repair ${path}`, async () => {
    const file = await fileSystem.open(path, 'durable');
    const active = { id, path, bytes, file, tail: end.offset, previous: end.previous };
    try {
      await settleTail(active, torn, end.writeOffset, durable);
      return active;
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

/**
 * Zeros what was torn, and writes the last write again: after a crash its bytes may be in memory only, and after a failed
 * fsync the system may take them for clean, so that syncing alone would do nothing.
 */
async function settleTail(active: ActiveSegment, torn: number, writeOffset: number, durable: LogPlace): Promise<void> {
  const { file, tail, path } = active;
  if (torn > 0) await writeAll(file, Buffer.alloc(torn), tail, path);
  if (durable.segment === active.id && durable.offset >= tail) return;
  const bytes = Buffer.allocUnsafe(tail - writeOffset);
  await file.read(bytes, writeOffset);
  await writeAll(file, bytes, writeOffset, path);
}

async function writeAll(file: File, bytes: Buffer, offset: number, path: string): Promise<void> {
  const written = await file.write(bytes, offset);
  if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were written to ${path}`);
}

async function removeSpare({ fileSystem, directory }: RecoveryOptions, { id }: Spare): Promise<void> {
  const path = segmentPath(directory, id);
  await doing(`remove ${path}`, () => fileSystem.remove(path));
}

/** The entries that were in segments which are gone must all have been compacted. */
function checkComplete({ state }: LogBuilder, first: Scanned): void {
  if (state.missingThrough <= state.base.index) return;
  const place = { path: first.path, brokenAt: 0, nextIndex: state.firstIndex };
  throw damaged(place, 'the segments before it are missing', Math.min(state.missingThrough, state.lastIndex));
}

function missingSegment(directory: string, id: number, { state }: LogBuilder): StorageError {
  const place = { path: segmentPath(directory, id), brokenAt: 0, nextIndex: state.lastIndex + 1 };
  return damaged(place, 'the file is missing or was emptied');
}
