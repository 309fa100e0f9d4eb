import { randomInt } from 'node:crypto';
import { StorageError } from '@raft/core';
import type { SnapshotMeta, SnapshotWriter, StoreIdentity } from '@raft/core';
import type { File, FileSystem } from './file-system.js';
import { FRAME_HEADER_BYTES, FrameType, frameBytes, saltOf, sealFrame } from './frame.js';
import { temporarySuffix } from './layout.js';
import { FORMAT_VERSION, PREAMBLE_BYTES, snapshotMagic, writePreamble } from './preamble.js';
import { encodeSnapshot } from './records.js';
import { placeOf } from './snapshot-reader.js';
import { diskFull, doing, storageError } from './storage-failure.js';
import type { FailStop } from './storage-failure.js';

/*
 * A snapshot file: the preamble, with a number that was drawn for this snapshot and that its checksums start from; a frame
 * that tells what it is; chunks of one size, but for the last; and a frame that ends it. In a chunk's header `first index` is
 * the chunk's place in the data and `number of entries` its bytes; in the end's header the same of the whole: bytes, chunks.
 */

const chunkBytes = 256 * 1024;
const chunkFrameBytes = frameBytes(chunkBytes);
/** Bytes written between two syncs: small enough that appends do not wait long behind one. */
const syncEveryBytes = 4 * 1024 * 1024;

interface Frame {
  readonly payloadBytes: number;
  readonly controlBytes?: number;
  readonly firstIndex: number;
  readonly count: number;
  readonly type: FrameType;
}

export interface SnapshotWriterOptions {
  readonly fileSystem: FileSystem;
  readonly identity: StoreIdentity;
  /** See `StoreRecord.frameKey`. */
  readonly frameKey: string;
  readonly meta: SnapshotMeta;
  /** The name that it has once it is durable. */
  readonly path: string;
  readonly failure: FailStop;
  /** It was committed (true), or given up. */
  readonly ended: (committed: boolean) => Promise<void>;
}

export async function createSnapshotFile(options: SnapshotWriterOptions): Promise<SnapshotWriter> {
  const temporary = options.path + temporarySuffix;
  const file = await writing(options.failure, `create ${temporary}`, () =>
    options.fileSystem.open(temporary, 'create'),
  );
  const writer = new SnapshotFileWriter(options, temporary, file);
  await writer.begin();
  return writer;
}

/** A full disk costs the snapshot; any other error while writing breaks the storage. */
async function writing<T>(failure: FailStop, what: string, run: () => Promise<T>): Promise<T> {
  failure.check();
  try {
    return await doing(what, run);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'RAFT_STORAGE_FULL') throw error;
    throw error instanceof StorageError ? failure.fail(error) : error;
  }
}

class SnapshotFileWriter implements SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  readonly #path: string;
  readonly #file: File;
  readonly #nonce = randomInt(2 ** 32);
  readonly #salt: number;
  readonly #buffer = Buffer.allocUnsafeSlow(chunkFrameBytes);
  #filled = 0;
  #offset = 0;
  #unsynced = 0;
  #size = 0;
  #chunks = 0;
  #previous = 0;
  #ended = false;
  /** Calls may overlap; the file is written in their order. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: SnapshotWriterOptions, path: string, file: File) {
    this.#options = options;
    this.#path = path;
    this.#file = file;
    this.#salt = saltOf(options.frameKey, this.#nonce);
  }

  begin(): Promise<void> {
    return this.#next(() => this.#begin());
  }

  async #begin(): Promise<void> {
    const { identity, meta, frameKey } = this.#options;
    const payload = encodeSnapshot({ identity, meta, chunkBytes, frameKey });
    const buffer = Buffer.alloc(PREAMBLE_BYTES + frameBytes(payload.length));
    writePreamble(buffer, snapshotMagic, FORMAT_VERSION, this.#nonce);
    await this.#put(buffer.subarray(0, PREAMBLE_BYTES));
    const frame = buffer.subarray(PREAMBLE_BYTES);
    frame.set(payload, FRAME_HEADER_BYTES);
    const { length } = payload;
    await this.#seal(frame, {
      payloadBytes: length,
      controlBytes: length,
      firstIndex: 0,
      count: 0,
      type: FrameType.snapshot,
    });
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#next(async () => {
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + chunkBytes - this.#filled);
        this.#buffer.set(part, FRAME_HEADER_BYTES + this.#filled);
        this.#filled += part.length;
        at += part.length;
        if (this.#filled === chunkBytes) await this.#writeChunk();
      }
    });
  }

  commit(): Promise<void> {
    return this.#next(async () => {
      if (this.#filled > 0) await this.#writeChunk();
      const frame = { payloadBytes: 0, firstIndex: this.#size, count: this.#chunks, type: FrameType.snapshotEnd };
      await this.#seal(this.#buffer, frame);
      const { fileSystem, path, failure } = this.#options;
      await writing(failure, `finish ${path}`, async () => {
        await this.#file.sync();
        await fileSystem.rename(this.#path, path);
      });
      // It has its name: nothing is given up any more, and no error is harmless.
      this.#ended = true;
      try {
        await this.#file.close();
        await this.#options.ended(true);
      } catch (error) {
        throw failure.fail(storageError(error, `finish ${path}`));
      }
    });
  }

  /** Safe to call twice, and after a commit, which it does not undo. */
  async abort(): Promise<void> {
    await this.#last.catch(() => undefined); // told to whoever called
    await this.#giveUp();
  }

  async #giveUp(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const { failure, fileSystem, ended } = this.#options;
    await ended(false);
    await doing(`remove ${this.#path}`, async () => {
      await this.#file.close();
      if (failure.error === undefined) await fileSystem.remove(this.#path);
    });
  }

  /** After an error nothing follows: what was written is removed at once, so that a full disk has its space back. */
  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(async () => {
      if (this.#ended)
        throw new StorageError('RAFT_STORAGE_CLOSED', 'the snapshot is committed or given up: make a new one');
      try {
        await work();
      } catch (error) {
        await this.#giveUp().catch((failed: StorageError) => this.#options.failure.fail(failed));
        throw error;
      }
    });
    this.#last = done;
    return done;
  }

  async #writeChunk(): Promise<void> {
    const bytes = this.#filled;
    await this.#seal(this.#buffer, {
      payloadBytes: bytes,
      firstIndex: this.#size,
      count: bytes,
      type: FrameType.snapshotChunk,
    });
    this.#filled = 0;
    this.#size += bytes;
    this.#chunks++;
  }

  async #seal(buffer: Buffer, { payloadBytes, controlBytes = 0, firstIndex, count, type }: Frame): Promise<void> {
    const place = placeOf(this.#offset);
    const fields = {
      ...place,
      writeOffset: place.offset,
      previous: this.#previous,
      controlBytes,
      firstIndex,
      count,
      flags: 0,
      type,
    };
    this.#previous = sealFrame(buffer, 0, payloadBytes, fields, this.#salt);
    await this.#put(buffer.subarray(0, frameBytes(payloadBytes)));
  }

  async #put(bytes: Buffer): Promise<void> {
    await writing(this.#options.failure, `write ${this.#path}`, async () => {
      if ((await this.#file.write(bytes, this.#offset)) < bytes.length) throw diskFull(`write ${this.#path}`);
      this.#unsynced += bytes.length;
      if (this.#unsynced < syncEveryBytes) return;
      await this.#file.sync();
      this.#unsynced = 0;
    });
    this.#offset += bytes.length;
  }
}
