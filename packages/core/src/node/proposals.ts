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
import type { ProposeResponse } from '../messages.js';
import type { Codec } from '../state-machine.js';
import type { Entry, EntryType, LogIndex, Term } from '../types.js';
import type { CallOptions } from './api.js';
import { Forwarding } from './forwarding.js';
import type { ForwardingLimits } from './forwarding.js';
import type { Proposal } from './proposal.js';
import { leaderIsFull } from './refusals.js';
import { Refused } from './sessions/outcomes.js';
import type { Waiters } from './waiters.js';

export interface ProposalOptions extends ForwardingLimits {
  readonly forward: boolean;
  readonly maxUncommittedBytes: number;
  /** Of this node. */
  isDiskFull(): boolean;
}

/** Commands on their way: those that wait to enter a log, here or the leader's, and those in one whose outcome is not known yet. */
export class Proposals {
  readonly #waiters: Waiters;
  readonly #options: ProposalOptions;
  readonly #forwarding: Forwarding;
  #queue = new Set<Proposal>();
  #queuedBytes = 0;
  readonly #logged = new Map<LogIndex, Proposal>();
  #appliedTerm: Term = 0;

  constructor(waiters: Waiters, options: ProposalOptions) {
    this.#waiters = waiters;
    this.#options = options;
    this.#forwarding = new Forwarding(options);
  }

  /** When what is held back wants to be tried again, in milliseconds; Infinity: not before something happens. */
  get retryAt(): number {
    return this.#queue.size === 0 ? Number.POSITIVE_INFINITY : this.#forwarding.retryAt;
  }

  add(
    type: EntryType,
    data: Uint8Array,
    options: CallOptions,
    settle: { resolve: (outcome: unknown) => void; reject: (error: unknown) => void },
  ): void {
    const { maxUncommittedBytes } = this.#options;
    if (this.#queuedBytes > 0 && this.#queuedBytes + data.length > maxUncommittedBytes) {
      return settle.reject(overloaded(`${this.#queuedBytes} bytes wait to be proposed`, maxUncommittedBytes));
    }
    const proposal = { type, data, state: 'queued', index: 0, term: 0, isOwn: false } as unknown as Proposal;
    proposal.question = undefined;
    proposal.waiter = this.#waiters.add(settle, options, (why) => this.#expired(proposal, why));
    this.#queue.add(proposal);
    this.#queuedBytes += data.length;
  }

