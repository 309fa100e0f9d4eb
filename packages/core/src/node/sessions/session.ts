import type { Clock, Timer } from '../../clock.js';
import {
  AbortedError,
  NodeStoppedError,
  OverloadedError,
  ProposalDroppedError,
  ResultForgottenError,
  SessionExpiredError,
  TimeoutError,
  UnknownOutcomeError,
} from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { LogIndex } from '../../types.js';
import type { CallOptions, Session, SessionPosition } from '../api.js';
import { DEFAULT_TIMEOUT_MS } from '../waiters.js';
import { MAX_UNACKNOWLEDGED } from './table.js';

/** What a session needs of its node. */
export interface SessionHost<Command, Result> {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds within which an answer, or a new leader, is to be expected; then the command is proposed again. */
  readonly attemptMs: number;
  /** Milliseconds between tries where one would be refused at once. */
  readonly retryDelayMs: number;
  /** Milliseconds without use after which the session is kept alive. */
  readonly keepAliveMs: number;
  encode(command: Command): Uint8Array;
  propose(data: Uint8Array, position: Required<SessionPosition>, options: CallOptions): Promise<Result>;
  keepSession(id: LogIndex, options: CallOptions & { readonly firstUnacknowledged: number }): Promise<void>;
  closeSession(id: LogIndex, options: CallOptions): Promise<void>;
  /** Resolves after so many milliseconds. Rejects when the signal fires or the node stops. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** The session has ended, and needs the node no more. */
  ended(session: ClientSession<Command, Result>): void;
}

/** Numbers the commands of one session, acknowledges what has come to an end, and keeps the session alive while it is not used. */
export class ClientSession<Command, Result> implements Session<Command, Result> {
  readonly id: LogIndex;
  readonly #host: SessionHost<Command, Result>;
  #nextSequence = 1;
  /** All before have come to an end, for their callers at least. */
  #firstUnacknowledged = 1;
  /** Those from there on that have, too. */
  readonly #finished = new Set<number>();
  /** Closed, or known to have expired. */
  #isOver = false;
  #isStopped = false;
  #lastUsedAt: number;
  #timer: Timer | undefined;

  constructor(id: LogIndex, host: SessionHost<Command, Result>) {
    this.id = id;
    this.#host = host;
    this.#lastUsedAt = host.clock.now();
    this.#arm();
  }

  async propose(command: Command, options: CallOptions = {}): Promise<Result> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
    this.#checkOpen();
    const data = this.#host.encode(command);
    // More than the cluster keeps results for would be refused there.
    if (this.#nextSequence >= this.#firstUnacknowledged + MAX_UNACKNOWLEDGED) {
      const message = `session ${this.id} has up to ${MAX_UNACKNOWLEDGED} commands under way: wait for some, or open another session`;
      throw new OverloadedError(message);
    }
    const sequence = this.#nextSequence++;
    try {
      return await this.#proposeUntil(this.#host.clock.now() + timeoutMs, data, sequence, signal);
    } catch (error) {
      if (error instanceof SessionExpiredError) this.#end();
      throw error;
    } finally {
      this.#finish(sequence);
    }
  }

  /** Proposes again what may or may not be done, and what certainly is not but could be. */
  async #proposeUntil(
    deadline: number,
    data: Uint8Array,
    sequence: number,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    let inDoubt = false;
    for (;;) {
      const leftMs = deadline - this.#host.clock.now();
      try {
        const position = { id: this.id, sequence, firstUnacknowledged: this.#firstUnacknowledged };
        this.#lastUsedAt = this.#host.clock.now();
        return await this.#host.propose(data, position, { timeoutMs: Math.min(leftMs, this.#host.attemptMs), signal });
      } catch (error) {
        inDoubt ||= error instanceof UnknownOutcomeError;
        const mayRetry = this.#host.clock.now() < deadline && signal?.aborted !== true;
        if (!mayRetry || !isPassing(error, inDoubt)) throw inDoubt ? honest(error) : error;
        if (error instanceof OverloadedError) await this.#pause(deadline, signal);
      }
    }
  }

  /** Only for commands in doubt: whatever ends the pause early leaves them so. */
  async #pause(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    const ms = Math.min(this.#host.retryDelayMs, deadline - this.#host.clock.now());
    try {
      await this.#host.sleep(ms, signal);
    } catch (error) {
      throw honest(error);
    }
  }

  #finish(sequence: number): void {
    this.#finished.add(sequence);
    while (this.#finished.delete(this.#firstUnacknowledged)) this.#firstUnacknowledged++;
  }

  async keepAlive(options: CallOptions = {}): Promise<void> {
    this.#checkOpen();
    this.#lastUsedAt = this.#host.clock.now();
    try {
      await this.#host.keepSession(this.id, { ...options, firstUnacknowledged: this.#firstUnacknowledged });
    } catch (error) {
      if (error instanceof SessionExpiredError) this.#end();
      throw error;
    }
  }

  async close(options: CallOptions = {}): Promise<void> {
    this.#end();
    await this.#host.closeSession(this.id, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** It is not kept alive any more: of the node, which stops. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #end(): void {
    this.#isOver = true;
    this.stop();
    this.#host.ended(this);
  }

  #checkOpen(): void {
    if (this.#isOver) throw new SessionExpiredError(this.id);
  }

  #arm(): void {
    this.#timer = this.#host.clock.setTimer(this.#lastUsedAt + this.#host.keepAliveMs, () => void this.#keepUnused());
  }

  /** Never rejects. */
  async #keepUnused(): Promise<void> {
    if (this.#host.clock.now() >= this.#lastUsedAt + this.#host.keepAliveMs) {
      try {
        await this.keepAlive({ timeoutMs: Math.min(this.#host.keepAliveMs, DEFAULT_TIMEOUT_MS) });
      } catch (error) {
        if (!this.#isStopped)
          this.#host.logger('warn', `session ${this.id} was not kept alive: it is tried again`, { error });
      }
    }
    if (!this.#isStopped) this.#arm();
  }
}

/** Whether another try may do better. */
function isPassing(error: unknown, inDoubt: boolean): boolean {
  if (error instanceof UnknownOutcomeError || error instanceof ProposalDroppedError) return true;
  // What is in doubt is worth waiting for; what is certainly not done is for the caller to decide.
  if (error instanceof OverloadedError) return inDoubt;
  // An attempt, not the call, ran out of time before a leader was known.
  return error instanceof TimeoutError;
}

/** What an error means when an earlier try may have done it. */
function honest(error: unknown): unknown {
  const saysSo = [SessionExpiredError, UnknownOutcomeError, ResultForgottenError].some((kind) => error instanceof kind);
  if (saysSo) return error;
  if (error instanceof NodeStoppedError) {
    return new NodeStoppedError(error.message, { cause: error.cause, maybeDone: true });
  }
  if (error instanceof AbortedError) return new UnknownOutcomeError('the caller gave up');
  return new UnknownOutcomeError(error instanceof Error ? error.message : String(error));
}
