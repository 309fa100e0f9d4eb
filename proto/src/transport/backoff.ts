import type { Random } from '@raft/core';

/** Pauses between attempts: doubled each time up to a limit, with jitter so that nodes do not dial in step. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #failures = 0;

  constructor(minMs: number, maxMs: number, random: Random) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Milliseconds until the next attempt, from half of the nominal pause up to the whole. */
  next(): number {
    const nominal = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return nominal * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
