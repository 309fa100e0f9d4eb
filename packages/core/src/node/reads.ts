import type { Raft } from '../consensus/raft.js';
import type { ReadOutcome } from '../consensus/state.js';
import { AbortedError, InvalidArgumentError, TimeoutError } from '../errors.js';
import type { NotLeaderError, RaftError } from '../errors.js';
import type { LogIndex } from '../types.js';
import type { CallOptions, ReadLevel } from './api.js';
import { Freshness } from './freshness.js';
import { DueQueue } from './due-queue.js';
import { LeaderGate } from './leader-gate.js';
import type { Waiter, Waiters } from './waiters.js';

/** Questions of one level under way; more reads share the next one. */
const MAX_QUESTIONS = 16;

export interface ReadsHost<Query, Answer> {
  now(): number;
  appliedIndex(): LogIndex;
  query(query: Query): Answer | Promise<Answer>;
  notLeader(): NotLeaderError;
}

export interface ReadsOptions {
  /** Reads that no leader confirms wait for one that does. */
  readonly forward: boolean;
  readonly retryDelayMs: number;
}

interface Read<Query, Answer> {
  readonly query: Query;
  waiter: Waiter<Answer>;
  /** Where it waits: for a confirmation, or (undefined) for its index or the machine. */
  question: Question<Query, Answer> | undefined;
  /** Answered once this is applied; 0 until it is known. */
  index: LogIndex;
  isOver: boolean;
}

type AskedLevel = 'linearizable' | 'lease';

/** Reads that one confirmation is for. */
interface Question<Query, Answer> {
  readonly level: AskedLevel;
  readonly reads: Set<Read<Query, Answer>>;
  /** When the consensus was asked, in milliseconds; all of the reads were called before. */
  askedAt: number;
}

/** Reads on their way: to a confirmation, where their level wants one, then to the application of their index. */
export class Reads<Query, Answer> {
  readonly #waiters: Waiters;
  readonly #host: ReadsHost<Query, Answer>;
  readonly #forward: boolean;
  readonly #gate: LeaderGate;
  readonly #freshness = new Freshness();
  /** By the number under which the consensus knows them. */
  readonly #asked = new Map<number, Question<Query, Answer>>();
  readonly #next = new Map<AskedLevel, Question<Query, Answer>>();
  readonly #confirmed = new DueQueue<Read<Query, Answer>>(({ index }) => index);
  #nextId = 1;

  constructor(waiters: Waiters, host: ReadsHost<Query, Answer>, { forward, retryDelayMs }: ReadsOptions) {
    this.#waiters = waiters;
    this.#host = host;
    this.#forward = forward;
    this.#gate = new LeaderGate(retryDelayMs);
  }

  /** When those that found no leader want to be asked again, in milliseconds; Infinity: not before something happens. */
  get retryAt(): number {
    return this.#next.size === 0 ? Number.POSITIVE_INFINITY : this.#gate.retryAt;
  }

  add(
    query: Query,
    level: ReadLevel,
    options: CallOptions,
    settle: { resolve: (answer: Answer) => void; reject: (error: unknown) => void },
  ): void {
    const read = { query, question: undefined, index: 0, isOver: false } as unknown as Read<Query, Answer>;
    read.waiter = this.#waiters.add(settle, options, (why) => this.#expired(read, why));
    if (level === 'local') this.#answer(read);
    else if (level === 'linearizable' || level === 'lease') join(this.#questionToAsk(level), read);
    else if ('atLeast' in level) this.#answerAt(read, level.atLeast);
    else this.#addBounded(read, this.#host.now() - level.boundedStalenessMs);
  }

  /** A state is fresh enough when a confirmation that was asked for after `since` is applied. */
  #addBounded(read: Read<Query, Answer>, since: number): void {
    const index = this.#freshness.indexSince(since);
    if (index !== undefined) return this.#answerAt(read, index);
    for (const question of this.#asked.values()) {
      if (question.level === 'linearizable' && question.askedAt > since) return join(question, read);
    }
    join(this.#questionToAsk('linearizable'), read);
  }

  #questionToAsk(level: AskedLevel): Question<Query, Answer> {
    const question = this.#next.get(level) ?? { level, reads: new Set(), askedAt: 0 };
    this.#next.set(level, question);
    return question;
  }

