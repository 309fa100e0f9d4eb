import { crc32 } from 'node:zlib';

/*
 * All files consist of frames, 8-byte aligned, little-endian:
 *
 *    0 u32 CRC-32 of bytes 4 to 47        24 u32 the first field of the frame before this one
 *    4 u32 CRC-32 of bytes 48 to the end  28 u32 bytes of the control part (a Protocol Buffers message)
 *    8 u32 bytes of the frame             32 u64 index of the first entry
 *   12 u32 number of the segment          40 u32 number of entries
 *   16 u32 place of the frame in it       44 u16 0
 *   20 u32 where its write began          46 u8  flags
 *                                         47 u8  type, never 0
 *   48 control part, entries, 0 to 7 zeros, and the byte 0xA5.
 *
 * The place and the checksum of the frame before are under the checksum, and the checksums start from a number of the
 * store's own: a frame of another place, another store or an older write is no frame. `where its write began` tells what
 * was durable when the frame was written. Header and frame end in a byte that is not zero, so that a write of which the
 * end is missing can be told from one that was damaged.
 */

export const FRAME_HEADER_BYTES = 48;
const END_MARK = 0xa5;

/** The numbers are on disks: never reuse one. */
export const FrameType = {
  store: 1,
  segment: 2,
  batch: 3,
  snapshot: 4,
  snapshotChunk: 5,
  snapshotEnd: 6,
  change: 7,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** A batch takes effect with the frame that has `lastOfBatch`. */
export const FrameFlag = { firstOfBatch: 1, lastOfBatch: 2 } as const;

export interface FrameHeader {
  readonly headerCrc: number;
  readonly payloadCrc: number;
  /** Bytes, header and padding included. */
  readonly length: number;
  readonly segment: number;
  readonly offset: number;
  readonly writeOffset: number;
  readonly previous: number;
  readonly controlBytes: number;
  readonly firstIndex: number;
  readonly count: number;
  readonly flags: number;
  readonly type: number;
}

export type FrameFields = Omit<FrameHeader, 'headerCrc' | 'payloadCrc' | 'length'>;

/** Bytes of a frame with this payload: with the header, the end mark and the padding before it. */
export function frameBytes(payloadBytes: number): number {
  return (FRAME_HEADER_BYTES + payloadBytes + 8) & ~7;
}

/** Finishes the frame at `at`, whose payload is in place; returns its checksum, which the next frame names. */
export function sealFrame(buffer: Buffer, at: number, payloadBytes: number, fields: FrameFields, salt: number): number {
  const end = at + frameBytes(payloadBytes);
  buffer.fill(0, at + FRAME_HEADER_BYTES + payloadBytes, end - 1);
  buffer[end - 1] = END_MARK;
  buffer.writeUInt32LE(crc32(buffer.subarray(at + FRAME_HEADER_BYTES, end), salt), at + 4);
  buffer.writeUInt32LE(end - at, at + 8);
  buffer.writeUInt32LE(fields.segment, at + 12);
  buffer.writeUInt32LE(fields.offset, at + 16);
  buffer.writeUInt32LE(fields.writeOffset, at + 20);
  buffer.writeUInt32LE(fields.previous, at + 24);
  buffer.writeUInt32LE(fields.controlBytes, at + 28);
  writeUint64(buffer, at + 32, fields.firstIndex);
  buffer.writeUInt32LE(fields.count, at + 40);
  buffer.writeUInt16LE(0, at + 44);
  buffer[at + 46] = fields.flags;
  buffer[at + 47] = fields.type;
  const headerCrc = crc32(buffer.subarray(at + 4, at + FRAME_HEADER_BYTES), salt);
  buffer.writeUInt32LE(headerCrc, at);
  return headerCrc;
}

/** The frame header at `at`, when it checks out at this place. The payload is not looked at. */
export function readHeader(
  buffer: Buffer,
  at: number,
  segment: number,
  offset: number,
  salt: number,
): FrameHeader | undefined {
  if (buffer.readUInt32LE(at + 12) !== segment || buffer.readUInt32LE(at + 16) !== offset) return undefined;
  const headerCrc = buffer.readUInt32LE(at);
  if (crc32(buffer.subarray(at + 4, at + FRAME_HEADER_BYTES), salt) !== headerCrc) return undefined;
  return {
    headerCrc,
    payloadCrc: buffer.readUInt32LE(at + 4),
    length: buffer.readUInt32LE(at + 8),
    segment,
    offset,
    writeOffset: buffer.readUInt32LE(at + 20),
    previous: buffer.readUInt32LE(at + 24),
    controlBytes: buffer.readUInt32LE(at + 28),
    firstIndex: readUint64(buffer, at + 32),
    count: buffer.readUInt32LE(at + 40),
    flags: buffer[at + 46]!,
    type: buffer[at + 47]!,
  };
}

/** Whether the payload of a frame, all of it in the buffer, is what was written. */
export function payloadIsIntact(buffer: Buffer, at: number, header: FrameHeader, salt: number): boolean {
  return crc32(buffer.subarray(at + FRAME_HEADER_BYTES, at + header.length), salt) === header.payloadCrc;
}

/** The number that the checksums of a store's frames start from. */
export function saltOf(storeId: string, nonce = 0): number {
  return crc32(storeId, nonce);
}

export function writeUint64(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt32LE(value >>> 0, at);
  buffer.writeUInt32LE((value / 4_294_967_296) >>> 0, at + 4);
}

export function readUint64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 4_294_967_296;
}
