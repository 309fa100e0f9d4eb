import type { Entry } from '@raft/core';
import type { File, FileSystem } from './file-system.js';
import { FRAME_HEADER_BYTES } from './frame.js';
import { segmentPath } from './layout.js';
import { examineLog } from './log-examination.js';
import type { ExaminationOptions, Scanned, Spare } from './log-examination.js';
import type { LogState } from './log-state.js';
import type { LogPlace } from './records.js';
import type { SparseIndex } from './sparse-index.js';
import { doing } from './storage-failure.js';

export interface RecoveryOptions extends ExaminationOptions {
  readonly fileSystem: FileSystem;
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

/**
 * Reads the whole log, cuts a torn write from its end, and makes sure that what is left is durable. Resolves with nothing
 * when there never was a log. Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` at damage.
 */
export async function recoverLog(options: RecoveryOptions): Promise<RecoveredLog | undefined> {
  const { directory, segmentBytes } = options;
  const { builder, scanned, spare, torn } = await examineLog(options);
  const last = scanned.at(-1);
  if (!last) {
    if (spare) await removeSpare(options, spare);
    return undefined;
  }
  const ready = spare?.content === 'zeros' && spare.bytes === segmentBytes ? spare.id : undefined;
  if (spare && ready === undefined) await removeSpare(options, spare);
  // The last thing that can fail: it leaves a file open.
  const active = await openActive(options, last, torn);
  const repairs: string[] = [];
  if (torn > 0)
    repairs.push(`cut a torn write of ${torn} bytes from the end of ${last.path}, at offset ${active.tail}`);
  if (spare?.content === 'torn') repairs.push(`removed ${segmentPath(directory, spare.id)}: its first write was torn`);
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
  // The header's last byte first: should less than all the zeros get to the disk, what is left still lacks its end.
  if (torn >= FRAME_HEADER_BYTES) await writeAll(file, Buffer.alloc(1), tail + FRAME_HEADER_BYTES - 1, path);
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
