import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type LogIndex, StorageError } from '@raft/core';
import type { Tree } from './types.js';

// A snapshot is a sequence of blocks, whatever chunks it travels in. Integers are little-endian.
//
//   block    uint32 bytes of the body | uint32 CRC-32 | body
//            The CRC covers the length and the body and goes on from the previous block's, so that no block can be missing,
//            repeated or moved.
//   body     uint8 kind, then
//     0      header, the first block: "raft.kv" | uint8 version
//     1      records, in the order of their keys, each
//            uint32 bytes of the key | uint32 bytes of the value | uint64 revision | key | value
//     2      end, the last block: uint64 number of records | uint64 revision of the latest change, which may have been a deletion

const Kind = { header: 0, records: 1, end: 2 } as const;
const magic = 'raft.kv';
const version = 2;
const blockHeaderBytes = 8;
const recordHeaderBytes = 16;
const twoTo32 = 0x1_0000_0000;

/** Bytes of records in a block, but for a record that is larger by itself: some hundred microseconds of work. */
const blockBytes = 64 * 1024;
/** No record is larger, so a length beyond it is damage and is not waited for. */
const maxBodyBytes = 256 * 1024 * 1024;

/** Yields the records of a tree that nobody writes to. Lets the event loop turn after each block. */
export async function* writeSnapshot(tree: Tree, latest: LogIndex): AsyncGenerator<Uint8Array> {
  const seal = sealer();
  const header = newBlock(Kind.header, magic.length + 1);
  header.write(magic, blockHeaderBytes + 1, 'latin1');
  header[header.length - 1] = version;
  yield seal(header, header.length);

  let block = newBlock(Kind.records, blockBytes);
  let at = blockHeaderBytes + 1;
  // One array for all pairs, instead of one each.
  for (const [key, { value, revision }] of tree.entries(undefined, [])) {
    const bytes = recordHeaderBytes + key.length + value.length;
    if (at + bytes > block.length) {
      if (at > blockHeaderBytes + 1) {
        yield seal(block, at);
        await nextTurn();
      }
      block = newBlock(Kind.records, Math.max(blockBytes, bytes));
      at = blockHeaderBytes + 1;
    }
    at = writeRecord(block, at, key, value, revision);
  }
  if (at > blockHeaderBytes + 1) yield seal(block, at);

  const end = newBlock(Kind.end, 16);
  writeUint64(end, blockHeaderBytes + 1, tree.size);
  writeUint64(end, blockHeaderBytes + 9, latest);
  yield seal(end, end.length);
}

function newBlock(kind: number, bytes: number): Buffer {
  const block = Buffer.allocUnsafeSlow(blockHeaderBytes + 1 + bytes);
  block[blockHeaderBytes] = kind;
  return block;
}

function writeRecord(block: Buffer, start: number, key: string, value: string, revision: number): number {
  block.writeUInt32LE(key.length, start);
  block.writeUInt32LE(value.length, start + 4);
  writeUint64(block, start + 8, revision);
  block.write(key, start + recordHeaderBytes, 'latin1');
  block.write(value, start + recordHeaderBytes + key.length, 'latin1');
  return start + recordHeaderBytes + key.length + value.length;
}

/** Puts length and checksum before the body. */
function sealer(): (block: Buffer, end: number) => Buffer {
  let crc = 0;
  return (block, end) => {
    block.writeUInt32LE(end - blockHeaderBytes, 0);
    crc = crc32(block.subarray(blockHeaderBytes, end), crc32(block.subarray(0, 4), crc));
    block.writeUInt32LE(crc, 4);
    return block.subarray(0, end);
  };
}

type Take = (key: string, value: string, revision: number) => void;

/**
 * Hands each record to `take`, in order; gives the revision of the latest change. Lets the event loop turn after each block.
 * Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` when the stream is cut off, damaged, goes on after its end, or of
 * another format; what was taken until then is to be thrown away.
 */
export async function readSnapshot(chunks: AsyncIterable<Uint8Array>, take: Take): Promise<LogIndex> {
  const reader = new BlockReader();
  const records = new RecordReader(take);
  for await (const chunk of chunks) {
    reader.push(chunk);
    for (let body = reader.next(); body !== undefined; body = reader.next()) {
      records.read(body);
      await nextTurn();
    }
  }
  if (records.latest === undefined || reader.rest > 0) throw damaged('it is cut off');
  return records.latest;
}

