import { isLinearizable, nothing } from './linearizable.js';
import type { Operation } from './linearizable.js';

/** What a call did, or may have done. */
export interface Seen {
  readonly what: string;
  readonly apply: Operation['apply'];
  readonly isCertain: boolean;
}

/** The calls of many concurrent callers, by key. */
export class History {
  readonly #operations = new Map<string, Operation[]>();
  readonly counts = { done: 0, unknown: 0, notDone: 0 };

  /** Makes a call and records it; `call` gives undefined when it certainly did nothing, and saw nothing. */
  async record(key: string, call: () => Promise<Seen | undefined>): Promise<void> {
    const calledAt = performance.now();
    const seen = await call();
    if (seen === undefined) {
      this.counts.notDone++;
      return;
    }
    const { what, apply, isCertain } = seen;
    this.counts[isCertain ? 'done' : 'unknown']++;
    const operations = this.#operations.get(key) ?? [];
    this.#operations.set(key, operations);
    operations.push(
      isCertain
        ? { calledAt, returnedAt: performance.now(), apply, name: what }
        : { calledAt, returnedAt: Infinity, apply, name: `${what}, perhaps` },
    );
  }

  get keys(): string[] {
    return [...this.#operations.keys()];
  }

  /** The keys whose operations have no order that explains them, with what was seen. */
  problems(): string[] {
    return [...this.#operations]
      .filter(([, operations]) => !isLinearizable(operations))
      .map(([key, operations]) => `${key}:\n${operations.map(describe).join('\n')}`);
  }
}

function describe({ calledAt, returnedAt, name }: Operation): string {
  return `  ${calledAt.toFixed(2)} to ${returnedAt.toFixed(2)} ${name}`;
}

/** A read that answered `value`. */
export const saw =
  (value: string | undefined): Operation['apply'] =>
  (before) =>
    before === (value ?? nothing) ? before : undefined;

export const wrote =
  (value: string): Operation['apply'] =>
  () =>
    value;

/** A compare-and-set that found `expected`. */
export const swapped =
  (expected: string | undefined, value: string): Operation['apply'] =>
  (before) =>
    before === (expected ?? nothing) ? value : undefined;

/** A compare-and-set that found `current` instead of `expected`. */
export const refused =
  (expected: string | undefined, current: string | undefined): Operation['apply'] =>
  (before) =>
    before === (current ?? nothing) && before !== (expected ?? nothing) ? before : undefined;
