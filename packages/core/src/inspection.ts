import type { StorageIdentity } from './storage.js';
import type { Configuration, Entry, EntryType, HardState, LogIndex, SnapshotMeta, Term } from './types.js';

/**
 * Looks into a storage that no node has open, damaged or not, and mends it. Each durable storage exports a function that
 * opens one from a directory; it has the directory's lock until it is closed, so that nobody starts a node meanwhile.
 * That function throws {@link StorageError} `RAFT_STORAGE_IN_USE` for a directory in use, and `RAFT_STORAGE_IO` for one
 * that holds no such storage.
 *
 * A directory of another release's format is refused by all methods (`RAFT_STORAGE_CORRUPT`, naming the version).
 * Reading changes nothing: a torn tail is told of and left. `repair` and `recover` change something only with `apply: true`, and
 * then all of it or nothing: what was interrupted once it was decided is finished by whoever opens the directory next, this or a
 * start.
 */
export interface StorageInspector {
  /** Whose data these are; undefined when nothing tells it any more. */
  readonly identity: StoreIdentity | undefined;

  /** Every record, file by file, in the order in which they lie there, those that are damaged or no more in force included. */
  records(): AsyncIterable<StorageRecord>;

  /**
   * The log that is in force, from `from` (default: its first entry) on. Throws {@link StorageError} `RAFT_STORAGE_CORRUPT`
   * where it is damaged, after the entries before that.
   */
  entries(from?: LogIndex): AsyncIterable<Entry>;

  /** Checks every checksum, that the log has no gap, and the log against the hard state and the snapshot. Never rejects at damage. */
  verify(): Promise<Verification>;

  /**
   * Cuts the log at the first damage, or begins it anew behind the snapshot, or, when nothing of either can be used, at entry 1;
   * makes anew what tells whose data these are, from what else tells it; and removes a snapshot that is damaged when the log
   * does without. Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` for what cannot be repaired, and
   * {@link InvalidArgumentError} when `copyTo` exists.
   */
  repair(options: ChangeOptions): Promise<RepairPlan>;

  /**
   * Makes this storage the start of a new cluster, after the quorum of the old one is lost: appends an entry with the given
   * configuration, in a term of its own, and writes the new cluster id, so that nodes of the old cluster are strangers.
   * Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` for a storage that is damaged: repair it first.
   */
  recover(options: RecoverOptions): Promise<RecoverPlan>;

  /** Lets go of the lock. Safe to call twice. */
  close(): Promise<void>;
}

/** What a storage remembers of itself. */
export interface StoreIdentity extends StorageIdentity {
  readonly storeId: string;
}

/**
 * - `store`: whose data these are; `segment`: the beginning of a log file; `hardState`: term and vote;
 * - `entry`, and what else is done to the log: `truncate` (from `index` on), `reset` (the log follows `index`), `compact`
 *   (through `index`);
 * - `snapshot`: what one is, `chunk`: a part of its data, `snapshotEnd`;
 * - `unknown`: bytes that are no record.
 */
export type StorageRecordKind =
  | 'store'
  | 'segment'
  | 'hardState'
  | 'entry'
  | 'truncate'
  | 'reset'
  | 'compact'
  | 'snapshot'
  | 'chunk'
  | 'snapshotEnd'
  | 'unknown';

export interface StorageRecord {
  readonly kind: StorageRecordKind;
  /** Path from the directory on. */
  readonly file: string;
  /** Bytes from the start of the file; in a database, which tells no places, the number of the record. */
  readonly offset: number;
  /** Bytes that it takes. */
  readonly size: number;
  /** `torn`: the last write, which a crash cut off and nobody was told of; a start cuts it away. */
  readonly state: 'intact' | 'torn' | 'damaged';
  readonly index?: LogIndex | undefined;
  readonly term?: Term | undefined;
  /** Of an entry. */
  readonly type?: EntryType | undefined;
  /** What else there is to say, for people: a vote, an identity, why it is damaged. */
  readonly note?: string | undefined;
}

/** From one index to another, both included; without `to`, nobody can tell how far. */
export interface IndexRange {
  readonly from: LogIndex;
  readonly to: LogIndex | undefined;
}

export interface StorageProblem {
  /**
   * `torn`: the last write was cut off by a crash, or there are bytes where nothing was written; nothing that was
   * acknowledged is missing, and a start minds it no more.
   * `snapshot`: the log is whole, the snapshot's data are not: a node has to fetch another's. `corrupt`: a start refuses.
   */
  readonly kind: 'torn' | 'snapshot' | 'corrupt';
  /** Path from the directory on. */
  readonly file: string;
  /** See {@link StorageRecord.offset}. */
  readonly offset: number | undefined;
  /** The entries that it concerns. */
  readonly entries: IndexRange | undefined;
  /** One sentence, with file, offset and entries in it. */
  readonly message: string;
}

export interface Verification {
  /** Records that were checked. */
  readonly records: number;
  /** None: all is well. */
  readonly problems: readonly StorageProblem[];
  /** As far as it is known: up to the first problem. */
  readonly hardState: HardState;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly snapshot: SnapshotMeta | undefined;
}

export interface ChangeOptions {
  /** False: only tells what would be done. */
  readonly apply: boolean;
  /** A directory that does not exist: gets a copy of each file as it was before it is changed or removed. */
  readonly copyTo: string;
}

export interface RecoverOptions extends ChangeOptions {
  /** Of the new cluster; another than the old one's. */
  readonly clusterId: string;
  /** Who takes part from now on, this node among its voters. */
  readonly configuration: Configuration;
}

export interface RepairPlan {
  /** What was done, or would be; one sentence each. None: there is nothing to repair. */
  readonly steps: readonly string[];
  /** Entries that the log loses, or that are lost already; without an end, nobody can tell how many, if any. */
  readonly lost: IndexRange | undefined;
  /**
   * Entries or votes that this node had acknowledged may be among what is lost. The storage gets another store id then, so
   * that the cluster knows it for one that has forgotten, and gives it no vote under its old identity.
   */
  readonly forgets: boolean;
  readonly applied: boolean;
}

export interface RecoverPlan {
  /** What was done, or would be; one sentence each. */
  readonly steps: readonly string[];
  readonly before: StoreIdentity;
  readonly after: StoreIdentity;
  /** Commands up to here were surely committed, as far as this node knows. */
  readonly commitIndex: LogIndex;
  /** Those after the commit index and up to here may or may not have been; now they will be. */
  readonly lastIndex: LogIndex;
  /** Index and term of the entry with the new configuration. */
  readonly entry: { readonly index: LogIndex; readonly term: Term };
  readonly applied: boolean;
}
