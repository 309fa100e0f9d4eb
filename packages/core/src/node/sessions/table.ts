import { assert } from '../../consensus/assert.js';
import { OverloadedError, ResultForgottenError, SessionExpiredError } from '../../errors.js';
import type { RaftError } from '../../errors.js';
import { EntryType } from '../../types.js';
import type { Entry, LogIndex } from '../../types.js';
import { decodeSessionCommand, decodeSessionEntry } from './entries.js';
import type { SessionCommand, SessionEntry } from './entries.js';
import { KeptResults, MAX_RESULT_BYTES } from './results.js';
import { Series } from './series.js';

/**
 * Commands of one session whose results were not acknowledged yet. More are refused by every replica, so the number is part of
 * what the entries mean and changes only with their version.
 */
export const MAX_UNACKNOWLEDGED = 1024;

/** Sessions that one new session closes at most, so that a limit that was lowered does not hold up the replica. */
export const MAX_EVICTED = 64;

/** A session as it is after an entry; the next one makes another. */
export interface SessionState {
  readonly id: LogIndex;
  /** The last entry that used it. */
  readonly lastUsedIndex: LogIndex;
  /** Commands before this number are done or given up; what they gave is forgotten. */
  readonly firstUnacknowledged: number;
  /**
   * Commands that were applied: the entry of each. Its result is kept under that index. It is shared with the states before and after,
   * and only added to, so commands before `firstUnacknowledged` and entries after `lastUsedIndex` are to be passed over.
   */
  readonly done: Map<number, LogIndex>;
  /** Commands in `done` that are before `firstUnacknowledged`. */
  readonly acknowledged: number;
}

