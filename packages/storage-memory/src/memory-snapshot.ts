import { StorageError } from '@raft/core';
import type { SnapshotMeta, SnapshotReader, SnapshotWriter } from '@raft/core';

/** A committed snapshot; never changed once made. */
export interface MemorySnapshot {
  readonly meta: SnapshotMeta;
  readonly size: number;
  readonly chunks: readonly Uint8Array[];
}

/** Collects chunks; `end` is called once, with the snapshot when it was committed and without when it was given up. */
export function memorySnapshotWriter(
  meta: SnapshotMeta,
  end: (snapshot: MemorySnapshot | undefined) => void,
): SnapshotWriter {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let open = true;
  const use = (): void => {
    if (!open) throw new StorageError('RAFT_STORAGE_CLOSED', 'the snapshot was committed or aborted: create another');
  };
  return {
    async write(chunk) {
      use();
      // The caller may use its buffer again.
      chunks.push(chunk.slice());
      size += chunk.length;
    },
    async commit() {
      use();
      open = false;
      end({ meta, size, chunks });
    },
    async abort() {
      if (!open) return;
      open = false;
      end(undefined);
    },
  };
}

export function memorySnapshotReader(snapshot: MemorySnapshot, isClosed: () => boolean): SnapshotReader {
  let open = true;
  return {
    meta: snapshot.meta,
    size: snapshot.size,
    async *chunks(offset = 0) {
      let skip = offset;
      for (const chunk of snapshot.chunks) {
        if (!open || isClosed())
          throw new StorageError('RAFT_STORAGE_CLOSED', 'the snapshot was closed while it was read');
        if (skip < chunk.length) yield chunk.slice(skip);
        skip = Math.max(0, skip - chunk.length);
      }
    },
    async close() {
      open = false;
    },
  };
}
