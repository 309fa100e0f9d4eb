import type { StorageError } from '@raft/core';
import type { FileSystem } from './file-system.js';
import { FileWindow } from './file-window.js';
import { scanFrames } from './frame-scan.js';
import type { ScanEnd } from './frame-scan.js';
import { segmentPath } from './layout.js';
import { LogBuilder } from './log-builder.js';
import { readBeginning, wasTornAtBeginning } from './segment-beginning.js';
import type { LogPlace } from './records.js';
import { doing } from './storage-failure.js';
import { damaged, inspectTail } from './torn-write.js';
import type { Tail } from './torn-write.js';

export interface ExaminationOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** The segments that are there, in order. */
  readonly ids: readonly number[];
  readonly salt: number;
  /** Up to where the log is known to be durable; segment 0 when nothing is. */
  readonly durable: LogPlace;
  /** It was known how far, but that is damaged: a torn write cannot be told from damage. */
  readonly isDoubtful: boolean;
}

export interface Scanned {
  readonly id: number;
  readonly path: string;
  readonly bytes: number;
  readonly end: ScanEnd;
}

/** What lies behind the last segment that has records. */
export type Spare = { readonly id: number; readonly bytes: number; readonly content: 'zeros' | 'torn' };

/** The log as its files tell it, up to the first damage when there is one. */
export interface Examination {
  readonly builder: LogBuilder;
  /** Segments with records, in order. */
  readonly scanned: Scanned[];
  /** Behind the last of them. */
  spare: Spare | undefined;
  /** Bytes of a write that was torn by a crash, behind the last whole batch of the last segment. */
  torn: number;
}

/**
 * Reads the whole log and changes nothing. Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` at damage; `found` then tells
 * what lies before it.
 */
export async function examineLog(
  options: ExaminationOptions,
  found: Examination = { builder: new LogBuilder(), scanned: [], spare: undefined, torn: 0 },
): Promise<Examination> {
  const { directory, ids, durable } = options;
  const { builder, scanned } = found;
  for (const [i, id] of ids.entries()) {
    if (i > 0 && id !== ids[i - 1]! + 1) throw missingSegment(directory, ids[i - 1]! + 1, builder);
    found.spare = await scanSegment(options, builder, scanned, id, i === ids.length - 1);
  }
  const last = scanned.at(-1);
  if (durable.segment > (last?.id ?? 0)) throw missingSegment(directory, (last?.id ?? 0) + 1, builder);
  if (!last) {
    if (options.isDoubtful && found.spare?.content === 'torn') throw doubtful(placeOfSpare(directory, found.spare));
    return found;
  }
  checkComplete(builder, scanned[0]!);
  const tail = tailOf(options, last, builder);
  found.torn = await withWindow(options, last.id, (window) => inspectTail(window, tail));
  const isSpareTorn = found.spare?.content === 'torn';
  // The first write of a segment begins when all of the one before it is durable.
  if (found.torn > 0 && isSpareTorn) throw damaged(tail, 'another segment was begun after it');
  if (options.isDoubtful && (found.torn > 0 || isSpareTorn)) throw doubtful(tail);
  return found;
}

function placeOfSpare(directory: string, { id }: Spare): Parameters<typeof damaged>[0] {
  return { path: segmentPath(directory, id), brokenAt: 0, nextIndex: 1 };
}

function doubtful(place: Parameters<typeof damaged>[0]): StorageError {
  return damaged(place, 'the mark in the store’s file is damaged too, so this may have been durable');
}

/** Adds a segment to `scanned`, or says what it is when it has no records. */
async function scanSegment(
  options: ExaminationOptions,
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
    let wrong: StorageError | undefined;
    const end = await scanFrames(window, { segment: id, salt, offset, previous: headerCrc }, (header, buffer, at) => {
      try {
        builder.frame(header, buffer, at);
        return 'go on';
      } catch (error) {
        const place = { path, brokenAt: header.offset, nextIndex: builder.state.lastIndex + 1 };
        wrong = damaged(place, `its checksum is right, its content is not: ${(error as Error).message}`);
        return 'stop';
      }
    });
    scanned.push({ id, path, bytes: window.size, end });
    if (wrong) throw wrong;
    return undefined;
  });
}

async function withWindow<T>(
  options: ExaminationOptions,
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

function tailOf(
  { durable, salt }: ExaminationOptions,
  { id: segment, path, end }: Scanned,
  { state }: LogBuilder,
): Tail {
  const durableOffset = durable.segment === segment ? durable.offset : 0;
  return { ...end, path, segment, salt, nextIndex: state.lastIndex + 1, durableOffset };
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
