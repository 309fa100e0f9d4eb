import type { Clock, Timer } from '../clock.js';
import type { RaftError } from '../errors.js';

/** A caller that waits. It is settled exactly once; what comes later is ignored. */
export interface Waiter<T> {
  /** In milliseconds of the clock. */
  readonly deadline: number;
  resolve(value: T): void;
  reject(error: unknown): void;
}

type Why = 'deadline' | 'abort';

interface Entry<T> extends Waiter<T> {
  settled: boolean;
  expire(why: Why): void;
}

/** All callers that wait, each with a deadline: one timer for all, set for the earliest. */
export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<Entry<never>>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** `expired` gives the error that is true at that moment. */
  add<T>(
    settle: { resolve: (value: T) => void; reject: (error: unknown) => void },
    options: { timeoutMs: number; signal: AbortSignal | undefined; expired: (why: Why) => RaftError },
  ): Waiter<T> {
    const { signal } = options;
    const end = (): boolean => {
      if (waiter.settled) return false;
      waiter.settled = true;
      this.#waiting.delete(waiter);
      signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const waiter: Entry<T> = {
      deadline: this.#clock.now() + options.timeoutMs,
      settled: false,
      resolve: (value) => void (end() && settle.resolve(value)),
      reject: (error) => void (end() && settle.reject(error)),
      expire: (why) => waiter.reject(options.expired(why)),
    };
    const onAbort = (): void => waiter.expire('abort');
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(waiter);
    if (waiter.deadline < this.#timerAt) this.#arm(waiter.deadline);
    return waiter;
  }

  rejectAll(errorFor: () => unknown): void {
    for (const waiter of [...this.#waiting]) waiter.reject(errorFor());
    this.#timer?.cancel();
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #arm(at: number): void {
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimer(at, () => this.#sweep());
  }

  #sweep(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    let earliest = Number.POSITIVE_INFINITY;
    for (const waiter of [...this.#waiting]) {
      if (waiter.deadline <= now) waiter.expire('deadline');
      else earliest = Math.min(earliest, waiter.deadline);
    }
    if (earliest < this.#timerAt) this.#arm(earliest);
  }
}
