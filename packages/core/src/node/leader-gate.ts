import type { NodeId, Term } from '../types.js';

interface Leadership {
  readonly leaderId: NodeId | undefined;
  readonly term: Term;
}

/** Keeps from asking a leader again at once that has just said no; another leader may be asked at once. */
export class LeaderGate {
  readonly #delayMs: number;
  #refusedBy: Leadership | undefined;
  #retryAt = Number.POSITIVE_INFINITY;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Milliseconds; Infinity while the gate is open. */
  get retryAt(): number {
    return this.#retryAt;
  }

  close({ leaderId, term }: Leadership, now: number): void {
    this.#refusedBy = { leaderId, term };
    this.#retryAt = now + this.#delayMs;
  }

  /** Whether a leader is known that may be asked. */
  isOpen({ leaderId, term }: Leadership, now: number): boolean {
    if (this.#refusedBy !== undefined) {
      const isOther = this.#refusedBy.term !== term || this.#refusedBy.leaderId !== leaderId;
      if (!isOther && now < this.#retryAt) return false;
      this.#refusedBy = undefined;
      this.#retryAt = Number.POSITIVE_INFINITY;
    }
    return leaderId !== undefined;
  }
}
