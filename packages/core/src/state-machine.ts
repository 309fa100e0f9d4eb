import type { LogIndex, Term } from './types.js';

/** A committed command at its place in the log. */
export interface Applied<Command> {
  readonly index: LogIndex;
  readonly term: Term;
  readonly command: Command;
}

/** How commands travel. Without one, commands are bytes. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/**
 * What the cluster replicates. It must be deterministic: the same commands in the same order give the same state and the
 * same results on every node, so it looks at no clock, no randomness and nothing outside itself.
 *
 * The node calls `apply` with one batch at a time, each index exactly once and in order since `restore` or the start.
 * An error thrown by `apply` stops the node: a machine that could not apply what the others applied is no replica any more.
 */
export interface StateMachine<Command = Uint8Array, Result = unknown, Query = unknown, Answer = unknown> {
  /** Absent: `Command` is `Uint8Array`. */
  readonly codec?: Codec<Command>;
  /**
   * How results are kept for repeated commands of a session, on every node and in snapshots. Needed for sessions; absent: only
   * results that are `Uint8Array` or undefined can be kept.
   */
  readonly resultCodec?: Codec<Result>;
  /** Applies a batch; gives one result per command, in order. Return them directly when nothing has to be awaited. */
  apply(entries: readonly Applied<Command>[]): readonly Result[] | Promise<readonly Result[]>;
  /** Answers from the present state; changes nothing. */
  query(query: Query): Answer | Promise<Answer>;
  /**
   * The state as of the call, as chunks of any size; they are read while `apply` goes on. The first chunk is asked for within the same
   * turn, before anything more is applied, so a generator may fix the state when it begins to run.
   */
  snapshot(): AsyncIterable<Uint8Array>;
  /**
   * Replaces the state by a snapshot's. Neither `apply` nor `query` is called meanwhile. Read the chunks to their end: only there it
   * turns out whether all of them were what had been written, and otherwise they throw {@link StorageError} `RAFT_STORAGE_CORRUPT`. Let that
   * error pass: the node then fetches another snapshot and calls `restore` again, whatever state the first call left behind.
   */
  restore(chunks: AsyncIterable<Uint8Array>): Promise<void>;
}
