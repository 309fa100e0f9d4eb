import { type CallOptions, type LogIndex, NotLeaderError, OverloadedError } from '@raft/core';
import { toBinary } from './bytes.js';
import { HistoryGoneError } from './errors.js';
import type { KvNode } from './node.js';
import type { KvAnswer, KvChanges, KvSelection } from './types.js';

export interface WatchQuestion {
  readonly select: KvSelection | undefined;
  /** 0: answered at once with where to begin, by a state that holds all that was acknowledged before. */
  readonly from: LogIndex;
  readonly waitMs: number;
}

/** A longer wait is not granted: whoever waits behind a broken connection is found out by then. */
const maxWaitMs = 60_000;

interface Waiter {
  /** Nothing below it is of interest. */
  readonly from: LogIndex;
  wake(): void;
}

/** Those that wait for the same key or prefix, by its bytes as a binary string. */
type Waiters = Map<string, Set<Waiter>>;

type ChangesAnswer = KvAnswer & { type: 'changes' };

/**
 * Answers watches from the recent changes of this node, leader or not. Those that wait are looked after together: what is
 * applied is read once, however many they are.
 */
export class Watches {
  readonly #node: KvNode;
  readonly #maxWaiting: number;
  readonly #byKey: Waiters = new Map();
  readonly #byPrefix: Waiters = new Map();
  #waiting = 0;
  /** Those that wait have been told of everything below it; meaningless while nobody waits. */
  #next = 0;
  #listening = false;
  #looking = false;
  #lookAgain = false;

  constructor(node: KvNode, maxWaiting: number) {
    this.#node = node;
    this.#maxWaiting = maxWaiting;
  }

  /** Throws {@link HistoryGoneError}, {@link OverloadedError}, {@link NotLeaderError}, and like the node's `read`. */
  async next(question: WatchQuestion, options: CallOptions): Promise<KvChanges> {
    const { select } = question;
    if (question.from === 0) return this.#read(question, { ...options, level: 'linearizable' });
    const waitMs = Math.min(question.waitMs, maxWaitMs, options.timeoutMs ?? maxWaitMs);
    const until = performance.now() + waitMs;
    let { from } = question;
    for (;;) {
      this.#checkFollows();
      const answer = await this.#read({ select, from }, { ...options, level: 'local' });
      from = answer.next;
      const leftMs = until - performance.now();
      if (answer.changes.length > 0 || leftMs <= 0 || options.signal?.aborted === true) return answer;
      // Those that wait may be further by now; then there may be something between.
      if (this.#waiting > 0 && this.#next > from) continue;
      from = await this.#sleep({ select, from }, leftMs, options.signal);
    }
  }

  /** A node that was left behind would let its watches wait for ever. Throws {@link NotLeaderError}. */
  #checkFollows(): void {
    const { leaderId, removed } = this.#node.status();
    if (leaderId === undefined || removed) throw new NotLeaderError(undefined, undefined);
  }

  async #read(
    { select, from }: Omit<WatchQuestion, 'waitMs'>,
    options: Parameters<KvNode['read']>[1],
  ): Promise<ChangesAnswer> {
    const answer = await this.#node.read({ type: 'changes', select, from }, options);
    if (answer.type === 'forgotten') throw new HistoryGoneError(from, answer.oldest);
    return answer as ChangesAnswer;
  }

  /** Until something of interest happens, or the time is over; gives from where to go on. */
  #sleep(
    { select, from }: Omit<WatchQuestion, 'waitMs'>,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<LogIndex> {
    if (this.#waiting >= this.#maxWaiting) {
      throw new OverloadedError(`${this.#waiting} watches wait already: try again later`);
    }
    this.#listen();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        if (leave()) resolve(Math.max(from, this.#next));
      };
      // A process that has nothing else to do may end meanwhile.
      const timer = setTimeout(wake, waitMs).unref();
      signal?.addEventListener('abort', wake);
      if (this.#waiting === 0) this.#next = from;
      const leave = this.#enter(select, { from, wake });
      // What was applied since the read was not told to anybody who waits.
      this.#look();
    });
  }

  /** Gives the function that takes it out again, which says whether it was still there. */
  #enter(select: KvSelection | undefined, waiter: Waiter): () => boolean {
    const isKey = select !== undefined && 'key' in select;
    const waiters = isKey ? this.#byKey : this.#byPrefix;
    const text = select === undefined ? '' : toBinary(isKey ? select.key : select.prefix);
    const same = waiters.get(text) ?? new Set();
    waiters.set(text, same.add(waiter));
    this.#waiting++;
    return () => {
      if (!same.delete(waiter)) return false;
      if (same.size === 0) waiters.delete(text);
      this.#waiting--;
      return true;
    };
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#node.on('applied', () => this.#look());
    // An installed snapshot replaces the history.
    this.#node.on('snapshot', () => this.#look());
  }

  #look(): void {
    this.#lookAgain = true;
    if (this.#looking || this.#waiting === 0) return;
    this.#looking = true;
    void this.#lookAll().finally(() => {
      this.#looking = false;
    });
  }

  async #lookAll(): Promise<void> {
    while (this.#lookAgain && this.#waiting > 0) {
      this.#lookAgain = false;
      try {
        const answer = await this.#read({ select: undefined, from: this.#next }, { level: 'local' });
        this.#lookAgain ||= answer.more;
        for (const { key, revision } of answer.changes) this.#tell(toBinary(key), revision);
        this.#next = Math.max(this.#next, answer.next);
      } catch {
        // Each asks for itself and tells its caller what is wrong.
        for (const waiter of [...this.#byKey.values(), ...this.#byPrefix.values()].flatMap((same) => [...same])) {
          waiter.wake();
        }
      }
    }
  }

  /** Those that are woken read for themselves what there is. */
  #tell(key: string, revision: LogIndex): void {
    const wake = (same: Set<Waiter> | undefined): void => {
      for (const waiter of same ?? []) if (revision >= waiter.from) waiter.wake();
    };
    wake(this.#byKey.get(key));
    for (const [prefix, same] of this.#byPrefix) if (key.startsWith(prefix)) wake(same);
  }
}
