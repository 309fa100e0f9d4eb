import type { Entry, EntryType, LogIndex } from '@raft/core';
import { DecodeError } from './decode-error.js';

// The packed entries of AppendEntries; the format is described in raft.proto.

const headerBytes = 13;
const twoTo32 = 0x1_0000_0000;
const entryTypes: readonly number[] = [0, 1, 2, 3, 4] satisfies EntryType[];

export function packedBytes(entries: readonly Entry[]): number {
  let bytes = entries.length * headerBytes;
  for (const entry of entries) bytes += entry.data.length;
  return bytes;
}

/** Writes the entries; gives the position behind them. */
export function packEntries(out: Uint8Array, at: number, entries: readonly Entry[]): number {
  let position = at;
  for (const entry of entries) {
    writeUint32(out, position, entry.data.length);
    out[position + 4] = entry.type;
    writeUint32(out, position + 5, entry.term >>> 0);
    writeUint32(out, position + 9, Math.floor(entry.term / twoTo32));
    out.set(entry.data, position + headerBytes);
    position += headerBytes + entry.data.length;
  }
  return position;
}

/** Reads entries `first`, `first + 1`, …; their data are views on `packed`. */
export function unpackEntries(packed: Uint8Array, first: LogIndex): Entry[] {
  const entries: Entry[] = [];
  let position = 0;
  while (position < packed.length) {
    if (packed.length - position < headerBytes) throw new DecodeError('truncated entries: an incomplete entry header');
    const length = readUint32(packed, position);
    const type = packed[position + 4]!;
    const term = readUint32(packed, position + 5) + readUint32(packed, position + 9) * twoTo32;
    const start = position + headerBytes;
    if (length > packed.length - start) {
      throw new DecodeError(`truncated entries: ${length} bytes of data announced, ${packed.length - start} left`);
    }
    if (!entryTypes.includes(type)) throw new DecodeError(`unknown entry type ${type}`);
    if (term > Number.MAX_SAFE_INTEGER) throw new DecodeError('the term of an entry is beyond 2^53 - 1');
    const index = first + entries.length;
    if (index > Number.MAX_SAFE_INTEGER) throw new DecodeError('the index of an entry is beyond 2^53 - 1');
    const data = new Uint8Array(packed.buffer, packed.byteOffset + start, length);
    entries.push({ index, term, type: type as EntryType, data });
    position = start + length;
  }
  return entries;
}

function writeUint32(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
