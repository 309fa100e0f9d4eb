import type { StorageError } from '@raft/core';
import type { FileWindow } from './file-window.js';
import { isZero } from './file-window.js';
import { FRAME_HEADER_BYTES, payloadIsIntact, readHeader } from './frame.js';
import type { FrameHeader } from './frame.js';
import type { ScanEnd } from './frame-scan.js';
import { DamageError } from './storage-failure.js';

/*
 * A log ends where no frame follows. If what lies there is all zeros, that is its end. If not, either the last write was
 * torn by a crash, and nobody was told that it is durable; or something that was durable is damaged. The log is cut in the
 * first case only. It is damage when
 *
 * - the place lies before one that is known to be durable (the store's file says so from time to time), or
 * - an intact frame lies behind it that was written later: a write begins when those before it are durable, or
 * - nothing is missing: what a torn write leaves out keeps the zeros that the file was made with, whole sectors of them,
 *   or all from some byte on. If there are none, all was written and changed afterwards.
 */

const sectorBytes = 512;

export interface Tail extends ScanEnd {
  readonly path: string;
  readonly segment: number;
  readonly salt: number;
  /** Everything before this place of the segment is known to be durable. */
  readonly durableOffset: number;
  /** The entry that would come next. */
  readonly nextIndex: number;
}

/**
 * Looks at what lies behind the end of the log. Resolves with the number of bytes of a torn write, to be overwritten with
 * zeros; 0 when there is nothing. `surelyTorn`: a part is known to be missing at the broken place. Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` when it is damage.
 */
export async function inspectTail(window: FileWindow, tail: Tail, surelyTorn = false): Promise<number> {
  if (tail.offset < tail.durableOffset) {
    throw damaged(tail, `the log is durable up to offset ${tail.durableOffset}`);
  }
  const lastByte = await window.lastNonZero(tail.offset);
  if (lastByte < 0) return 0;
  const later = await lastFrame(window, tail, lastByte);
  if (later && later.writeOffset > tail.offset) {
    throw damaged(tail, `an intact record follows at offset ${later.offset}`, later.firstIndex - 1);
  }
  if (!surelyTorn && !(await isTorn(window, tail))) throw damaged(tail, 'it was written whole');
  return lastByte + 1 - tail.offset;
}

export function damaged(
  tail: { readonly path: string; readonly brokenAt: number; readonly nextIndex: number },
  why: string,
  lastIndex?: number,
): StorageError {
  const { path, brokenAt, nextIndex } = tail;
  const to = lastIndex === undefined || lastIndex < nextIndex ? undefined : lastIndex;
  return new DamageError({ path, offset: brokenAt, entries: { from: nextIndex, to } }, why);
}

/** The last intact frame between the broken place and `lastByte`. */
async function lastFrame(window: FileWindow, tail: Tail, lastByte: number): Promise<FrameHeader | undefined> {
  let found: FrameHeader | undefined;
  for (let offset = tail.brokenAt; offset + FRAME_HEADER_BYTES <= lastByte + 1; offset += 8) {
    if (!window.has(offset, FRAME_HEADER_BYTES)) await window.load(offset, FRAME_HEADER_BYTES);
    const header = readHeader(window.buffer, window.at(offset), tail.segment, offset, tail.salt);
    if (!header || header.length > window.size - offset) continue;
    await window.load(offset, header.length);
    if (!payloadIsIntact(window.buffer, window.at(offset), header, tail.salt)) continue;
    found = header;
    offset += header.length - 8;
  }
  return found;
}

/** Whether a part of the frame at the broken place was never written. */
async function isTorn(window: FileWindow, tail: Tail): Promise<boolean> {
  const offset = tail.brokenAt;
  const left = window.size - offset;
  if (left < FRAME_HEADER_BYTES) return false;
  await window.load(offset, FRAME_HEADER_BYTES);
  const header = readHeader(window.buffer, window.at(offset), tail.segment, offset, tail.salt);
  if (header && (header.previous !== tail.brokenPrevious || header.length > left)) return false;
  const length = header ? header.length : FRAME_HEADER_BYTES;
  await window.load(offset, length);
  const frame = window.buffer.subarray(window.at(offset), window.at(offset) + length);
  return hasMissingPart(frame, offset);
}

/** Whether the last byte, which is never zero, or all that lies in some sector is zero. */
export function hasMissingPart(bytes: Buffer, offset: number): boolean {
  if (bytes[bytes.length - 1] === 0) return true;
  let at = 0;
  while (at < bytes.length) {
    const end = Math.min(bytes.length, at + sectorBytes - ((offset + at) % sectorBytes));
    if (isZero(bytes.subarray(at, end))) return true;
    at = end;
  }
  return false;
}
