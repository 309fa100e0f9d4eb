import { StorageError } from '@raft/core';
import type { FileWindow } from './file-window.js';
import { isZero } from './file-window.js';
import { FRAME_HEADER_BYTES, FrameType, payloadIsIntact, readHeader } from './frame.js';
import { FORMAT_VERSION, PREAMBLE_BYTES, readPreamble, segmentMagic, writePreamble } from './preamble.js';
import { decodeSegment } from './records.js';
import type { SegmentRecord } from './records.js';
import { damaged, inspectTail } from './torn-write.js';

export interface Beginning {
  readonly record: SegmentRecord;
  /** Checksum of the last frame of the segment before. */
  readonly previous: number;
  /** Of the frame itself. */
  readonly headerCrc: number;
  /** Where the next frame lies. */
  readonly offset: number;
}

/** What a segment says of itself; nothing when it does not begin as a segment does. */
export async function readBeginning(
  window: FileWindow,
  path: string,
  id: number,
  salt: number,
): Promise<Beginning | undefined> {
  if (window.size < PREAMBLE_BYTES + FRAME_HEADER_BYTES) return undefined;
  await window.load(0, PREAMBLE_BYTES + FRAME_HEADER_BYTES);
  const preamble = readPreamble(window.buffer.subarray(window.at(0)), segmentMagic);
  if (!preamble) return undefined;
  checkVersion(preamble.version, path);
  const header = readHeader(window.buffer, window.at(PREAMBLE_BYTES), id, PREAMBLE_BYTES, salt);
  if (header?.type !== FrameType.segment || header.length > window.size - PREAMBLE_BYTES) return undefined;
  await window.load(0, PREAMBLE_BYTES + header.length);
  const at = window.at(PREAMBLE_BYTES);
  if (!payloadIsIntact(window.buffer, at, header, salt)) return undefined;
  const payload = at + FRAME_HEADER_BYTES;
  const record = decodeSegment(window.buffer.subarray(payload, payload + header.controlBytes));
  if (record.segmentBytes !== window.size) {
    const place = { path, brokenAt: Math.min(record.segmentBytes, window.size), nextIndex: record.last.index + 1 };
    throw damaged(place, `the file has ${window.size} bytes instead of ${record.segmentBytes}`);
  }
  return { record, previous: header.previous, headerCrc: header.headerCrc, offset: PREAMBLE_BYTES + header.length };
}

export function checkVersion(version: number, path: string): void {
  if (version === FORMAT_VERSION) return;
  const message = `${path} has format version ${version}, this release knows version ${FORMAT_VERSION}: use a newer one`;
  throw new StorageError('RAFT_STORAGE_CORRUPT', message);
}

interface Place {
  readonly path: string;
  readonly segment: number;
  readonly salt: number;
  readonly nextIndex: number;
  readonly previous: number | undefined;
}

/** Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` unless the segment's very first write was torn. */
export async function wasTornAtBeginning(window: FileWindow, place: Place): Promise<void> {
  const { path, segment, salt, nextIndex } = place;
  const begins = await beginsLikeOne(window);
  const tail = { path, segment, salt, nextIndex, offset: 0, previous: 0, writeOffset: 0, durableOffset: 0 };
  if (begins === 'torn') {
    // Frames behind it may only come from that write.
    await inspectTail(window, { ...tail, brokenAt: 0, brokenPrevious: 0 }, true);
  } else if (begins === 'whole') {
    await inspectTail(window, { ...tail, brokenAt: PREAMBLE_BYTES, brokenPrevious: place.previous ?? 0 });
  } else {
    throw damaged({ path, brokenAt: 0, nextIndex }, 'it does not begin as a segment does');
  }
}

async function beginsLikeOne(window: FileWindow): Promise<'whole' | 'torn' | 'not'> {
  const lastByte = await window.lastNonZero(0);
  await window.load(0, Math.min(PREAMBLE_BYTES, window.size));
  const found = window.buffer.subarray(window.at(0), window.at(0) + PREAMBLE_BYTES);
  const expected = Buffer.alloc(PREAMBLE_BYTES);
  writePreamble(expected, segmentMagic, FORMAT_VERSION);
  if (found.equals(expected)) return 'whole';
  const isPrefix =
    lastByte < PREAMBLE_BYTES && found.subarray(0, lastByte + 1).equals(expected.subarray(0, lastByte + 1));
  return isZero(found) || isPrefix ? 'torn' : 'not';
}
