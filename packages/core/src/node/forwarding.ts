import type { Raft } from '../consensus/raft.js';
import { UnknownOutcomeError } from '../errors.js';
import type { RaftError } from '../errors.js';
import type { ForwardedCommand, Message, ProposeResponse } from '../messages.js';
import type { Term } from '../types.js';
import { LeaderGate } from './leader-gate.js';
import type { Proposal, Question } from './proposal.js';
import { whyNoSessionEntry } from './sessions/entries.js';

export interface ForwardingLimits {
  /** Bytes of commands in one message (one command at least). */
  readonly maxMessageBytes: number;
  /** Bytes of commands that were handed to the leader and not answered yet; beyond, commands wait here. */
  readonly maxInflightBytes: number;
  /** Milliseconds before a leader that takes nothing is asked again. */
  readonly retryDelayMs: number;
}

/**
 * Hands commands to the leader: on followers. An answer tells where they are in its log, or that they are not; whose answer is lost
 * may or may not be done, so nothing is ever sent twice.
 */
export class Forwarding {
  readonly #limits: ForwardingLimits;
  readonly #gate: LeaderGate;
  readonly #questions = new Map<number, Question>();
  #inflightBytes = 0;

  constructor(limits: ForwardingLimits) {
    this.#limits = limits;
    this.#gate = new LeaderGate(limits.retryDelayMs);
  }

  /** Messages to the leader whose answers somebody waits for. */
  get questions(): number {
    return this.#questions.size;
  }

  get retryAt(): number {
    return this.#gate.retryAt;
  }

  /** The leader takes nothing now: it is given some time, unless another one takes over. */
  holdBack(raft: Raft, now: number): void {
    this.#gate.close(raft, now);
  }

  /** Sends as many of `queue`, in order, as a leader is there for and the limits allow; gives those that were sent. */
  send(raft: Raft, queue: Iterable<Proposal>, now: number): readonly Proposal[] {
    if (!this.#gate.isOpen(raft, now)) return [];
    const sent: Proposal[] = [];
    let message: Proposal[] = [];
    let bytes = 0;
    const sendMessage = (): boolean => {
      if (message.length === 0) return true;
      const id = raft.forward(message.map(commandOf), now);
      if (id === undefined) return false;
      const question = { id, term: raft.term, proposals: message, waiting: message.length };
      this.#questions.set(id, question);
      for (const proposal of message) {
        proposal.state = 'sent';
        proposal.question = question;
      }
      sent.push(...message);
      this.#inflightBytes += bytes;
      message = [];
      bytes = 0;
      return true;
    };
    const { maxMessageBytes, maxInflightBytes } = this.#limits;
    for (const proposal of queue) {
      const { length } = proposal.data;
      const inflight = this.#inflightBytes + bytes;
      if (inflight > 0 && inflight + length > maxInflightBytes) break;
      if (bytes + length > maxMessageBytes && !sendMessage()) return sent;
      message.push(proposal);
      bytes += length;
    }
    sendMessage();
    return sent;
  }

  /** The commands that a response answers, in the order of the question; none when nobody waits for it. */
  take({ id, term, accepted }: ProposeResponse): readonly Proposal[] {
    const question = this.#questions.get(id);
    // Only the leader of the term in which it was asked can have taken anything.
    if (question === undefined || (accepted > 0 && question.term !== term)) return [];
    this.#questions.delete(id);
    for (const proposal of question.proposals) this.#release(proposal);
    return question.proposals;
  }

  /** Nobody waits for the command any more; the answer may have been lost, and is not waited for without end. */
  drop(proposal: Proposal): void {
    this.#release(proposal);
    proposal.state = 'ended';
    const { question } = proposal;
    if (question !== undefined && --question.waiting === 0) this.#questions.delete(question.id);
  }

  /** Whoever was asked in an earlier term leads no longer: what it did with the commands may never be told. */
  failLost(term: Term): void {
    for (const [id, question] of this.#questions) {
      if (question.term === term) continue;
      this.#fail(id, question, () => new UnknownOutcomeError('the leader that it was handed to leads no longer'));
    }
  }

  stop(error: () => RaftError): void {
    for (const [id, question] of this.#questions) this.#fail(id, question, error);
  }

  #fail(id: number, { proposals }: Question, error: () => RaftError): void {
    this.#questions.delete(id);
    for (const proposal of proposals) {
      if (proposal.state !== 'sent') continue;
      this.drop(proposal);
      proposal.waiter.reject(error());
    }
  }

  #release({ state, data }: Proposal): void {
    if (state === 'sent') this.#inflightBytes -= data.length;
  }
}

const commandOf = ({ type, data }: Proposal): ForwardedCommand => ({ type, data });

/** Why commands that are handed on must not reach the log: what enters it has to make sense to every replica. */
export function whyMalformedProposal(message: Message): string | undefined {
  if (message.type !== 'propose') return undefined;
  for (const { type, data } of message.commands) {
    const why = whyNoSessionEntry(type, data);
    if (why !== undefined) return why;
  }
  return undefined;
}
