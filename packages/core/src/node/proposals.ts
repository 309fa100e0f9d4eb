import type { Raft } from '../consensus/raft.js';
import {
  AbortedError,
  InvalidArgumentError,
  OverloadedError,
  ProposalDroppedError,
  TimeoutError,
  UnknownOutcomeError,
} from '../errors.js';
import type { NotLeaderError, RaftError } from '../errors.js';
import type { Entry, LogIndex, Term } from '../types.js';
import type { CallOptions } from './api.js';
import type { Waiter, Waiters } from './waiters.js';

export interface ProposalLimits {
  readonly maxEntryBytes: number;
  readonly maxUncommittedBytes: number;
}

interface Proposal<Result> {
  readonly data: Uint8Array;
  waiter: Waiter<Result>;
  /** Ended before it entered the log: it must not enter any more. */
  withdrawn: boolean;
  /** 0 until the command is in the log. */
  index: LogIndex;
  term: Term;
}

/** Commands on their way: those that came since the last turn, and those in the log whose outcome is not known yet. */
export class Proposals<Result> {
  readonly #waiters: Waiters;
  readonly #limits: ProposalLimits;
  #queue: Proposal<Result>[] = [];
  readonly #logged = new Map<LogIndex, Proposal<Result>>();

  constructor(waiters: Waiters, limits: ProposalLimits) {
    this.#waiters = waiters;
    this.#limits = limits;
  }

  add(
    data: Uint8Array,
    options: CallOptions,
    settle: { resolve: (result: Result) => void; reject: (error: unknown) => void },
  ): void {
    const { maxEntryBytes } = this.#limits;
    if (!(data instanceof Uint8Array)) {
      const message = `a command is a Uint8Array, not ${typeof data}: encode it, or give the state machine a codec`;
      return settle.reject(new InvalidArgumentError(message));
    }
    if (data.length > maxEntryBytes) {
      const message = `the command has ${data.length} bytes; at most ${maxEntryBytes} are taken (maxEntryBytes)`;
      return settle.reject(new InvalidArgumentError(message));
    }
    const proposal = { data, withdrawn: false, index: 0, term: 0 } as Proposal<Result>;
    proposal.waiter = this.#waiters.add(settle, options, (why) => this.#expired(proposal, why));
    this.#queue.push(proposal);
  }

  #expired(proposal: Proposal<Result>, why: 'deadline' | 'abort'): RaftError {
    if (proposal.index > 0) {
      this.#logged.delete(proposal.index);
      return new UnknownOutcomeError(why === 'abort' ? 'the caller gave up' : 'the deadline passed');
    }
    proposal.withdrawn = true;
    return why === 'abort'
      ? new AbortedError('the caller gave up before the command was proposed')
      : new TimeoutError('the deadline passed before the command was proposed');
  }

  /** Everything that has come since the last turn enters the log, or is refused. */
  enter(raft: Raft, now: number, notLeader: () => NotLeaderError): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const proposal of queue) {
      if (proposal.withdrawn) continue;
      const refusal = raft.refusal(proposal.data.length);
      if (refusal === 'notLeader') proposal.waiter.reject(notLeader());
      else if (refusal === 'overloaded') proposal.waiter.reject(this.#overloaded());
      else {
        proposal.index = raft.propose(proposal.data, now);
        proposal.term = raft.term;
        this.#logged.set(proposal.index, proposal);
      }
    }
  }

  #overloaded(): OverloadedError {
    const { maxUncommittedBytes } = this.#limits;
    return new OverloadedError(
      `more than ${maxUncommittedBytes} bytes wait to be committed (maxUncommittedBytes): try again later`,
    );
  }

  /** Only the caller's own entry is its success: another leader's may have taken the place. */
  applied({ index, term }: Entry, result: Result | undefined): void {
    const proposal = this.#logged.get(index);
    if (proposal === undefined) return;
    this.#logged.delete(index);
    if (proposal.term === term) proposal.waiter.resolve(result as Result);
    else proposal.waiter.reject(new ProposalDroppedError(index));
  }

  /** A snapshot has taken the place of the entries up to `appliedIndex`: what they came to is not known here. */
  skipped(appliedIndex: LogIndex): void {
    for (const [index, proposal] of this.#logged) {
      if (index > appliedIndex) continue;
      this.#logged.delete(index);
      proposal.waiter.reject(new UnknownOutcomeError('a snapshot came in place of the entry'));
    }
  }

  /** Commands of an earlier leadership: those known to be committed will be applied; the others may or may not be. */
  failDeposed(raft: Raft): void {
    for (const [index, proposal] of this.#logged) {
      const stillLeads = raft.role === 'leader' && raft.term === proposal.term;
      if (stillLeads || index <= raft.commitIndex) continue;
      this.#logged.delete(index);
      proposal.waiter.reject(new UnknownOutcomeError('this node lost the leadership'));
    }
  }

  /** Fails the commands that are in the log; the others are left to their waiters. */
  stop(loggedError: () => RaftError): void {
    for (const proposal of this.#logged.values()) proposal.waiter.reject(loggedError());
    this.#logged.clear();
    this.#queue = [];
  }
}
