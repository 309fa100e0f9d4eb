import { RaftError } from '@raft/core';
import type { Storage } from '@raft/core';
import type { File, FileSystem } from '@raft/storage-file';
import { over } from './flaws.js';

/** A right storage on a file system that is used wrongly. */
export interface DiskFlaw {
  readonly name: string;
  /** Beginnings of the names of the cases that must fail. */
  readonly breaks: readonly string[];
  fileSystem?(right: FileSystem): FileSystem;
  /** `isFull`: whether the world's disk is. */
  wrap?(storage: Storage, isFull: () => boolean): Storage;
}

function withFiles(right: FileSystem, change: (file: File) => File): FileSystem {
  return { ...right, open: async (path, mode) => change(await right.open(path, mode)) };
}

function isFullError(error: unknown): boolean {
  return error instanceof RaftError && error.code === 'RAFT_STORAGE_FULL';
}

export const diskFlaws: readonly DiskFlaw[] = [
  {
    name: 'acknowledges before anything is synced',
    breaks: [
      'what was acknowledged is there after a crash',
      'a vote that was acknowledged alone',
      'truncation and reset that were acknowledged',
      'a crash after a compaction',
      'a snapshot that was committed is there',
      'a crash leaves whole batches',
      'no operation of the disk may fail so that anything acknowledged is lost: kill',
      'no operation of the disk may fail so that anything acknowledged is lost: torn write',
      'nor may it fail so while the storage recovers',
    ],
    fileSystem: (right) => ({
      ...right,
      open: async (path, mode) => ({
        ...(await right.open(path, mode === 'durable' ? 'write' : mode)),
        sync: async () => {},
      }),
      syncDirectory: async () => {},
    }),
  },
  {
    name: 'takes a failed write for a good one',
    breaks: [
      'no operation of the disk may fail so that anything acknowledged is lost: EIO once',
      'no operation of the disk may fail so that anything acknowledged is lost: EIO for ever',
      'no operation of the disk may fail so that anything acknowledged is lost: ENOSPC once',
      'no operation of the disk may fail so that anything acknowledged is lost: ENOSPC for ever',
    ],
    fileSystem: (right) =>
      withFiles(right, (file) => ({
        ...file,
        write: (source, position) => file.write(source, position).catch(() => source.length),
      })),
  },
  {
    name: 'does not look how much was written',
    breaks: ['no operation of the disk may fail so that anything acknowledged is lost: short write'],
    fileSystem: (right) =>
      withFiles(right, (file) => ({
        ...file,
        write: (source, position) => file.write(source, position).then(() => source.length),
      })),
  },
  {
    name: 'says of some batches that were refused that they are done',
    breaks: ['a full disk refuses whole batches', 'what is full can be closed and opened'],
    wrap(storage) {
      let count = 0;
      return over(storage, {
        append: (batch) =>
          storage.append(batch).catch((error: unknown) => {
            if (!isFullError(error) || count++ % 2 === 1) throw error;
          }),
      });
    },
  },
  {
    name: 'truncates for a batch that it refuses',
    breaks: ['a refused batch truncates nothing'],
    wrap: (storage) =>
      over(storage, {
        async append(batch) {
          try {
            await storage.append(batch);
          } catch (error) {
            await storage.append({ truncateFrom: batch.truncateFrom, entries: [] });
            throw error;
          }
        },
      }),
  },
  {
    name: 'forgets votes while the disk is full',
    breaks: ['term and vote on a full disk'],
    wrap: (storage, isFull) =>
      over(storage, {
        append: async (batch) => (isFull() && batch.entries.length === 0 ? undefined : storage.append(batch)),
      }),
  },
  {
    name: 'loses the present snapshot when there is no space for another',
    breaks: ['a snapshot for which there is no space'],
    wrap: (storage, isFull) =>
      over(storage, { openSnapshot: async () => (isFull() ? undefined : storage.openSnapshot()) }),
  },
];