  #expired(read: Read<Query, Answer>, why: 'deadline' | 'abort'): RaftError {
    const { question, index } = read;
    question?.reads.delete(read);
    if (question === undefined && index > 0) this.#confirmed.giveUp(read);
    if (why === 'abort') return new AbortedError('the caller gave up the read');
    if (question !== undefined) return new TimeoutError('no leader and quorum confirmed the read in time: try again');
    return new TimeoutError(
      index > 0 ? `index ${index} was not applied here in time: try again` : 'the query was not answered in time',
    );
  }

  /** Asks the consensus for all reads that have come since the last turn: one question for each level. */
  enter(raft: Raft, now: number): void {
    for (const question of this.#next.values()) {
      if (question.reads.size === 0) this.#next.delete(question.level);
      else if (this.#mayAsk(question, raft, now)) this.#ask(question, raft, now);
    }
  }

  #mayAsk({ level }: Question<Query, Answer>, raft: Raft, now: number): boolean {
    if (this.#forward && !this.#gate.isOpen(raft, now)) return false;
    let underWay = 0;
    for (const question of this.#asked.values()) if (question.level === level) underWay++;
    return underWay < MAX_QUESTIONS;
  }

  #ask(question: Question<Query, Answer>, raft: Raft, now: number): void {
    this.#next.delete(question.level);
    question.askedAt = now;
    const id = this.#nextId++;
    this.#asked.set(id, question);
    raft.read(id, question.level, now);
  }

  settle(outcomes: readonly ReadOutcome[], raft: Raft, now: number): void {
    for (const { id, index } of outcomes) {
      const question = this.#asked.get(id);
      if (question === undefined) continue;
      this.#asked.delete(id);
      if (index === undefined) this.#refused(question, raft, now);
      else this.#confirm(question, index);
    }
    this.#freshness.applied(this.#host.appliedIndex());
  }

  #confirm({ level, reads, askedAt }: Question<Query, Answer>, index: LogIndex): void {
    // A lease rests on the clocks of others, which the bound of a bounded staleness must not.
    if (level === 'linearizable') this.#freshness.confirmed({ askedAt, index });
    for (const read of reads) this.#answerAt(read, index);
  }

  #refused(question: Question<Query, Answer>, raft: Raft, now: number): void {
    if (!this.#forward) {
      for (const read of question.reads) {
        read.question = undefined;
        read.waiter.reject(this.#host.notLeader());
      }
      return;
    }
    this.#gate.close(raft, now);
    const next = this.#questionToAsk(question.level);
    for (const read of question.reads) join(next, read);
  }

  #answerAt(read: Read<Query, Answer>, index: LogIndex): void {
    read.question = undefined;
    if (index <= this.#host.appliedIndex()) return this.#answer(read);
    read.index = index;
    this.#confirmed.add(read);
  }

  applied(appliedIndex: LogIndex): void {
    this.#freshness.applied(appliedIndex);
    for (let read = this.#confirmed.take(appliedIndex); read !== undefined; read = this.#confirmed.take(appliedIndex)) {
      read.index = 0;
      this.#answer(read);
    }
  }

  #answer({ query, waiter }: Read<Query, Answer>): void {
    try {
      const answer = this.#host.query(query);
      if (answer instanceof Promise) answer.then(waiter.resolve, waiter.reject);
      else waiter.resolve(answer);
    } catch (error) {
      waiter.reject(error);
    }
  }

  stop(): void {
    this.#asked.clear();
    this.#next.clear();
    this.#confirmed.clear();
  }
}

function join<Query, Answer>(question: Question<Query, Answer>, read: Read<Query, Answer>): void {
  read.question = question;
  question.reads.add(read);
}

/** What is wrong with a level; undefined when nothing is. */
export function whyNoLevel(level: ReadLevel): InvalidArgumentError | undefined {
  if (level === 'linearizable' || level === 'lease' || level === 'local') return undefined;
  if (typeof level === 'object' && level !== null) {
    if ('atLeast' in level && Number.isSafeInteger(level.atLeast) && level.atLeast >= 0) return undefined;
    if ('boundedStalenessMs' in level && level.boundedStalenessMs >= 0) return undefined;
  }
  return new InvalidArgumentError(
    `a read level is 'linearizable', 'lease', 'local', {atLeast: index} or {boundedStalenessMs: number of 0 or more}, not ${JSON.stringify(level)}`,
  );
}