/** The commands that count as applied, in the order of the log: sequence and entry of each. */
export function doneOf({ done, firstUnacknowledged, lastUsedIndex }: SessionState): (readonly [number, LogIndex])[] {
  const pairs: (readonly [number, LogIndex])[] = [];
  for (const pair of done) if (pair[0] >= firstUnacknowledged && pair[1] <= lastUsedIndex) pairs.push(pair);
  return pairs;
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

/** The table at one instant. */
export interface TableView {
  /** By `lastUsedIndex`: the least recently used first. */
  readonly sessions: Iterable<readonly [LogIndex, SessionState]>;
  /** In the order of the log. */
  readonly results: Iterable<readonly [LogIndex, Uint8Array]>;
}

interface Used {
  readonly session: SessionState;
  /** Entries whose results are forgotten. */
  readonly forget: readonly LogIndex[];
}

/** Acknowledged commands that a session may carry along. */
const MAX_LEFTOVERS = 16;

const nothing: readonly LogIndex[] = [];

/**
 * The sessions of a group (thesis, section 6.3): part of the replicated state, so it looks at nothing but entries, in the order of
 * the log, and is the same on every replica after the same entry, however these were cut into batches.
 *
 * For that, `begin` decides by what does not depend on results: which sessions there are and which of their commands were applied.
 * Results are kept, dropped and looked up by `finish`, again entry by entry.
 */
export class SessionTable {
  #sessions = new Map<LogIndex, SessionState>();
  /** By `lastUsedIndex`: every entry uses one session at most. */
  #byUse = new Series<SessionState>();
  #results: KeptResults;
  /** Steps that were begun and not finished. */
  #open = 0;

  /** Another limit than every other replica's would make this one differ: only for tests. */
  constructor(maxResultBytes: number = MAX_RESULT_BYTES) {
    this.#results = new KeptResults(maxResultBytes);
  }

  get results(): KeptResults {
    return this.#results;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** By `lastUsedIndex`, the least recently used first; nothing may change meanwhile. */
  sessions(): Iterable<readonly [LogIndex, SessionState]> {
    return this.#byUse;
  }

  /** As it is now, between two batches: to be read while entries are applied. Costs next to nothing. */
  view(): TableView {
    assert(this.#open === 0, 'a session table is looked at between two batches, not within one');
    return { sessions: this.#byUse.view(), results: this.#results.view() };
  }

  /** An empty one of the same limits. */
  emptied(): SessionTable {
    return new SessionTable(this.#results.maxBytes);
  }

  /** Adds one of a snapshot: the least recently used first. Throws when it is not in order. */
  add(session: SessionState): void {
    this.#byUse.add(session.lastUsedIndex, session);
    this.#sessions.set(session.id, session);
  }

  /** Replaces everything by what another one holds, which is not to be used any more. */
  replace(other: SessionTable): void {
    this.#sessions = other.#sessions;
    this.#byUse = other.#byUse;
    this.#results = other.#results;
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
    const used = this.#use(id, index, firstUnacknowledged);
    if (used === undefined) return { kind: 'refuse', forget: nothing, error: new SessionExpiredError(id) };
    const { session, forget } = used;
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
        const used = this.#use(entry.id, index, entry.firstUnacknowledged);
        if (used === undefined) return { kind: 'refuse', forget: nothing, error: new SessionExpiredError(entry.id) };
        return { kind: 'done', forget: used.forget, value: undefined };
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
    for (let evicted = 0; evicted < MAX_EVICTED; evicted++) {
      if (this.#sessions.size < maxSessions) break;
      forget.push(...this.#end((this.#byUse.first as SessionState).id));
    }
    const session = { id: index, lastUsedIndex: index, firstUnacknowledged: 1, done: new Map(), acknowledged: 0 };
    this.add(session);
    return forget;
  }

  #use(id: LogIndex, index: LogIndex, firstUnacknowledged: number): Used | undefined {
    const before = this.#sessions.get(id);
    if (before === undefined) return undefined;
    const used = use(before, index, firstUnacknowledged);
    this.#byUse.delete(before.lastUsedIndex);
    this.add(used.session);
    return used;
  }

  #end(id: LogIndex): readonly LogIndex[] {
    const session = this.#sessions.get(id);
    if (session === undefined) return nothing;
    this.#sessions.delete(id);
    this.#byUse.delete(session.lastUsedIndex);
    return doneOf(session).map(([, index]) => index);
  }

  /**
   * Carries out a step; `result` is what the machine gave for one to `run`, as bytes, and undefined where it cannot be kept.
   * Gives for a repeated command the first result, undefined where it is not kept any more.
   */
  finish(step: Step, result: Uint8Array | undefined): Uint8Array | undefined {
    this.#open--;
    for (const index of step.forget) this.#results.forget(index);
    if (step.kind === 'run' && result !== undefined) this.#results.keep(step.index, result);
    return step.kind === 'repeat' ? this.#results.get(step.first) : undefined;
  }
}

/** Gives the session as it is after an entry that uses it. */
function use(before: SessionState, index: LogIndex, told: number): Used {
  const { id, done } = before;
  const firstUnacknowledged = Math.max(before.firstUnacknowledged, told);
  const forget = entriesUpTo(before, firstUnacknowledged);
  const acknowledged = before.acknowledged + forget.length;
  const session = { id, lastUsedIndex: index, firstUnacknowledged, done, acknowledged };
  // What is acknowledged is left out once it is most of what there is, so that it costs a step for each command.
  if (acknowledged <= MAX_LEFTOVERS || 2 * acknowledged <= done.size) return { session, forget };
  return { session: { ...session, done: new Map(doneOf(session)), acknowledged: 0 }, forget };
}

/** Entries of commands before `firstUnacknowledged` that are not acknowledged yet. */
function entriesUpTo(
  { done, firstUnacknowledged: from }: SessionState,
  firstUnacknowledged: number,
): readonly LogIndex[] {
  if (firstUnacknowledged === from) return nothing;
  const entries: LogIndex[] = [];
  // Usually one or two numbers were acknowledged among many that are not; but the number is the client's, and may be anything.
  if (firstUnacknowledged - from <= done.size) {
    for (let sequence = from; sequence < firstUnacknowledged; sequence++) {
      const index = done.get(sequence);
      if (index !== undefined) entries.push(index);
    }
  } else {
    for (const [sequence, index] of done) {
      if (sequence >= from && sequence < firstUnacknowledged) entries.push(index);
    }
  }
  return entries;
}
