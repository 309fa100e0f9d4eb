/** Limits the bytes that all snapshots together are sent with in a second. */
export class Pace {
  readonly #bytesPerSecond: number;
  #freeAt: number = Number.NEGATIVE_INFINITY;

  /** Infinity: no limit. */
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** From when on the next piece may be sent, in milliseconds. */
  get freeAt(): number {
    return this.#freeAt;
  }

  spend(bytes: number, now: number): void {
    this.#freeAt = Math.max(this.#freeAt, now) + (bytes * 1000) / this.#bytesPerSecond;
  }
}
