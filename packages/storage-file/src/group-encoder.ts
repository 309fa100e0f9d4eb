import type { Entry, LogIndex } from '@raft/core';
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, frameBytes, sealFrame, writeUint64 } from './frame.js';
import { encodeSegment } from './records.js';
import type { SegmentRecord } from './records.js';
import { FORMAT_VERSION, PREAMBLE_BYTES, segmentMagic, writePreamble } from './preamble.js';

/** Bytes in a frame before each entry's data: u32 bytes of data, u8 type, three zeros, u64 term. */
export const ENTRY_HEADER_BYTES = 16;

/** A batch is split into frames of about this size, so that a read has to check no more than that. */
const frameTargetBytes = 256 * 1024;
const largestKeptBuffer = 4 * 1024 * 1024;

/** A frame of a batch and its first entry. */
export interface FrameSpot {
  readonly index: LogIndex;
  readonly offset: number;
}

/** An upper bound of what {@link GroupEncoder.batch} will take. */
export function batchBytesBound(controlBytes: number, entries: readonly Entry[]): number {
  let bytes = controlBytes + entries.length * ENTRY_HEADER_BYTES;
  for (const entry of entries) bytes += entry.data.length;
  // Two frames that follow one another hold more than the target together.
  const frames = 2 * Math.floor(bytes / frameTargetBytes) + 2;
  return bytes + frames * (FRAME_HEADER_BYTES + 8);
}

/** Encodes what goes into one write: batches, and before them the beginning of a segment. Its buffer is used again. */
export class GroupEncoder {
  readonly #salt: number;
  #buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;
  #segment = 0;
  #start = 0;
  #previous = 0;

  constructor(salt: number) {
    this.#salt = salt;
  }

  get length(): number {
    return this.#length;
  }

  /** Checksum of the last frame. */
  get previous(): number {
    return this.#previous;
  }

  /** Good until the next `begin`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Starts a write at `offset` of a segment. */
  begin(segment: number, offset: number, previous: number): void {
    this.#segment = segment;
    this.#start = offset;
    this.#previous = previous;
    this.#length = 0;
    if (this.#buffer.length > largestKeptBuffer) this.#buffer = Buffer.allocUnsafeSlow(64 * 1024);
  }

  segment(record: SegmentRecord): void {
    const payload = encodeSegment(record);
    this.#reserve(PREAMBLE_BYTES + frameBytes(payload.length));
    writePreamble(this.#buffer, segmentMagic, FORMAT_VERSION);
    this.#length += PREAMBLE_BYTES;
    this.#buffer.set(payload, this.#length + FRAME_HEADER_BYTES);
    this.#seal(payload.length, {
      controlBytes: payload.length,
      firstIndex: 0,
      count: 0,
      flags: 0,
      type: FrameType.segment,
    });
  }

  /** `bound` is what {@link batchBytesBound} said. `firstIndex` is the first entry's, or the one that would come next. */
  batch(control: Uint8Array, entries: readonly Entry[], firstIndex: LogIndex, bound: number): FrameSpot[] {
    this.#reserve(bound);
    const spots: FrameSpot[] = [];
    let flags: number = FrameFlag.firstOfBatch;
    let next = 0;
    let controlBytes = control.length;
    this.#buffer.set(control, this.#length + FRAME_HEADER_BYTES);
    do {
      const from = next;
      const start = this.#length + FRAME_HEADER_BYTES + controlBytes;
      const limit = this.#length + FRAME_HEADER_BYTES + frameTargetBytes;
      let at = start;
      for (; next < entries.length; next++) {
        const entry = entries[next]!;
        if (next > from && at + ENTRY_HEADER_BYTES + entry.data.length > limit) break;
        at = this.#entry(entry, at);
      }
      if (next === entries.length) flags |= FrameFlag.lastOfBatch;
      if (next > from) spots.push({ index: firstIndex + from, offset: this.#start + this.#length });
      const payloadBytes = at - this.#length - FRAME_HEADER_BYTES;
      const fields = { controlBytes, firstIndex: firstIndex + from, count: next - from, flags, type: FrameType.batch };
      this.#seal(payloadBytes, fields);
      flags = 0;
      controlBytes = 0;
    } while (next < entries.length);
    return spots;
  }

  #entry({ data, term, type }: Entry, at: number): number {
    const buffer = this.#buffer;
    buffer.writeUInt32LE(data.length, at);
    buffer.writeUInt32LE(type, at + 4);
    writeUint64(buffer, at + 8, term);
    buffer.set(data, at + ENTRY_HEADER_BYTES);
    return at + ENTRY_HEADER_BYTES + data.length;
  }

  #seal(
    payloadBytes: number,
    rest: { controlBytes: number; firstIndex: number; count: number; flags: number; type: FrameType },
  ): void {
    const at = this.#length;
    const place = {
      segment: this.#segment,
      offset: this.#start + at,
      writeOffset: this.#start,
      previous: this.#previous,
    };
    this.#previous = sealFrame(this.#buffer, at, payloadBytes, { ...place, ...rest }, this.#salt);
    this.#length += frameBytes(payloadBytes);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
