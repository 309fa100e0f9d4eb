import type { LogIndex, Term } from '../../types.js';
import type { SessionTable } from './table.js';

const none: readonly Unused[] = [];

/** Looks at the clock that often within the timeout, so a session lives at most an eighth longer. */
const SAMPLES = 8;
/** Sessions that expire at a time, and about as many of their results; the others follow soon. */
const MAX_EXPIRED = 250;
const MAX_RESULTS = 10_000;

interface Leadership {
  readonly role: string;
  readonly term: Term;
}

export interface Unused {
  readonly id: LogIndex;
  readonly lastUsedIndex: LogIndex;
}

/**
 * Finds, on the leader, the sessions that were not used for the timeout. It knows nothing of earlier leaders' clocks: a new leader gives
 * every session the whole timeout. What it finds is only proposed; whether a session ends is decided by the log.
 */
export class SessionExpiry {
  readonly #table: SessionTable;
  readonly #timeoutMs: number;
  #term: Term = 0;
  /** How far the log was applied at earlier times: a session that was last used before is unused since. Oldest first. */
  readonly #samples: { readonly at: number; readonly appliedIndex: LogIndex }[] = [];
  #nextAt = Number.NEGATIVE_INFINITY;
  /** Sessions whose expiry is in this leader's log, and not applied yet: by id, with `lastUsedIndex`. */
  #proposed = new Map<LogIndex, LogIndex>();

  constructor(table: SessionTable, timeoutMs: number) {
    this.#table = table;
    this.#timeoutMs = timeoutMs;
  }

  /** When `due` wants to be called next, in milliseconds; Infinity while there is nothing to watch. */
  deadline({ role }: Leadership): number {
    return role === 'leader' && this.#table.size > 0 ? this.#nextAt : Number.POSITIVE_INFINITY;
  }

  /** The sessions that are to expire now. */
  due({ role, term }: Leadership, now: number, appliedIndex: LogIndex): readonly Unused[] {
    const isWatching = role === 'leader' && this.#table.size > 0;
    if (!isWatching || term !== this.#term) {
      this.#term = term;
      this.#samples.length = 0;
      this.#nextAt = Number.NEGATIVE_INFINITY;
      this.#proposed.clear();
    }
    if (!isWatching || now < this.#nextAt) return none;
    const intervalMs = this.#timeoutMs / SAMPLES;
    // A process that stood still could not hear of any use.
    if (now - this.#nextAt > intervalMs) this.#samples.length = 0;
    this.#nextAt = now + intervalMs;
    this.#samples.push({ at: now, appliedIndex });
    while ((this.#samples[1]?.at ?? now) <= now - this.#timeoutMs) this.#samples.shift();
    const oldest = this.#samples[0];
    return oldest === undefined || oldest.at > now - this.#timeoutMs
      ? none
      : this.#unusedSince(oldest.appliedIndex, now);
  }

  /** It is in the log of this leadership: however long it takes until that is applied, it is not found again. */
  proposed({ id, lastUsedIndex }: Unused): void {
    this.#proposed.set(id, lastUsedIndex);
  }

  #unusedSince(index: LogIndex, now: number): Unused[] {
    const unused: Unused[] = [];
    const underWay = new Map<LogIndex, LogIndex>();
    let results = 0;
    for (const [lastUsedIndex, { id, done }] of this.#table.sessions()) {
      if (lastUsedIndex > index) break;
      if (unused.length === MAX_EXPIRED || results > MAX_RESULTS) {
        this.#nextAt = now + this.#timeoutMs / SAMPLES / SAMPLES;
        break;
      }
      if (this.#proposed.get(id) === lastUsedIndex) {
        underWay.set(id, lastUsedIndex);
        continue;
      }
      unused.push({ id, lastUsedIndex });
      results += done.size;
    }
    this.#proposed = underWay;
    return unused;
  }
}
