import type { FileWindow } from './file-window.js';
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, payloadIsIntact, readHeader } from './frame.js';
import type { FrameHeader } from './frame.js';

export interface ScanStart {
  readonly segment: number;
  readonly salt: number;
  /** Place of the first frame. */
  readonly offset: number;
  /** Checksum of the frame before it; undefined when that frame is in no file that is left. */
  readonly previous: number | undefined;
}

export interface ScanEnd {
  /** Behind the last whole batch. */
  readonly offset: number;
  /** Checksum of the last frame before `offset`. */
  readonly previous: number;
  /** Where the write began that wrote the last frame before `offset`; 0 when there is none. */
  readonly writeOffset: number;
  /** The first place that holds no frame that follows; equal to `offset` unless a batch is unfinished. */
  readonly brokenAt: number;
  /** Checksum of the last frame before `brokenAt`. */
  readonly brokenPrevious: number;
}

/** Called for each frame; the payload lies in `buffer` behind the header at `at`, until the call returns. */
export type FrameVisitor = (header: FrameHeader, buffer: Buffer, at: number) => 'go on' | 'stop';

/** Goes through the frames of a segment as long as each is intact, in its place and follows the one before. */
export async function scanFrames(window: FileWindow, start: ScanStart, visit: FrameVisitor): Promise<ScanEnd> {
  let offset = start.offset;
  let previous = start.previous;
  // What a segment begins with was written with its first batch.
  let end = { offset, previous: previous ?? 0, writeOffset: 0 };
  for (;;) {
    const header = await nextFrame(window, start, offset, previous);
    if (!header) return { ...end, brokenAt: offset, brokenPrevious: previous ?? 0 };
    const verdict = visit(header, window.buffer, window.at(offset));
    if (verdict === 'stop') return { ...end, brokenAt: offset, brokenPrevious: previous ?? 0 };
    offset += header.length;
    previous = header.headerCrc;
    const whole = header.type !== FrameType.batch || (header.flags & FrameFlag.lastOfBatch) !== 0;
    if (whole) end = { offset, previous, writeOffset: header.writeOffset };
  }
}

async function nextFrame(
  window: FileWindow,
  { segment, salt }: ScanStart,
  offset: number,
  previous: number | undefined,
): Promise<FrameHeader | undefined> {
  const left = window.size - offset;
  if (left < FRAME_HEADER_BYTES) return undefined;
  if (!window.has(offset, FRAME_HEADER_BYTES)) await window.load(offset, FRAME_HEADER_BYTES);
  const header = readHeader(window.buffer, window.at(offset), segment, offset, salt);
  if (!header || header.length > left) return undefined;
  if (previous !== undefined && header.previous !== previous) return undefined;
  if (!window.has(offset, header.length)) await window.load(offset, header.length);
  return payloadIsIntact(window.buffer, window.at(offset), header, salt) ? header : undefined;
}
