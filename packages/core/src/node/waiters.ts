import type { Clock, Timer } from '../clock.js';
import { AbortedError, TimeoutError } from '../errors.js';
import type { RaftError } from '../errors.js';
import type { CallOptions } from './api.js';

export const DEFAULT_TIMEOUT_MS = 5000;

/** A caller that waits. It is settled exactly once; what comes later is ignored. */
export interface Waiter<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

type Why = 'deadline' | 'abort';

interface Waiting {
  readonly deadline: number;
  expire(why: Why): void;
  reject(error: unknown): void;
}

/** All callers that wait, each with a deadline: one timer for all, set for the earliest. */
export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** `expired` gives the error that is true when the deadline passes or the caller gives up. */
  add<T>(
    caller: Waiter<T>,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: CallOptions,
    expired: (why: Why) => RaftError,
  ): Waiter<T> {
    const waiting: Waiting = {
      deadline: this.#clock.now() + timeoutMs,
      expire: (why) => void (end() && caller.reject(expired(why))),
      reject: (error) => void (end() && caller.reject(error)),
    };
    const onAbort = signal === undefined ? undefined : (): void => waiting.expire('abort');
    const end = (): boolean => {
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
      return this.#waiting.delete(waiting);
    };
    if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(waiting);
    if (waiting.deadline < this.#timerAt) this.#arm(waiting.deadline);
    return { resolve: (value) => void (end() && caller.resolve(value)), reject: waiting.reject };
  }

  /** Resolves at the deadline. Throws {@link AbortedError} when the signal fires, and what `stop` says when it comes first. */
  sleep(options: CallOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = new TimeoutError('over');
      const caller = { resolve, reject: (error: unknown): void => (error === over ? resolve() : reject(error)) };
      this.add(caller, options, (why) => (why === 'deadline' ? over : new AbortedError('the caller gave up')));
    });
  }

  /** Fails whoever still waits, wherever the call may be. */
  stop(error: () => RaftError): void {
    this.#timer?.cancel();
    this.#timerAt = Number.NEGATIVE_INFINITY;
    for (const waiting of this.#waiting) waiting.reject(error());
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
    for (const waiting of this.#waiting) {
      if (waiting.deadline <= now) waiting.expire('deadline');
      else earliest = Math.min(earliest, waiting.deadline);
    }
    if (earliest < this.#timerAt) this.#arm(earliest);
  }
}
