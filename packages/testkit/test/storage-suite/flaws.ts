import { setTimeout as sleep } from 'node:timers/promises';
import { RaftError, StorageError } from '@raft/core';
import type { Entry, LogBatch, Restored, SnapshotReader, SnapshotWriter, Storage } from '@raft/core';

/** A storage that is right but for one thing. */
export interface Flaw {
  readonly name: string;
  /** Beginnings of the names of the cases that must fail. */
  readonly breaks: readonly string[];
  wrap(storage: Storage): Storage;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function over(storage: Storage, changes: Partial<Storage>): Storage {
  return {
    open: (identity) => storage.open(identity),
    append: (batch) => storage.append(batch),
    entries: (from, to, maxBytes) => storage.entries(from, to, maxBytes),
    compact: (through) => storage.compact(through),
    createSnapshot: (meta) => storage.createSnapshot(meta),
    openSnapshot: () => storage.openSnapshot(),
    close: () => storage.close(),
    ...changes,
  };
}

/** Tells something else of itself. */
const restoring = (name: string, breaks: readonly string[], change: (restored: Restored) => Restored): Flaw => ({
  name,
  breaks,
  wrap: (storage) => over(storage, { open: async (identity) => change(await storage.open(identity)) }),
});

const appending = (name: string, breaks: readonly string[], change: (batch: LogBatch) => LogBatch): Flaw => ({
  name,
  breaks,
  wrap: (storage) => over(storage, { append: async (batch) => storage.append(change(batch)) }),
});

const writing = (
  name: string,
  breaks: readonly string[],
  change: (writer: SnapshotWriter) => SnapshotWriter,
): Flaw => ({
  name,
  breaks,
  wrap: (storage) => over(storage, { createSnapshot: async (meta) => change(await storage.createSnapshot(meta)) }),
});

const reading = (
  name: string,
  breaks: readonly string[],
  change: (reader: SnapshotReader, storage: Storage) => SnapshotReader,
): Flaw => ({
  name,
  breaks,
  wrap: (storage) =>
    over(storage, {
      async openSnapshot() {
        const reader = await storage.openSnapshot();
        return reader && change(reader, storage);
      },
    }),
});

function codeOf(error: unknown): string {
  return error instanceof RaftError ? error.code : '';
}

let storesMade = 0;

export const flaws: readonly Flaw[] = [
  restoring('has a new store id each time', ['the store id stays'], (restored) => ({
    ...restored,
    storeId: `store-${++storesMade}`,
  })),
  restoring('has the same store id everywhere', ['the store id stays'], (restored) => ({
    ...restored,
    storeId: 'the only store',
  })),
  restoring('begins in term 1', ['a new storage is empty'], (restored) => ({
    ...restored,
    hardState: { ...restored.hardState, term: Math.max(1, restored.hardState.term) },
  })),
  restoring('has numbers of 32 bits', ['large terms, indices and names', 'joint configurations'], (restored) => ({
    ...restored,
    hardState: { ...restored.hardState, term: restored.hardState.term % 2 ** 32 },
    snapshot: restored.snapshot && { ...restored.snapshot, index: restored.snapshot.index % 2 ** 32 },
  })),
  restoring(
    'forgets the term before the first entry',
    [
      'compaction forgets a prefix',
      'a log that was compacted to its end',
      'many terms come back',
      'a reset drops the log',
    ],
    (restored) => ({
      ...restored,
      terms: restored.terms.map((run, i) => (i === 0 ? { ...run, term: 0 } : run)),
    }),
  ),
  restoring('knows a hundred terms', ['many terms come back'], (restored) => ({
    ...restored,
    terms: restored.terms.slice(0, 100),
  })),
  restoring('forgets who learns', ['joint configurations'], (restored) => ({
    ...restored,
    snapshot: restored.snapshot && {
      ...restored.snapshot,
      configuration: { ...restored.snapshot.configuration, learners: [] },
    },
  })),
  appending(
    'takes everything for commands',
    ['entries of all types', 'entries of every type', 'a truncated configuration'],
    (batch) => ({ ...batch, entries: batch.entries.map((entry): Entry => ({ ...entry, type: 1 })) }),
  ),
  appending(
    'truncates only to put something in place',
    ['truncation drops a tail', 'the whole log can be truncated'],
    (batch) => (batch.entries.length > 0 ? batch : { ...batch, truncateFrom: undefined }),
  ),
  appending(
    'knows no reset',
    ['a reset drops the log', 'a reset may go back', 'an installed snapshot resets the log'],
    (batch) => ({ ...batch, resetTo: undefined }),
  ),
  appending('cuts large entries', ['big batches and big entries'], (batch) => ({
    ...batch,
    entries: batch.entries.map((entry) => ({ ...entry, data: entry.data.subarray(0, 1_000_000) })),
  })),
  appending(
    'loses a byte now and then',
    ['random steps', 'truncations of what is still being written', 'compaction overlaps'],
    (batch) => ({
      ...batch,
      entries: batch.entries.map((entry) =>
        entry.index % 5 === 3 ? { ...entry, data: entry.data.subarray(1) } : entry,
      ),
    }),
  ),
  {
    name: 'keeps the first hard state',
    breaks: ['the last hard state counts', 'goes on where it was', 'hard state alone', 'entries of all types'],
    wrap(storage) {
      let isKept = false;
      return over(storage, {
        async append(batch) {
          const hardState = isKept ? undefined : batch.hardState && { ...batch.hardState, votedFor: 'n0' };
          isKept ||= hardState !== undefined;
          return storage.append({ ...batch, hardState });
        },
      });
    },
  },
  {
    name: 'drops at a close what is under way',
    breaks: ['close finishes what was appended', 'what is under way at a close'],
    wrap(storage) {
      let closed = 0;
      return over(storage, {
        async append(batch) {
          const life = closed;
          await sleep(1);
          if (closed !== life) throw new StorageError('RAFT_STORAGE_CLOSED', 'closed');
          return storage.append(batch);
        },
        close() {
          closed++;
          return storage.close();
        },
      });
    },
  },
  {
    name: 'is for anybody',
    breaks: ['is for one identity'],
    wrap: (storage) => over(storage, { open: () => storage.open({ clusterId: 'c', nodeId: 'n', groupId: 'g' }) }),
  },
  {
    name: 'votes in a batch that it refuses',
    breaks: ['a refused batch changes nothing'],
    wrap: (storage) =>
      over(storage, {
        async append(batch) {
          try {
            await storage.append(batch);
          } catch (error) {
            await storage.append({ hardState: batch.hardState, entries: [] });
            throw error;
          }
        },
      }),
  },
  {
    name: 'tells of appends out of order',
    breaks: ['overlapping appends resolve in the order', 'an empty batch resolves after', 'hard state alone'],
    wrap(storage) {
      let count = 0;
      return over(storage, {
        async append(batch) {
          const waits = count++ % 2 === 0;
          await storage.append(batch);
          if (waits) await turn();
        },
      });
    },
  },
  {
    name: 'reads as much as there is',
    breaks: ['reads give at least one entry', 'a large log is read back'],
    wrap: (storage) => over(storage, { entries: (from, to) => storage.entries(from, to, Number.MAX_SAFE_INTEGER) }),
  },
  {
    name: 'reads into the same buffer again',
    breaks: ['what a read gave stays', 'truncation drops a tail'],
    wrap(storage) {
      const buffer = new Uint8Array(4_000_000);
      return over(storage, {
        async entries(from, to, maxBytes) {
          const read = await storage.entries(from, to, maxBytes);
          return read.map((entry) => {
            buffer.set(entry.data);
            return { ...entry, data: buffer.subarray(0, entry.data.length) };
          });
        },
      });
    },
  },
  {
    name: 'truncates late',
    breaks: ['truncations of what is still being written', 'reads overlap with appends and truncations'],
    wrap: (storage) =>
      over(storage, {
        async append(batch) {
          if (batch.truncateFrom === undefined) return storage.append(batch);
          await storage.append({ ...batch, truncateFrom: batch.truncateFrom, entries: batch.entries.slice(0, 1) });
          await turn();
          await storage.append({ entries: batch.entries.slice(1) });
        },
      }),
  },
  {
    name: 'compacts nothing',
    breaks: ['compaction forgets a prefix', 'compaction overlaps', 'appends go on while a snapshot is written'],
    wrap: (storage) => over(storage, { compact: async () => {} }),
  },
  {
    name: 'refuses all after a refusal',
    breaks: ['a refused batch between others', 'a batch that does not follow the log'],
    wrap(storage) {
      let refused: Error | undefined;
      return over(storage, {
        async append(batch) {
          await turn();
          if (refused !== undefined) throw refused;
          await storage.append(batch).catch((error: unknown) => {
            refused = error as Error;
            throw error;
          });
        },
      });
    },
  },
  {
    name: 'refuses nothing',
    breaks: ['a batch that does not follow the log', 'a refused batch changes nothing'],
    wrap: (storage) =>
      over(storage, {
        append: (batch) =>
          storage.append(batch).catch((error: unknown) => {
            if (codeOf(error) !== 'RAFT_INVALID_ARGUMENT') throw error;
          }),
      }),
  },
  {
    name: 'shows what is not durable',
    breaks: ['only what is durable is read'],
    wrap(storage) {
      let last = Promise.resolve();
      return over(storage, {
        async append(batch) {
          await storage.append(batch);
          last = last.then(() => sleep(2));
          await last;
        },
      });
    },
  },
  {
    name: 'has a snapshot from the start',
    breaks: ['a snapshot is visible once committed'],
    wrap: (storage) =>
      over(storage, {
        async openSnapshot() {
          const meta = { index: 0, term: 0 } as SnapshotReader['meta'];
          const none: SnapshotReader = { meta, size: 0, async *chunks() {}, close: async () => {} };
          return (await storage.openSnapshot()) ?? none;
        },
      }),
  },
  writing('keeps the caller’s buffers', ['the writer does not keep'], (writer) => {
    const chunks: Uint8Array[] = [];
    return {
      write: async (chunk) => void chunks.push(chunk),
      async commit() {
        for (const chunk of chunks) await writer.write(chunk);
        await writer.commit();
      },
      abort: () => writer.abort(),
    };
  }),
  writing('commits what is given up', ['an aborted or unfinished snapshot'], (writer) => ({
    ...writer,
    abort: () => writer.commit().catch(() => undefined),
  })),
  {
    name: 'gives up nothing',
    breaks: ['a snapshot that was given up'],
    wrap: (storage) =>
      over(storage, {
        async createSnapshot(meta) {
          const writer = await storage.createSnapshot(meta);
          return { ...writer, abort: async () => {} };
        },
      }),
  },
  {
    name: 'writes many snapshots at once, old ones too',
    breaks: ['one snapshot at a time'],
    wrap: (storage) =>
      over(storage, {
        createSnapshot: (meta) =>
          storage
            .createSnapshot(meta)
            .catch(() => ({ write: async () => {}, commit: async () => {}, abort: async () => {} })),
      }),
  },
  {
    name: 'appends nothing while a snapshot is written',
    breaks: ['appends go on while a snapshot is written'],
    wrap(storage) {
      let isWriting = false;
      return over(storage, {
        async createSnapshot(meta) {
          isWriting = true;
          const writer = await storage.createSnapshot(meta);
          return { ...writer, commit: () => writer.commit().finally(() => (isWriting = false)) };
        },
        async append(batch) {
          if (isWriting) throw new StorageError('RAFT_STORAGE_IO', 'a snapshot is being written');
          return storage.append(batch);
        },
      });
    },
  },
  reading('reads from the start only', ['reading starts at any offset', 'a snapshot of many chunks'], (reader) => ({
    ...reader,
    chunks: () => reader.chunks(),
  })),
  reading('reads the newest', ['a snapshot that is being read'], (reader, storage) => ({
    ...reader,
    async *chunks(offset) {
      const newest = await storage.openSnapshot();
      yield* newest?.chunks(offset) ?? [];
    },
  })),
  reading('reads on after it was closed', ['a closed reader'], (reader) => ({ ...reader, close: async () => {} })),
  {
    name: 'has one place of reading for all',
    breaks: ['a snapshot of many chunks'],
    wrap(storage) {
      let shared: AsyncIterator<Uint8Array> | undefined;
      return over(storage, {
        async openSnapshot() {
          const reader = await storage.openSnapshot();
          return (
            reader && {
              ...reader,
              size: reader.size,
              chunks() {
                shared ??= reader.chunks()[Symbol.asyncIterator]();
                const { next } = shared;
                return { [Symbol.asyncIterator]: () => ({ next: () => next.call(shared) }) };
              },
            }
          );
        },
      });
    },
  },
  {
    name: 'works while it is closed',
    breaks: ['nothing works before open'],
    wrap: (storage) =>
      over(storage, {
        append: (batch) =>
          storage.append(batch).catch((error: unknown) => {
            if (codeOf(error) !== 'RAFT_STORAGE_CLOSED') throw error;
          }),
      }),
  },
  {
    name: 'opens for everyone',
    breaks: ['what is open cannot be opened again'],
    wrap(storage) {
      let restored: Restored | undefined;
      return over(storage, {
        async open(identity) {
          restored = await storage.open(identity).catch((error: unknown) => {
            if (codeOf(error) === 'RAFT_STORAGE_IN_USE' && restored) return restored;
            throw error;
          });
          return restored;
        },
      });
    },
  },
];
