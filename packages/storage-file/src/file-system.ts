/**
 * What the storage needs of a file system. The default is the process's own; tests give one that fails.
 * Methods reject with the system's errors (`code` such as `ENOSPC`), unless they say otherwise.
 */
export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<File>;
  /** Makes a directory and those above it. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, in no order. */
  list(directory: string): Promise<string[]>;
  /** Replaces `to`. Durable after {@link syncDirectory} only. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Durable once it has resolved, but for its name; `to` must not exist. May share blocks with `from`. */
  copy(from: string, to: string): Promise<void>;
  /** Makes durable which files a directory has. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes a directory for this storage alone, until the given function is called or the process ends, however it ends.
   * Throws {@link StorageError} `RAFT_STORAGE_IN_USE` when another storage has it, in this process or another.
   */
  lock(directory: string): Promise<() => Promise<void>>;
}

/**
 * - `read`: of a file that exists;
 * - `create`: read and write, of a file that does not exist;
 * - `write`: read and write, of a file that exists;
 * - `durable`: the same, and each write is durable once it has resolved.
 */
export type OpenMode = 'read' | 'create' | 'write' | 'durable';

/** An open file. Calls may overlap. */
export interface File {
  /** Resolves with the number of bytes read: fewer than asked at the end of the file only. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Resolves with the number of bytes written: it may be smaller than asked, without any error, when the disk is full. */
  write(source: Uint8Array, position: number): Promise<number>;
  /** Makes durable what was written. */
  sync(): Promise<void>;
  /** Bytes. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Rejects with `ENOSPC` when less was written. */
export async function writeWhole(file: File, bytes: Uint8Array, offset: number): Promise<void> {
  const written = await file.write(bytes, offset);
  // The disk is full, whatever else may be the matter.
  if (written < bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
}
