import type { Entry, GroupId, HardState, LogIndex, NodeId, SnapshotMeta, TermRun } from './types.js';

/**
 * Keeps one group's log, hard state and snapshot. The node calls it; implement it to keep them somewhere else.
 *
 * - **Order.** `append` calls may overlap. They take effect, and resolve, in the order of the calls.
 * - **Durability.** Once `append` has resolved, its batch survives a crash of the process and of the machine
 *   (a volatile storage says so in its documentation). A batch is atomic: after a crash it is there whole or not at all,
 *   and never without the batches before it.
 * - **Buffers.** `Entry.data` belongs to nobody: neither side writes to it. A storage that keeps bytes beyond the call
 *   may keep the reference. Bytes handed out are the receiver's to keep.
 * - **Disk full.** An `append` that rejects with `RAFT_STORAGE_FULL` has left nothing behind, and those called after it, up to the
 *   rejection, reject too; the next one goes on from the state before. A batch of hard state alone should find room even then.
 * - **Errors.** Any method that rejects with a {@link StorageError} other than `RAFT_STORAGE_FULL` has broken the storage:
 *   the node stops, and every later call but `close` rejects too. A write or fsync that failed is never tried again.
 */
export interface Storage {
  /**
   * Takes the storage into possession, makes it when it is new, repairs a torn tail, and tells what it holds.
   * Throws {@link StorageError}: `RAFT_STORAGE_IN_USE`, `RAFT_STORAGE_IDENTITY` (another node's or cluster's),
   * `RAFT_STORAGE_CORRUPT` (naming file and offset), `RAFT_STORAGE_IO`.
   */
  open(identity: StorageIdentity): Promise<Restored>;

  /** Writes hard state, truncation and entries as one batch; resolves once it is durable. */
  append(batch: LogBatch): Promise<void>;

  /**
   * Reads entries `from` to `to`, both included, that are durable: at least one, then as many as fit in `maxBytes` of data.
   * Throws {@link StorageError} `RAFT_STORAGE_COMPACTED` (not fatal) when `from` is before the log's first entry.
   */
  entries(from: LogIndex, to: LogIndex, maxBytes: number): Promise<Entry[]>;

  /** Forgets the entries up to and including `through`; the term of `through` stays known. May overlap with appends. */
  compact(through: LogIndex): Promise<void>;

  /** Starts a snapshot beside the present one. At most one at a time. */
  createSnapshot(meta: SnapshotMeta): Promise<SnapshotWriter>;

  /** Opens the present snapshot; it stays readable until the reader is closed, also when a newer one is committed. */
  openSnapshot(): Promise<SnapshotReader | undefined>;

  /** Finishes what was appended, then lets go of everything. Safe to call twice, and after an error. */
  close(): Promise<void>;
}

/** Whose data these are. A storage remembers it when it is made and refuses to be opened for another. */
export interface StorageIdentity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly groupId: GroupId;
}

export interface Restored {
  /** Made at random with the storage: a wiped and re-made one has another, so amnesia can be told. */
  readonly storeId: string;
  /** Term 0 and no vote in a new storage. */
  readonly hardState: HardState;
  /** 1 in a new storage; one past the last compacted entry otherwise. */
  readonly firstIndex: LogIndex;
  /** `firstIndex − 1` when the log is empty. */
  readonly lastIndex: LogIndex;
  /** The terms of the log from `firstIndex − 1` (the compacted entry, or index 0 with term 0) on, one item per run. */
  readonly terms: readonly TermRun[];
  /** The entries of type `configuration` in the log, in order. */
  readonly configurations: readonly Entry[];
  /** The present snapshot, verified as far as its metadata. */
  readonly snapshot: SnapshotMeta | undefined;
  /** What `open` mended, one sentence each, to be logged: a torn tail that was cut, a leftover that was removed. */
  readonly repairs: readonly string[];
}

/** One atomic, durable step of the log. Applied in the order of the fields. */
export interface LogBatch {
  readonly hardState?: HardState | undefined;
  /** Drops the whole log; the next entry follows this one. After a snapshot was installed (paper, figure 13). */
  readonly resetTo?: TermRun | undefined;
  /** Drops this entry and all after it. */
  readonly truncateFrom?: LogIndex | undefined;
  /** Consecutive, the first following the log's last entry. */
  readonly entries: readonly Entry[];
}

export interface SnapshotWriter {
  /** Appends a chunk of any size; resolves when the next one is welcome. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the snapshot durable, then visible in place of the present one. */
  commit(): Promise<void>;
  /** Gives it up and removes what was written. */
  abort(): Promise<void>;
}

export interface SnapshotReader {
  readonly meta: SnapshotMeta;
  /** Bytes of all chunks together. */
  readonly size: number;
  /**
   * Chunks from `offset` (bytes, default 0) on, verified; throws {@link StorageError} `RAFT_STORAGE_CORRUPT` at damage, which breaks
   * nothing but this snapshot: the node replaces it by another, of its own state or of its leader's.
   */
  chunks(offset?: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}
