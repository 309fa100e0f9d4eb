/*
 * The format of LevelDB's logs (its doc/log_format.md), which its MANIFEST has too: blocks of 32 KiB with records of a
 * masked CRC-32C (4 bytes), length (2), type (1: whole, 2: first, 3: middle, 4: last part) and payload; fewer than 7 bytes
 * at the end of a block stay empty.
 *
 * LevelDB skips what it finds damaged in its log, silently, and deletes the log afterwards. So we look at it before.
 */

const blockBytes = 32 * 1024;
const headerBytes = 7;
const whole = 1;
const first = 2;
const last = 4;

/** Damage at `offset`. `torn`: nothing that is readable follows, so it may be a write that a crash cut off. */
export interface LogDamage {
  readonly kind: 'torn' | 'damaged';
  readonly offset: number;
}

export interface LogScan {
  readonly records: number;
  readonly damage: LogDamage | undefined;
}

/**
 * Looks at a whole log. `batches`: each record is a batch of writes, numbered one after the other; so that missing, repeated
 * and swapped blocks show, whose checksums are fine.
 */
export function scanLog(bytes: Buffer, { batches }: { batches: boolean }): LogScan {
  let records = 0;
  let offset = 0;
  /** The beginning of the record whose parts are being read. */
  let start: number | undefined;
  let head: Buffer = Buffer.alloc(0);
  let next: bigint | undefined;
  const damaged = (at: number): LogScan => ({ records, damage: { kind: 'damaged', offset: at } });
  while (offset < bytes.length) {
    const left = blockBytes - (offset % blockBytes);
    if (left < headerBytes) {
      if (!bytes.subarray(offset, offset + left).every((byte) => byte === 0)) return damaged(offset);
      offset += left;
      continue;
    }
    const part = readPart(bytes, offset);
    if (part === undefined) {
      const torn = !hasRecord(bytes, offset + 1);
      return { records, damage: { kind: torn ? 'torn' : 'damaged', offset: start ?? offset } };
    }
    const begins = part.type === whole || part.type === first;
    if (begins !== (start === undefined)) return damaged(start ?? offset);
    if (begins) head = Buffer.alloc(0);
    start ??= offset;
    if (head.length < 12) head = Buffer.concat([head, part.payload.subarray(0, 12 - head.length)]);
    offset += headerBytes + part.payload.length;
    if (part.type !== whole && part.type !== last) continue;
    if (batches) {
      if (head.length < 12) return damaged(start);
      const sequence = head.readBigUInt64LE(0);
      if (next !== undefined && sequence !== next) return damaged(start);
      next = sequence + BigInt(head.readUInt32LE(8));
    }
    records++;
    start = undefined;
  }
  return { records, damage: start === undefined ? undefined : { kind: 'torn', offset: start } };
}

/** The records up to the first damage. */
export function* batchesOf(bytes: Buffer): Generator<Buffer> {
  let parts: Buffer[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const left = blockBytes - (offset % blockBytes);
    const part = left < headerBytes ? undefined : readPart(bytes, offset);
    offset += part === undefined ? left : headerBytes + part.payload.length;
    if (part === undefined && left >= headerBytes) return;
    if (part === undefined) continue;
    parts.push(part.payload);
    if (part.type !== whole && part.type !== last) continue;
    yield Buffer.concat(parts);
    parts = [];
  }
}

interface Part {
  readonly type: number;
  readonly payload: Buffer;
}

function readPart(bytes: Buffer, offset: number): Part | undefined {
  if (offset + headerBytes > bytes.length) return undefined;
  const type = bytes[offset + 6]!;
  const end = offset + headerBytes + bytes.readUInt16LE(offset + 4);
  const blockEnd = offset - (offset % blockBytes) + blockBytes;
  if (type < whole || type > last || end > Math.min(bytes.length, blockEnd)) return undefined;
  if (bytes.readUInt32LE(offset) !== mask(crc32c(bytes, offset + 6, end))) return undefined;
  return { type, payload: bytes.subarray(offset + headerBytes, end) };
}

/** Whether a record begins at `from` or later. Parts of one that began before do not count. */
function hasRecord(bytes: Buffer, from: number): boolean {
  for (let at = from; at + headerBytes <= bytes.length; at++) {
    const type = bytes[at + 6]!;
    if ((type === whole || type === first) && readPart(bytes, at) !== undefined) return true;
  }
  return false;
}

const table = new Uint32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

function crc32c(bytes: Buffer, from: number, to: number): number {
  let crc = 0xffffffff;
  for (let at = from; at < to; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A checksum of what holds checksums itself is masked. */
function mask(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