  #expired(proposal: Proposal, why: 'deadline' | 'abort'): RaftError {
    const end = why === 'abort' ? 'the caller gave up' : 'the deadline passed';
    switch (proposal.state) {
      case 'queued':
        this.#queue.delete(proposal);
        this.#queuedBytes -= proposal.data.length;
        return why === 'abort'
          ? new AbortedError(`${end} before the command was proposed`)
          : new TimeoutError(`${end} before the command was proposed`);
      case 'sent':
        this.#forwarding.drop(proposal);
        return new UnknownOutcomeError(`${end} before the leader answered`);
      case 'logged':
      case 'ended':
        this.#logged.delete(proposal.index);
        return new UnknownOutcomeError(
          proposal.isOwn && this.#options.isDiskFull() ? `the leader's disk is full, and ${end}` : end,
        );
    }
  }

  /** What waits enters the log here, or is handed to the leader, or goes on waiting, or is refused. */
  enter(raft: Raft, now: number, notLeader: () => NotLeaderError): void {
    this.#forwarding.failLost(raft.term);
    if (this.#queue.size === 0) return;
    if (raft.role === 'leader') this.#propose(raft, now);
    else if (this.#options.forward) this.#handOn(raft, now);
    else for (const proposal of this.#takeQueue()) proposal.waiter.reject(notLeader());
  }

  #propose(raft: Raft, now: number): void {
    if (raft.refusal(0) === 'transferring') return;
    for (const proposal of this.#takeQueue()) {
      const refusal = raft.refusal(proposal.data.length);
      if (refusal === undefined) {
        proposal.isOwn = true;
        this.#enterLog(proposal, raft.propose(proposal.data, now, proposal.type), raft.term);
      } else {
        this.#refused(proposal, refusal);
      }
    }
  }

  #handOn(raft: Raft, now: number): void {
    const sent = this.#forwarding.send(raft, this.#queue, now);
    for (const proposal of sent) {
      this.#queue.delete(proposal);
      this.#queuedBytes -= proposal.data.length;
    }
  }

  /** Leaders' answers to what was handed to them. */
  answered(responses: readonly ProposeResponse[], raft: Raft, now: number, appliedIndex: LogIndex): void {
    for (const response of responses) {
      const asked = this.#forwarding.take(response);
      const refused: Proposal[] = [];
      for (const [place, proposal] of asked.entries()) {
        if (proposal.state !== 'sent') continue;
        const index = response.index + place;
        if (place >= response.accepted) refused.push(proposal);
        else if (index > appliedIndex) this.#enterLog(proposal, index, response.term);
        else proposal.waiter.reject(missed(index, response.term, raft.termAt(index)));
      }
      if (refused.length === 0) continue;
      const refusal = response.refusal ?? 'notLeader';
      if (response.from === raft.leaderId) this.#forwarding.holdBack(raft, now);
      for (const proposal of refused) this.#refused(proposal, refusal);
    }
  }

  /** It is certainly in no log. */
  #refused(proposal: Proposal, refusal: NonNullable<ProposeResponse['refusal']>): void {
    switch (refusal) {
      case 'overloaded':
        return proposal.waiter.reject(
          overloaded('too many bytes wait to be committed', this.#options.maxUncommittedBytes),
        );
      case 'diskFull':
        return proposal.waiter.reject(leaderIsFull());
      case 'notLeader':
      case 'transferring':
        // A new leader is to be expected: it gets them.
        proposal.state = 'queued';
        this.#queue.add(proposal);
        this.#queuedBytes += proposal.data.length;
    }
  }

  #takeQueue(): Set<Proposal> {
    const queue = this.#queue;
    this.#queue = new Set();
    this.#queuedBytes = 0;
    return queue;
  }

  #enterLog(proposal: Proposal, index: LogIndex, term: Term): void {
    // A later leader gave the index away again, so what an earlier one had there was not committed.
    this.#logged.get(index)?.waiter.reject(new ProposalDroppedError(index));
    proposal.state = 'logged';
    proposal.index = index;
    proposal.term = term;
    this.#logged.set(index, proposal);
  }

  /** Only the caller's own entry is its success: another leader's may have taken the place. */
  applied({ index, term }: Entry, outcome: unknown): void {
    const proposal = this.#logged.get(index);
    if (proposal === undefined) return;
    this.#logged.delete(index);
    if (proposal.term !== term) proposal.waiter.reject(new ProposalDroppedError(index));
    else if (outcome instanceof Refused) proposal.waiter.reject(outcome.error);
    else proposal.waiter.resolve(outcome);
  }

  /** A snapshot has taken the place of the entries up to `appliedIndex`: what they came to is not known here. */
  skipped(appliedIndex: LogIndex): void {
    for (const [index, proposal] of this.#logged) {
      if (index > appliedIndex) continue;
      this.#logged.delete(index);
      proposal.waiter.reject(new UnknownOutcomeError('a snapshot came in place of the entry'));
    }
  }

  /** Commands of an earlier leadership here: those known to be committed will be applied; the others may or may not be. */
  failDeposed(raft: Raft): void {
    for (const [index, proposal] of this.#logged) {
      const stillLeads = raft.role === 'leader' && raft.term === proposal.term;
      if (!proposal.isOwn || stillLeads || index <= raft.commitIndex) continue;
      this.#logged.delete(index);
      proposal.waiter.reject(new UnknownOutcomeError('this node lost the leadership'));
    }
  }

  /** An entry of this term is committed: what an earlier leader had behind it is in no log any more that counts. */
  enteredTerm({ index: applied, term }: Entry): void {
    if (term <= this.#appliedTerm) return;
    this.#appliedTerm = term;
    for (const [index, proposal] of this.#logged) {
      if (index <= applied || proposal.term >= term) continue;
      this.#logged.delete(index);
      proposal.waiter.reject(new ProposalDroppedError(index));
    }
  }

  /** Fails the commands that may be in a log; the others are left to their waiters. */
  stop(loggedError: () => RaftError): void {
    for (const proposal of this.#logged.values()) proposal.waiter.reject(loggedError());
    this.#logged.clear();
    this.#forwarding.stop(loggedError);
    this.#queue.clear();
    this.#queuedBytes = 0;
  }
}

/** An answer that came after the entry at its index was applied here: what that came to was not kept for anybody. */
function missed(index: LogIndex, term: Term, found: Term | undefined): RaftError {
  // Undefined: compacted meanwhile.
  return found === undefined || found === term
    ? new UnknownOutcomeError('the leader answered after the entry was applied here')
    : new ProposalDroppedError(index);
}

function overloaded(what: string, maxUncommittedBytes: number): OverloadedError {
  return new OverloadedError(`${what}, at most ${maxUncommittedBytes} (maxUncommittedBytes): try again later`);
}

/** The bytes of a command. Throws {@link InvalidArgumentError} when it has none, or too many. */
export function commandBytes<Command>(
  command: Command,
  codec: Codec<Command> | undefined,
  maxEntryBytes: number,
): Uint8Array {
  const data: unknown = codec === undefined ? command : codec.encode(command);
  if (!(data instanceof Uint8Array)) {
    throw new InvalidArgumentError(
      `a command is a Uint8Array, not ${typeof data}: encode it, or give the state machine a codec`,
    );
  }
  if (data.length <= maxEntryBytes) return data;
  throw new InvalidArgumentError(
    `the command has ${data.length} bytes; at most ${maxEntryBytes} are taken (maxEntryBytes)`,
  );
}
