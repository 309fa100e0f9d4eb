import type { LogIndex } from '../types.js';

/** Confirmations kept that wait for their index to be applied; only a machine that is stuck has more. */
const MAX_UNAPPLIED = 100;

interface Confirmation {
  /** When it was asked for, in milliseconds: what was acknowledged before is at `index` or earlier. */
  readonly askedAt: number;
  readonly index: LogIndex;
}

/** How far behind the cluster this node's state may be, as far as leaders' confirmations have told. */
export class Freshness {
  /** The state holds what was acknowledged before this time. */
  #appliedSince = Number.NEGATIVE_INFINITY;
  /** In the order of their times. */
  #unapplied: Confirmation[] = [];

  confirmed(confirmation: Confirmation): void {
    const last = this.#unapplied.at(-1)?.askedAt ?? this.#appliedSince;
    if (confirmation.askedAt <= last) return;
    if (this.#unapplied.length === MAX_UNAPPLIED) this.#unapplied.pop();
    this.#unapplied.push(confirmation);
  }

  applied(appliedIndex: LogIndex): void {
    if (this.#unapplied.length === 0) return;
    for (const { askedAt, index } of this.#unapplied) if (index <= appliedIndex) this.#appliedSince = askedAt;
    this.#unapplied = this.#unapplied.filter(({ askedAt }) => askedAt > this.#appliedSince);
  }

  /**
   * The index from which a state holds all that was acknowledged up to `since`, when one is known. What was asked for at that very moment
   * does not tell: the acknowledgement may have come after it.
   */
  indexSince(since: number): LogIndex | undefined {
    if (this.#appliedSince > since) return 0;
    return this.#unapplied.find(({ askedAt }) => askedAt > since)?.index;
  }
}
