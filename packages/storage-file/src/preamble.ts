/*
 * Log segments, snapshots and noted changes begin with 16 bytes that tell what they are: a name of 8 bytes, a u32 with the version of the
 * format, and a u32 that belongs to the kind of file. The first frame follows.
 */

export const PREAMBLE_BYTES = 16;

/** Of all files of a directory; a newer one is refused. */
export const FORMAT_VERSION = 1;

export const segmentMagic: Buffer = Buffer.from('RAFTLOG\0', 'latin1');
export const snapshotMagic: Buffer = Buffer.from('RAFTSNP\0', 'latin1');
export const changeMagic: Buffer = Buffer.from('RAFTCHG\0', 'latin1');

export function writePreamble(buffer: Buffer, magic: Buffer, version: number, extra = 0): void {
  magic.copy(buffer, 0);
  buffer.writeUInt32LE(version, 8);
  buffer.writeUInt32LE(extra, 12);
}

export interface Preamble {
  readonly version: number;
  readonly extra: number;
}

/** Nothing unless the file begins with `magic`. */
export function readPreamble(buffer: Buffer, magic: Buffer): Preamble | undefined {
  if (buffer.length < PREAMBLE_BYTES || !buffer.subarray(0, magic.length).equals(magic)) return undefined;
  return { version: buffer.readUInt32LE(8), extra: buffer.readUInt32LE(12) };
}
