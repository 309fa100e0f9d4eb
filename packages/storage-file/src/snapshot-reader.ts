import { StorageError } from '@raft/core';
import type { SnapshotMeta, SnapshotReader } from '@raft/core';
import type { File, FileSystem } from './file-system.js';
import { FRAME_HEADER_BYTES, FrameType, frameBytes, payloadIsIntact, readHeader, saltOf } from './frame.js';
import type { FrameHeader } from './frame.js';
import { PREAMBLE_BYTES, readPreamble, snapshotMagic } from './preamble.js';
import { decodeSnapshot } from './records.js';
import type { SnapshotRecord } from './records.js';
import { checkVersion } from './segment-beginning.js';
import { DamageError, doing, storageError } from './storage-failure.js';

const endBytes = frameBytes(0);
const largestHeaderBytes = 1024 * 1024;

/** A file may be larger than a frame's place can tell, so the number of the segment is the upper part. */
export function placeOf(offset: number): { segment: number; offset: number } {
  return { segment: Math.floor(offset / 2 ** 32), offset: offset % 2 ** 32 };
}

interface SnapshotFile {
  readonly file: File;
  readonly path: string;
  readonly salt: number;
  readonly record: SnapshotRecord;
  /** Bytes of the data; of its whole chunks, when the end is damaged. */
  readonly size: number;
  /** Where the first chunk lies. */
  readonly start: number;
  /** Where the last frame lies. */
  readonly end: number;
  readonly endDamage: DamageError | undefined;
}

/** Opens a snapshot, verified as far as its metadata: damage to its data is told by `chunks`. Throws `RAFT_STORAGE_CORRUPT`. */
export async function openSnapshotFile(
  fileSystem: FileSystem,
  path: string,
  frameKey: string,
): Promise<SnapshotFileReader> {
  return doing(`read ${path}`, async () => {
    const file = await fileSystem.open(path, 'read');
    try {
      return new SnapshotFileReader(await inspect(file, path, frameKey));
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

async function inspect(file: File, path: string, frameKey: string): Promise<SnapshotFile> {
  const fileBytes = await file.size();
  const head = Buffer.alloc(Math.min(fileBytes, largestHeaderBytes));
  await file.read(head, 0);
  const preamble = readPreamble(head, snapshotMagic);
  if (preamble === undefined) throw corrupt(path, 0, 'it does not begin as a snapshot does');
  checkVersion(preamble.version, path);
  const salt = saltOf(frameKey, preamble.extra);
  const header = intactFrame(head.subarray(PREAMBLE_BYTES), PREAMBLE_BYTES, salt);
  if (header?.type !== FrameType.snapshot) throw corrupt(path, PREAMBLE_BYTES, 'its header is not what was written');
  const payload = PREAMBLE_BYTES + FRAME_HEADER_BYTES;
  const record = decodeSnapshot(head.subarray(payload, payload + header.controlBytes));
  const end = Buffer.alloc(endBytes);
  const endOffset = Math.max(0, fileBytes - endBytes);
  await file.read(end, endOffset);
  const last = intactFrame(end, endOffset, salt);
  const start = PREAMBLE_BYTES + header.length;
  const found = { file, path, salt, record, start, end: endOffset };
  if (last?.type === FrameType.snapshotEnd) return { ...found, size: last.firstIndex, endDamage: undefined };
  const chunks = Math.floor(Math.max(0, fileBytes - start) / frameBytes(record.chunkBytes));
  const endDamage = corrupt(path, endOffset, 'its end is missing or damaged');
  return { ...found, size: chunks * record.chunkBytes, endDamage };
}

function intactFrame(buffer: Buffer, offset: number, salt: number): FrameHeader | undefined {
  const place = placeOf(offset);
  if (offset < 0 || buffer.length < FRAME_HEADER_BYTES) return undefined;
  const header = readHeader(buffer, 0, place.segment, place.offset, salt);
  return header && header.length <= buffer.length && payloadIsIntact(buffer, 0, header, salt) ? header : undefined;
}

/** Where a chunk lies in the file, and why it cannot be read. */
export interface SnapshotPart {
  readonly offset: number;
  readonly bytes: number;
  /** The end of the file, no data. */
  readonly isEnd: boolean;
  readonly damage: StorageError | undefined;
}

export class SnapshotFileReader implements SnapshotReader {
  readonly #snapshot: SnapshotFile;
  #closed = false;

  constructor(snapshot: SnapshotFile) {
    this.#snapshot = snapshot;
  }

  get meta(): SnapshotMeta {
    return this.#snapshot.record.meta;
  }

  get size(): number {
    return this.#snapshot.size;
  }

  async *chunks(offset = 0): AsyncIterable<Uint8Array> {
    const { size, record, endDamage } = this.#snapshot;
    if (endDamage) throw endDamage;
    for (let at = offset - (offset % record.chunkBytes); at < size; at += record.chunkBytes) {
      const chunk = await this.#chunk(at, Math.min(record.chunkBytes, size - at));
      yield offset > at ? chunk.subarray(offset - at) : chunk;
    }
  }

  /** Every chunk, the damaged ones too, and the end. Throws `RAFT_STORAGE_IO` only. */
  async *parts(): AsyncIterable<SnapshotPart> {
    const { size, record, endDamage } = this.#snapshot;
    for (let at = 0; at < size; at += record.chunkBytes) {
      const bytes = Math.min(record.chunkBytes, size - at);
      const part = { offset: this.#offsetOf(at), bytes: frameBytes(bytes), isEnd: false };
      try {
        await this.#chunk(at, bytes);
        yield { ...part, damage: undefined };
      } catch (error) {
        if (!(error instanceof DamageError)) throw error;
        yield { ...part, damage: error };
      }
    }
    yield { offset: this.#snapshot.end, bytes: endBytes, isEnd: true, damage: endDamage };
  }

  /** Where the first frame lies, and its bytes. */
  get header(): { readonly offset: number; readonly bytes: number } {
    return { offset: PREAMBLE_BYTES, bytes: this.#snapshot.start - PREAMBLE_BYTES };
  }

  #offsetOf(at: number): number {
    const { start, record } = this.#snapshot;
    return start + (at / record.chunkBytes) * frameBytes(record.chunkBytes);
  }

  async #chunk(at: number, bytes: number): Promise<Uint8Array> {
    const { file, path, salt } = this.#snapshot;
    if (this.#closed) throw new StorageError('RAFT_STORAGE_CLOSED', `the reader of ${path} is closed`);
    const offset = this.#offsetOf(at);
    const buffer = Buffer.allocUnsafeSlow(frameBytes(bytes));
    try {
      await file.read(buffer, offset);
    } catch (error) {
      throw storageError(error, `read ${path}`);
    }
    const header = intactFrame(buffer, offset, salt);
    const right = header?.type === FrameType.snapshotChunk && header.firstIndex === at && header.count === bytes;
    if (!right) throw corrupt(path, offset, `the chunk of bytes ${at} to ${at + bytes - 1} is not what was written`);
    return buffer.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + bytes);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { file, path } = this.#snapshot;
    await doing(`close ${path}`, () => file.close());
  }
}

function corrupt(path: string, offset: number, why: string): DamageError {
  return new DamageError({ path, offset }, why);
}
