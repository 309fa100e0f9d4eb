import type { GroupId, LogIndex } from '@raft/core';

/*
 * Keys of the database. Numbers are big-endian, so that the order of the keys is that of the numbers.
 *
 *   00                                  whose database it is
 *   01                                  the root: counts the writes and vouches for the groups' records
 *   02 group                            a group's record: hard state, bounds of the log, present snapshot
 *   03 group index(8)                   an entry
 *   04 group snapshot(6) chunk(4)       a part of a snapshot
 *
 * `group` is the length of its id in UTF-8 (2 bytes), and the id.
 */

export const Kind = { store: 0, root: 1, group: 2, entry: 3, chunk: 4 } as const;
const twoTo32 = 2 ** 32;

export const storeKey: Buffer = Buffer.from([Kind.store]);
export const rootKey: Buffer = Buffer.from([Kind.root]);

/** From the first key to the last one, both included. */
export interface KeyRange {
  readonly gte: Buffer;
  readonly lte: Buffer;
}

export const groupRecords: KeyRange = { gte: Buffer.from([Kind.group]), lte: Buffer.from([Kind.group, 0xff, 0xff]) };

/** The group that a key of {@link groupRecords} is for. */
export function groupOf(key: Buffer): GroupId {
  return key.toString('utf8', 3);
}

/** The keys of one group. */
export class GroupKeys {
  readonly record: Buffer;
  readonly #entry: Buffer;
  readonly #chunk: Buffer;

  constructor(groupId: GroupId) {
    const id = Buffer.from(groupId);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const key = (kind: number): Buffer => Buffer.concat([Buffer.from([kind]), length, id]);
    this.record = key(Kind.group);
    this.#entry = key(Kind.entry);
    this.#chunk = key(Kind.chunk);
  }

  entry(index: LogIndex): Buffer {
    const { length } = this.#entry;
    const key = Buffer.allocUnsafe(length + 8);
    this.#entry.copy(key);
    key.writeUInt32BE(Math.floor(index / twoTo32), length);
    key.writeUInt32BE(index % twoTo32, length + 4);
    return key;
  }

  indexOf(key: Buffer): LogIndex {
    const { length } = this.#entry;
    return key.readUInt32BE(length) * twoTo32 + key.readUInt32BE(length + 4);
  }

  entries(from: LogIndex, to: LogIndex = Number.MAX_SAFE_INTEGER): KeyRange {
    return { gte: this.entry(from), lte: this.entry(to) };
  }

  chunk(snapshot: number, number: number): Buffer {
    const { length } = this.#chunk;
    const key = Buffer.allocUnsafe(length + 10);
    this.#chunk.copy(key);
    key.writeUIntBE(snapshot, length, 6);
    key.writeUInt32BE(number, length + 6);
    return key;
  }

  /** Those of the snapshots `from` to `to`. */
  chunks(from: number, to: number): KeyRange {
    return { gte: this.chunk(from, 0), lte: this.chunk(to, twoTo32 - 1) };
  }
}

/** Snapshots are numbered from 1 to this. */
export const lastSnapshot: number = 2 ** 48 - 1;
