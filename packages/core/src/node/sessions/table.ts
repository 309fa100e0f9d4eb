import { OverloadedError, ResultForgottenError, SessionExpiredError } from '../../errors.js';
import type { RaftError } from '../../errors.js';
import { EntryType } from '../../types.js';
import type { Entry, LogIndex } from '../../types.js';
import { decodeSessionCommand, decodeSessionEntry } from './entries.js';
import type { SessionCommand, SessionEntry } from './entries.js';
import { KeptResults, MAX_RESULT_BYTES } from './results.js';

/**
 * Commands of one session whose results were not acknowledged yet. More are refused by every replica, so the number is part of
 * what the entries mean and changes only with their version.
 */
export const MAX_UNACKNOWLEDGED = 1024;

export interface SessionState {
  readonly id: LogIndex;
  /** The last entry that used it. */
  lastUsedIndex: LogIndex;
  /** Commands before this number are done or given up; what they gave is forgotten. */
  firstUnacknowledged: number;
  /** The commands from there on that were applied: the entry of each. Its result is kept under that index. */
  readonly done: Map<number, LogIndex>;
}

/** What becomes of one entry: found by `begin`, before the batch is applied, and carried out by `finish`, after. */
export type Step = {
  /** Entries whose results are forgotten. */
  readonly forget: readonly LogIndex[];
} & (
  | { /** The machine applies it. */ readonly kind: 'run'; readonly index: LogIndex; readonly command: Uint8Array }
  | {
      /** It was applied before, by the entry `first`. */
      readonly kind: 'repeat';
      readonly first: LogIndex;
      readonly id: LogIndex;
      readonly sequence: number;
    }
  | { /** Done without the machine. */ readonly kind: 'done'; readonly value: LogIndex | undefined }
  | { /** Not done. */ readonly kind: 'refuse'; readonly error: RaftError }
);

const nothing: readonly LogIndex[] = [];

/**
 * The sessions of a group (thesis, section 6.3): part of the replicated state, so it looks at nothing but entries, in the order of
 * the log, and is the same on every replica after the same entry, however these were cut into batches.
 *
 * For that, `begin` decides by what does not depend on results: which sessions there are and which of their commands were applied.
 * Results are kept, dropped and looked up by `finish`, again entry by entry.
 */
export class SessionTable {
  /** Least recently used first. */
  #sessions = new Map<LogIndex, SessionState>();
  readonly results: KeptResults;
  /** Steps that were begun and not finished. */
  #open = 0;

  /** Another limit than every other replica's would make this one differ: only for tests. */
  constructor(maxResultBytes: number = MAX_RESULT_BYTES) {
    this.results = new KeptResults(maxResultBytes);
  }

  /** Every step that was begun is finished: what the table holds is the state after one entry. */
  get isSettled(): boolean {
    return this.#open === 0;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Least recently used first. */
  sessions(): IterableIterator<SessionState> {
    return this.#sessions.values();
  }

  /** Replaces everything by what a snapshot held: `sessions` least recently used first. */
  reset(sessions: readonly SessionState[], results: readonly (readonly [LogIndex, Uint8Array])[]): void {
    this.#sessions = new Map(sessions.map((session) => [session.id, session]));
    this.results.reset(results);
  }

  /** Takes the next entry of type `session` or `sessionCommand`. Throws when its bytes are none. */
  begin(entry: Entry): Step {
    const step =
      entry.type === EntryType.sessionCommand
        ? this.#beginCommand(entry.index, decodeSessionCommand(entry.data))
        : this.#beginEntry(entry.index, decodeSessionEntry(entry.data));
    this.#open++;
    return step;
  }

  #beginCommand(index: LogIndex, { id, sequence, firstUnacknowledged, command }: SessionCommand): Step {
    const session = this.#use(id, index);
    if (session === undefined) return { kind: 'refuse', forget: nothing, error: new SessionExpiredError(id) };
    const forget = acknowledge(session, firstUnacknowledged);
    if (sequence < session.firstUnacknowledged) {
      const error = new ResultForgottenError(id, sequence, 'acknowledged');
      return { kind: 'refuse', forget, error };
    }
    const first = session.done.get(sequence);
    if (first !== undefined) return { kind: 'repeat', forget, first, id, sequence };
    if (sequence >= session.firstUnacknowledged + MAX_UNACKNOWLEDGED) {
      const message = `session ${id} holds results from ${session.firstUnacknowledged} on, at most ${MAX_UNACKNOWLEDGED}: acknowledge some before command ${sequence}`;
      return { kind: 'refuse', forget, error: new OverloadedError(message) };
    }
    session.done.set(sequence, index);
    return { kind: 'run', forget, index, command };
  }

  #beginEntry(index: LogIndex, entry: SessionEntry): Step {
    switch (entry.kind) {
      case 'register':
        return { kind: 'done', forget: this.#register(index, entry.maxSessions), value: index };
      case 'keepAlive': {
        const session = this.#use(entry.id, index);
        if (session === undefined) return { kind: 'refuse', forget: nothing, error: new SessionExpiredError(entry.id) };
        return { kind: 'done', forget: acknowledge(session, entry.firstUnacknowledged), value: undefined };
      }
      case 'close':
        return { kind: 'done', forget: this.#end(entry.id), value: undefined };
      case 'expire': {
        const isUnused = this.#sessions.get(entry.id)?.lastUsedIndex === entry.lastUsedIndex;
        return { kind: 'done', forget: isUnused ? this.#end(entry.id) : nothing, value: undefined };
      }
    }
  }

  /** The limit comes with the entry, so nodes with different options still agree. */
  #register(index: LogIndex, maxSessions: number): LogIndex[] {
    const forget: LogIndex[] = [];
    for (const id of this.#sessions.keys()) {
      if (this.#sessions.size < maxSessions) break;
      forget.push(...this.#end(id));
    }
    this.#sessions.set(index, { id: index, lastUsedIndex: index, firstUnacknowledged: 1, done: new Map() });
    return forget;
  }

  #use(id: LogIndex, index: LogIndex): SessionState | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    session.lastUsedIndex = index;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  #end(id: LogIndex): LogIndex[] {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    return session === undefined ? [] : [...session.done.values()];
  }

  /**
   * Carries out a step; `result` is what the machine gave for one to `run`, as bytes, and undefined where it cannot be kept.
   * Gives for a repeated command the first result, undefined where it is not kept any more.
   */
  finish(step: Step, result: Uint8Array | undefined): Uint8Array | undefined {
    this.#open--;
    for (const index of step.forget) this.results.forget(index);
    if (step.kind === 'run' && result !== undefined) this.results.keep(step.index, result);
    return step.kind === 'repeat' ? this.results.get(step.first) : undefined;
  }
}

/** Gives the entries whose results nobody needs any more. */
function acknowledge(session: SessionState, firstUnacknowledged: number): readonly LogIndex[] {
  const { done, firstUnacknowledged: before } = session;
  if (firstUnacknowledged <= before) return nothing;
  session.firstUnacknowledged = firstUnacknowledged;
  const forget: LogIndex[] = [];
  const take = (sequence: number): void => {
    const index = done.get(sequence);
    if (index !== undefined && done.delete(sequence)) forget.push(index);
  };
  // Usually one or two numbers were acknowledged among many that are not; but the number is the client's, and may be anything.
  if (firstUnacknowledged - before <= done.size) {
    for (let sequence = before; sequence < firstUnacknowledged; sequence++) take(sequence);
  } else {
    for (const sequence of [...done.keys()]) if (sequence < firstUnacknowledged) take(sequence);
  }
  return forget;
}