/** Cuts blocks out of chunks. */
class BlockReader {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #crc = 0;

  /** Bytes that wait for more. */
  get rest(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next block's body, or undefined when it has not arrived whole. */
  next(): Buffer | undefined {
    if (this.#bytes < blockHeaderBytes) return undefined;
    const length = this.#peek(blockHeaderBytes).readUInt32LE(0);
    if (length === 0 || length > maxBodyBytes) throw damaged(`a block of ${length} bytes`);
    if (this.#bytes < blockHeaderBytes + length) return undefined;
    const block = this.#peek(blockHeaderBytes + length);
    const body = block.subarray(blockHeaderBytes, blockHeaderBytes + length);
    this.#crc = crc32(body, crc32(block.subarray(0, 4), this.#crc));
    if (block.readUInt32LE(4) !== this.#crc) throw damaged('a checksum is wrong');
    this.#chunks[0] = block.subarray(blockHeaderBytes + length);
    this.#bytes -= blockHeaderBytes + length;
    return body;
  }

  /** Makes the first chunk have so many bytes, joining as few as it takes. */
  #peek(bytes: number): Buffer {
    const [first] = this.#chunks as [Uint8Array];
    if (first.length >= bytes) return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
    let count = 0;
    for (let joined = 0; joined < bytes; count++) joined += this.#chunks[count]!.length;
    const joined = Buffer.concat(this.#chunks.slice(0, count));
    this.#chunks.splice(0, count, joined);
    return joined;
  }
}

/** Reads bodies in the order that they must have. */
class RecordReader {
  readonly #take: Take;
  #started = false;
  #latest: LogIndex | undefined;
  #count = 0;
  #lastKey = '';

  constructor(take: Take) {
    this.#take = take;
  }

  /** Of the latest change; known once the end has come. */
  get latest(): LogIndex | undefined {
    return this.#latest;
  }

  read(body: Buffer): void {
    if (this.#latest !== undefined) throw damaged('it goes on after its end');
    if (!this.#started) this.#readHeader(body);
    else if (body[0] === Kind.records) this.#readRecords(body);
    else if (body[0] === Kind.end) this.#readEnd(body);
    else throw damaged(`a block of the unknown kind ${body[0]}`);
  }

  #readHeader(body: Buffer): void {
    if (
      body[0] !== Kind.header ||
      body.length !== magic.length + 2 ||
      body.toString('latin1', 1, body.length - 1) !== magic
    ) {
      throw damaged('it does not begin as one');
    }
    const found = body.at(-1);
    if (found !== version) throw damaged(`its format has version ${found}, and only ${version} is known here`);
    this.#started = true;
  }

  #readRecords(body: Buffer): void {
    let at = 1;
    while (at < body.length) {
      if (body.length - at < recordHeaderBytes) throw damaged('a record is cut off');
      const keyStart = at + recordHeaderBytes;
      const valueStart = keyStart + body.readUInt32LE(at);
      const end = valueStart + body.readUInt32LE(at + 4);
      if (end > body.length) throw damaged('a record is cut off');
      const key = body.toString('latin1', keyStart, valueStart);
      if (key <= this.#lastKey) throw damaged('its keys are not in order');
      this.#take(key, body.toString('latin1', valueStart, end), readUint64(body, at + 8));
      this.#lastKey = key;
      this.#count++;
      at = end;
    }
  }

  #readEnd(body: Buffer): void {
    if (body.length !== 17 || readUint64(body, 1) !== this.#count) throw damaged(`${this.#count} records are not all`);
    this.#latest = readUint64(body, 9);
  }
}

function damaged(what: string): StorageError {
  return new StorageError('RAFT_STORAGE_CORRUPT', `the snapshot of the map is not usable: ${what}`);
}

function writeUint64(out: Buffer, at: number, value: number): void {
  out.writeUInt32LE(value % twoTo32, at);
  out.writeUInt32LE(Math.floor(value / twoTo32), at + 4);
}

function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * twoTo32;
}
