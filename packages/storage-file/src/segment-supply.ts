import type { StorageError } from '@raft/core';
import type { File, FileSystem } from './file-system.js';
import { segmentPath, temporarySuffix } from './layout.js';
import type { ActiveSegment } from './log-recovery.js';
import { diskFull, doing, storageError } from './storage-failure.js';

const zeros: Buffer = Buffer.alloc(1024 * 1024);
/** Bytes written between two syncs: small enough that appends do not wait long behind one. */
const syncEveryBytes = 4 * 1024 * 1024;
/** A full disk is tried again in the background after this time at the earliest: trying takes the last space from others. */
const retryMs = 1000;

export interface SupplyOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly segmentBytes: number;
  /** Id of the next segment. */
  readonly nextId: number;
  /** Whether that segment is already there, all zeros. */
  readonly isReady: boolean;
  /** Called at an error that the storage cannot outlive; a full disk is none. */
  readonly onFailure: (error: StorageError) => void;
}

/** Makes segments ahead, so that appends overwrite blocks that exist: no metadata to sync, no space to run out of. */
export class SegmentSupply {
  readonly #options: SupplyOptions;
  #nextId: number;
  #readyBytes: number;
  #making: Promise<void> | undefined;
  #error: StorageError | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: SupplyOptions) {
    this.#options = options;
    this.#nextId = options.nextId;
    this.#readyBytes = options.isReady ? options.segmentBytes : 0;
  }

  /** The last try to make a segment failed, since the disk was full. */
  get isFull(): boolean {
    return this.#making === undefined && this.#error?.code === 'RAFT_STORAGE_FULL';
  }

  /** Starts to make the next segment in the background, unless it is there or being made. */
  prepare(): void {
    if (this.#readyBytes > 0 || this.#making !== undefined) return;
    if (this.#error !== undefined && performance.now() - this.#failedAt < retryMs) return;
    this.#making = this.#make(this.#options.segmentBytes);
  }

  /** Opens the next segment, of at least `bytes` bytes. Throws `RAFT_STORAGE_FULL` when there is no space to make it. */
  async take(bytes: number): Promise<ActiveSegment> {
    await this.#making;
    if (this.#readyBytes < bytes) {
      if (this.#readyBytes > 0) await this.#discard();
      this.#making = this.#make(Math.max(this.#options.segmentBytes, Math.ceil(bytes / 4096) * 4096));
      await this.#making;
    }
    if (this.#error) throw this.#error;
    const id = this.#nextId;
    const path = segmentPath(this.#options.directory, id);
    const file = await doing(`open ${path}`, () => this.#options.fileSystem.open(path, 'durable'));
    const segment = { id, path, bytes: this.#readyBytes, file, tail: 0, previous: 0 };
    this.#nextId++;
    this.#readyBytes = 0;
    return segment;
  }

  /** Takes back a segment that nothing was written to. */
  async giveBack({ file, path, bytes }: ActiveSegment): Promise<void> {
    this.#nextId--;
    this.#readyBytes = bytes;
    await doing(`close ${path}`, () => file.close());
  }

  /** Ends what is under way; nothing is made any more. */
  async close(): Promise<void> {
    this.#stopped = true;
    await this.#making;
  }

  /** Never rejects: what went wrong is told by `take`, or by `onFailure` at once. */
  async #make(bytes: number): Promise<void> {
    const { fileSystem, directory, onFailure } = this.#options;
    const path = segmentPath(directory, this.#nextId);
    const temporary = path + temporarySuffix;
    this.#error = undefined;
    try {
      const file = await fileSystem.open(temporary, 'create');
      try {
        await this.#fill(file, bytes, temporary);
      } finally {
        await file.close();
      }
      await fileSystem.rename(temporary, path);
      await fileSystem.syncDirectory(directory);
      this.#readyBytes = bytes;
    } catch (error) {
      this.#error = await this.#cleanUp(temporary, storageError(error, `make ${temporary}`));
      this.#failedAt = performance.now();
      if (this.#error.code !== 'RAFT_STORAGE_FULL') onFailure(this.#error);
    } finally {
      this.#making = undefined;
    }
  }

  async #fill(file: File, bytes: number, path: string): Promise<void> {
    for (let at = 0; at < bytes; at += zeros.length) {
      if (this.#stopped) throw diskFull(`make ${path}`, { cause: new Error('the storage was closed') });
      const part = at + zeros.length <= bytes ? zeros : zeros.subarray(0, bytes - at);
      if ((await file.write(part, at)) < part.length) throw diskFull(`write ${path}`);
      if ((at + part.length) % syncEveryBytes === 0 || at + part.length === bytes) await file.sync();
    }
  }

  /** Gives the space back, when the disk is full. After another error nothing is touched any more. */
  async #cleanUp(temporary: string, error: StorageError): Promise<StorageError> {
    if (error.code !== 'RAFT_STORAGE_FULL') return error;
    try {
      await this.#options.fileSystem.remove(temporary);
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== 'ENOENT') return storageError(failure, `remove ${temporary}`);
    }
    return error;
  }

  /** A batch needs more than the segment that is ready. */
  async #discard(): Promise<void> {
    const path = segmentPath(this.#options.directory, this.#nextId);
    await doing(`remove ${path}`, () => this.#options.fileSystem.remove(path));
    this.#readyBytes = 0;
  }
}
