import { StorageError } from '@raft/core';

/** LevelDB's lock tells processes apart; this tells those of one process apart who look into a directory. */
const inUse = new Set<string>();

/** Throws `RAFT_STORAGE_IN_USE`. `path` is the real one. */
export function useDirectory(path: string): () => void {
  if (inUse.has(path)) {
    const message = `${path} is in use by another storage in this process: close that one, or use another directory`;
    throw new StorageError('RAFT_STORAGE_IN_USE', message);
  }
  inUse.add(path);
  return () => void inUse.delete(path);
}
