import type { Clock, Timer } from '../clock.js';
import { AbortedError, TimeoutError } from '../errors.js';
import type { RaftError } from '../errors.js';
import type { CallOptions } from './api.js';
import { DueQueue } from './due-queue.js';
import type { Awaited } from './due-queue.js';

export const DEFAULT_TIMEOUT_MS = 5000;
/** Calls that fail at a stretch, before other work of the event loop gets its turn. */
const MAX_EXPIRED = 1000;

/** A caller that waits. It is settled exactly once; what comes later is ignored. */
export interface Waiter<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

type Why = 'deadline' | 'abort';

interface Waiting extends Awaited {
  readonly deadline: number;
  expire(why: Why): void;
  reject(error: unknown): void;
}

/** All callers that wait, each with a deadline: one timer for all, set for the earliest. */
export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  readonly #byDeadline = new DueQueue<Waiting>(({ deadline }) => deadline);
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
      isOver: false,
    };
    const onAbort = signal === undefined ? undefined : (): void => waiting.expire('abort');
    const end = (): boolean => {
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
      if (!this.#waiting.delete(waiting)) return false;
      if (!waiting.isOver) this.#byDeadline.giveUp(waiting);
      return true;
    };
    if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(waiting);
    this.#byDeadline.add(waiting);
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
    this.#timer = this.#clock.setTimer(at, () => this.#expire());
  }

  #expire(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    for (let expired = 0; expired < MAX_EXPIRED; expired++) {
      const waiting = this.#byDeadline.take(now);
      if (waiting === undefined) break;
      waiting.isOver = true;
      waiting.expire('deadline');
    }
    const { next } = this.#byDeadline;
    if (next < this.#timerAt) this.#arm(next);
  }
}
