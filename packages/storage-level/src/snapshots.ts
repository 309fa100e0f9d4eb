import { StorageError } from '@raft/core';
import type { SnapshotMeta, SnapshotReader, SnapshotWriter } from '@raft/core';
import type { Database } from './database.js';
import { corrupt, doing } from './failure.js';
import type { Group } from './group.js';
import { decodeChunk, encodeChunk } from './records.js';
import type { SnapshotRecord } from './records.js';

const chunkBytes = 256 * 1024;
/** Chunks of one write. Each write is synced, or a later one could outlive it. */
const chunksAtOnce = 4;

export interface SnapshotWriting {
  readonly database: Database;
  readonly group: Group;
  readonly meta: SnapshotMeta;
  readonly id: number;
  /** Whether the storage was closed meanwhile. */
  readonly isClosed: () => boolean;
  /** Called once; with the record when it was committed. */
  readonly ended: (snapshot: SnapshotRecord | undefined) => Promise<void>;
}

/** Writes chunks beside the present snapshot; the group's record names the new one when all of it is there. */
export function snapshotWriter({ database, group, meta, id, isClosed, ended }: SnapshotWriting): SnapshotWriter {
  let gathered = Buffer.alloc(chunkBytes * chunksAtOnce);
  let filled = 0;
  let chunks = 0;
  let bytes = 0;
  let open = true;
  const use = (): void => {
    if (!open || isClosed()) {
      throw new StorageError('RAFT_STORAGE_CLOSED', 'the snapshot was committed or aborted: create another');
    }
    database.failure.check();
  };
  const flush = async (): Promise<void> => {
    if (filled === 0) return;
    const puts: [Buffer, Buffer][] = [];
    for (let at = 0; at < filled; at += chunkBytes) {
      const key = group.keys.chunk(id, chunks++);
      puts.push([key, encodeChunk(database.salt, key, gathered.subarray(at, Math.min(at + chunkBytes, filled)))]);
    }
    filled = 0;
    await database.putChunks(puts);
  };
  return {
    async write(chunk) {
      use();
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + gathered.length - filled);
        gathered.set(part, filled);
        filled += part.length;
        bytes += part.length;
        at += part.length;
        if (filled < gathered.length) continue;
        await flush();
        use();
      }
    },
    async commit() {
      use();
      open = false;
      const snapshot = { id, meta, bytes, chunkBytes };
      try {
        await flush();
        await database.writer.enqueue(group, { entries: [], snapshot }, 'data');
      } catch (error) {
        await ended(undefined);
        throw error;
      } finally {
        gathered = Buffer.alloc(0);
      }
      await ended(snapshot);
    },
    async abort() {
      if (!open) return;
      open = false;
      gathered = Buffer.alloc(0);
      await ended(undefined);
    },
  };
}

/** `closed`: called once. */
export function snapshotReader(
  database: Database,
  group: Group,
  snapshot: SnapshotRecord,
  isClosed: () => boolean,
  closed: () => Promise<void>,
): SnapshotReader {
  const { id, meta, bytes, chunkBytes: perChunk } = snapshot;
  let open = true;
  const use = (): void => {
    if (open && !isClosed()) return;
    throw new StorageError('RAFT_STORAGE_CLOSED', 'the snapshot was closed while it was read');
  };
  const chunk = async (number: number): Promise<Uint8Array> => {
    use();
    const key = group.keys.chunk(id, number);
    const what = `chunk ${number} of snapshot ${meta.index} of group ${group.id}`;
    const value = await doing(`read ${what} in ${database.path}`, async () => {
      try {
        return await database.level.get(key, { fillCache: false });
      } catch (error) {
        use();
        throw error;
      }
    });
    const data = value && decodeChunk(database.salt, key, value);
    if (data?.length !== Math.min(perChunk, bytes - number * perChunk)) {
      throw corrupt(`${database.path} is damaged: ${what} is ${value ? 'not what was written' : 'missing'}`);
    }
    return data;
  };
  return {
    meta,
    size: bytes,
    async *chunks(offset = 0) {
      for (let at = offset - (offset % perChunk); at < bytes; at += perChunk) {
        const data = await chunk(at / perChunk);
        yield offset > at ? data.subarray(offset - at) : data;
      }
    },
    async close() {
      if (!open) return;
      open = false;
      await closed();
    },
  };
}
