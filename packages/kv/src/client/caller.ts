import { AbortedError, type CallOptions, OverloadedError, RaftError, TimeoutError } from '@raft/core';
import { DecodeError } from '@raft/proto';
import { checkTimeout } from '../limits.js';
import type { EncodeRequest } from '../request.js';
import { decodeResponse, type KvResponse } from '../response.js';
import type { ResolvedClientOptions } from './options.js';
import type { Servers } from './servers.js';
import { judge } from './verdict.js';

/** A request that can be sent any number of times. */
export interface Prepared<Type extends Answer['type'] = Answer['type']> {
  readonly encode: EncodeRequest;
  /** Of the answer to it. */
  readonly type: Type;
  /** Whether it is a change: then it is repeated only when it is certain that it was not done. */
  readonly isChange: boolean;
}

type Answer = Exclude<KvResponse, { type: 'error' }>;
type AnswerOf<Type extends Answer['type']> = Extract<Answer, { readonly type: Type }>;

/** A read is tried elsewhere when a server has not answered for half of the time that is left, but not sooner than this. */
const minReadAttemptMs = 100;

/** Carries calls to the leader, wherever it is, until their deadlines. */
export class Caller {
  readonly #servers: Servers;
  readonly #options: ResolvedClientOptions;
  /** Ends the pauses between attempts. */
  readonly #sleepers = new Set<() => void>();
  #inFlight = 0;
  #closed = false;

  constructor(servers: Servers, options: ResolvedClientOptions) {
    this.#servers = servers;
    this.#options = options;
  }

  /** Ends in the answer or in a {@link RaftError}; which, is said in KvClient's methods. */
  async call<Type extends Answer['type']>(request: Prepared<Type>, options: CallOptions): Promise<AnswerOf<Type>> {
    const { timeoutMs = this.#options.timeoutMs, signal } = options;
    checkTimeout(timeoutMs);
    if (this.#inFlight >= this.#options.maxInFlight) {
      throw new OverloadedError(`${this.#inFlight} calls are under way: wait for some to end`);
    }
    this.#inFlight++;
    try {
      return (await this.#attempts(request, timeoutMs, signal)) as AnswerOf<Type>;
    } finally {
      this.#inFlight--;
    }
  }

  /** Asks one server, once. */
  async ask<Type extends Answer['type']>(
    address: string,
    request: Prepared<Type>,
    options: CallOptions,
  ): Promise<AnswerOf<Type>> {
    const { timeoutMs = this.#options.timeoutMs, signal } = options;
    checkTimeout(timeoutMs);
    this.#checkOpen(signal);
    const response = await this.#request(address, request, timeoutMs, timeoutMs, signal);
    if (response.type === 'error') throw response.error;
    return response as AnswerOf<Type>;
  }

  close(): void {
    this.#closed = true;
    this.#servers.close();
    for (const wake of this.#sleepers) wake();
  }

  async #attempts(request: Prepared, timeoutMs: number, signal: AbortSignal | undefined): Promise<Answer> {
    const { clock } = this.#options;
    const deadline = clock.now() + timeoutMs;
    let failures = 0;
    let reason = '';
    for (;;) {
      this.#checkOpen(signal);
      const left = deadline - clock.now();
      if (left <= 0) throw new TimeoutError(`not done within ${timeoutMs} ms: ${reason || 'no server was asked'}`);
      const address = this.#servers.target;
      const attempt = await this.#attempt(address, request, left, signal);
      if (attempt.type !== 'error') return attempt;
      const verdict = judge(attempt.error, attempt.maybeDone, request.isChange);
      if (verdict.type === 'end') throw verdict.error;
      reason = attempt.error.message;
      if (verdict.where === 'elsewhere') this.#servers.leave(address, verdict.hint);
      // What was closed or aborted by now would not end the pause.
      this.#checkOpen(signal);
      const pauseMs = this.#pauseMs(failures++, verdict.where);
      if (pauseMs > 0) await this.#pause(Math.min(pauseMs, deadline - clock.now()), signal);
    }
  }

  /** Like {@link #request}, with the channel's errors as a response. */
  async #attempt(
    address: string,
    request: Prepared,
    left: number,
    signal: AbortSignal | undefined,
  ): Promise<KvResponse> {
    const waitMs = request.isChange ? left : Math.min(left, Math.max(minReadAttemptMs, left / 2));
    try {
      return await this.#request(address, request, left, waitMs, signal);
    } catch (error) {
      if (error instanceof RaftError) return { type: 'error', error, maybeDone: false };
      throw error;
    }
  }

  async #request(
    address: string,
    request: Prepared,
    left: number,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<KvResponse> {
    const answer = await this.#servers.channel(address).request(request.encode(left), { timeoutMs, signal });
    try {
      const response = decodeResponse(answer);
      if (response.type === request.type || response.type === 'error') return response;
      throw new DecodeError(`asked for ${request.type}, it answers ${response.type}`);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // What was asked may be done; it is only not known what came of it.
      const message = `${address} answers what is no answer: ${error.message}`;
      return { type: 'error', error: new RaftError('RAFT_CHANNEL_REFUSED', message), maybeDone: request.isChange };
    }
  }

  /** Every server once without a pause; then, and for a server that is only busy, longer and longer ones. */
  #pauseMs(failures: number, where: 'here' | 'elsewhere'): number {
    const { backoffMs, random } = this.#options;
    const step = where === 'here' ? failures : failures + 1 - this.#servers.count;
    if (step < 0) return 0;
    return Math.min(backoffMs.max, backoffMs.min * 2 ** Math.min(step, 30)) * (0.5 + random() / 2);
  }

  /** Ends early when the call is aborted or the client closed. */
  #pause(pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#sleepers.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = clock.setTimer(clock.now() + pauseMs, wake);
      this.#sleepers.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }

  /** Throws {@link AbortedError}: nothing is under way here, so nothing is done. */
  #checkOpen(signal: AbortSignal | undefined): void {
    if (this.#closed) throw new AbortedError('the client was closed');
    if (signal?.aborted === true) throw new AbortedError('the call was aborted', { cause: signal.reason });
  }
}
