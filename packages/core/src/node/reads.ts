import type { Raft } from '../consensus/raft.js';
import type { ReadOutcome } from '../consensus/state.js';
import { AbortedError, TimeoutError } from '../errors.js';
import type { NotLeaderError } from '../errors.js';
import type { LogIndex } from '../types.js';
import type { CallOptions } from './api.js';
import type { Waiter, Waiters } from './waiters.js';

interface Read<Query, Answer> {
  readonly query: Query;
  waiter: Waiter<Answer>;
}

/** Linearizable reads on their way: to a quorum's confirmation first, then to the application of their index. */
export class Reads<Query, Answer> {
  readonly #waiters: Waiters;
  readonly #query: (query: Query) => Answer | Promise<Answer>;
  /** Undefined: the caller has given up, but the consensus may still hold the id. */
  readonly #reads = new Map<number, Read<Query, Answer> | undefined>();
  #queue: number[] = [];
  /** Confirmed, in order of the index that must be applied first. */
  #confirmed: { readonly id: number; readonly index: LogIndex }[] = [];
  #nextId = 1;

  constructor(waiters: Waiters, query: (query: Query) => Answer | Promise<Answer>) {
    this.#waiters = waiters;
    this.#query = query;
  }

  /** Those that nobody waits for any more count too, until the consensus lets go of them. */
  get size(): number {
    return this.#reads.size;
  }

  add(
    query: Query,
    options: CallOptions,
    settle: { resolve: (answer: Answer) => void; reject: (error: unknown) => void },
  ): void {
    const id = this.#nextId++;
    const waiter = this.#waiters.add(settle, options, (why) => {
      if (this.#reads.has(id)) this.#reads.set(id, undefined);
      return why === 'abort'
        ? new AbortedError('the caller gave up the read')
        : new TimeoutError('the read was not confirmed by a quorum, or not answered, in time');
    });
    this.#reads.set(id, { query, waiter });
    this.#queue.push(id);
  }

  /** Asks the consensus for all reads that have come since the last turn. */
  enter(raft: Raft, now: number): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const id of queue) {
      if (this.#reads.get(id) === undefined) this.#reads.delete(id);
      else raft.read(id, 'linearizable', now);
    }
  }

  settle(outcomes: readonly ReadOutcome[], appliedIndex: LogIndex, notLeader: () => NotLeaderError): void {
    for (const { id, index } of outcomes) {
      if (index === undefined) this.#take(id)?.waiter.reject(notLeader());
      else this.#confirmed.push({ id, index });
    }
    this.applied(appliedIndex);
  }

  applied(appliedIndex: LogIndex): void {
    let done = 0;
    for (const { id, index } of this.#confirmed) {
      if (index > appliedIndex) break;
      done++;
      const read = this.#take(id);
      if (read !== undefined) this.#answer(read);
    }
    if (done > 0) this.#confirmed.splice(0, done);
  }

  #take(id: number): Read<Query, Answer> | undefined {
    const read = this.#reads.get(id);
    this.#reads.delete(id);
    return read;
  }

  #answer({ query, waiter }: Read<Query, Answer>): void {
    try {
      const answer = this.#query(query);
      if (answer instanceof Promise) answer.then(waiter.resolve, waiter.reject);
      else waiter.resolve(answer);
    } catch (error) {
      waiter.reject(error);
    }
  }

  stop(): void {
    this.#reads.clear();
    this.#queue = [];
    this.#confirmed = [];
  }
}
