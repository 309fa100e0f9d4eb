import { seededRandom } from '@raft/core';
import type { Random } from '@raft/core';

export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * Everything random in a simulation is thrown with these, and so comes from one seed. Only additions, multiplications and
 * divisions: they give the same numbers on every machine, which powers and logarithms do not promise.
 */
export class Dice {
  readonly random: Random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** A seed for another stream, so that one part's throws do not shift another's. */
  seed(): number {
    return Math.floor(this.random() * 4_294_967_296);
  }

  fork(): Dice {
    return new Dice(this.seed());
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** From [min, max). */
  between(min: number, max: number): number {
    return min + this.random() * (max - min);
  }

  within({ min, max }: Range): number {
    return this.between(min, max);
  }

  /** A whole number, both ends included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.random() * (max - min + 1));
  }

  /** From [min, max), small values as likely as large ones: each doubling gets the same share. */
  spread(min: number, max: number): number {
    const starts = [min];
    for (let start = min * 2; start < max; start *= 2) starts.push(start);
    const start = this.pick(starts);
    return this.between(start, Math.min(start * 2, max));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.whole(0, items.length - 1)] as T;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
      const other = this.whole(0, last);
      [result[last], result[other]] = [result[other] as T, result[last] as T];
    }
    return result;
  }

  /** Each item with the same probability. */
  some<T>(items: readonly T[], probability: number): T[] {
    return items.filter(() => this.chance(probability));
  }
}
