import { seededRandom } from '../../src/clock.js';
import type { Random } from '../../src/clock.js';

/** Everything random in a simulation is thrown with these, and so comes from one seed. */
export class Dice {
  readonly random: Random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** Another stream, so that one part's throws do not shift another's. */
  fork(): Dice {
    return new Dice(Math.floor(this.random() * 2 ** 32));
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** From [min, max). */
  between(min: number, max: number): number {
    return min + this.random() * (max - min);
  }

  /** A whole number, both ends included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.random() * (max - min + 1));
  }

  /** From [min, max), small values as likely as large ones: each doubling gets the same share. */
  spread(min: number, max: number): number {
    return min * (max / min) ** this.random();
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
