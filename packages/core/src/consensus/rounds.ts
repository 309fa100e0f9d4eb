const REMEMBERED = 1024;

/** When a leader's latest heartbeat rounds began (thesis, section 6.4.1): a few numbers, however many there are. */
export class Rounds {
  readonly #startedAt: number[] = [];
  #latest = 0;

  started(round: number, now: number): void {
    this.#startedAt[round % REMEMBERED] = now;
    this.#latest = round;
  }

  /** Undefined when that is forgotten, or has not come. */
  startOf(round: number): number | undefined {
    const isKnown = round >= 1 && round <= this.#latest && round > this.#latest - REMEMBERED;
    return isKnown ? this.#startedAt[round % REMEMBERED] : undefined;
  }
}
