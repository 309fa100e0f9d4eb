import { AbortedError, type CallOptions, type LogIndex, OverloadedError, RaftError, TimeoutError } from '@raft/core';
import { DecodeError } from '@raft/proto';
import { checkTimeout } from '../limits.js';
import { type EncodeRequest, type Envelope, otherRequest } from '../request.js';
import { decodeResponse, type KvResponse } from '../response.js';
import type { ResolvedClientOptions } from './options.js';
import type { Servers } from './servers.js';
import { type Place, Sessions } from './sessions.js';
import { judge, mayHaveDone, unknownOutcome } from './verdict.js';

/** A request that can be sent any number of times. */
export interface Prepared<Type extends Answer['type'] = Answer['type']> {
  readonly encode: EncodeRequest;
  /** Of the answer to it. */
  readonly type: Type;
  /**
   * - `read`: changes nothing, or nothing that matters when it is done twice: repeated as long as there is time;
   * - `command`: a change of the map: the same in a session;
   * - `change`: repeated only when it is certain that it was not done.
   */
  readonly kind: 'read' | 'command' | 'change';
}

type Answer = Exclude<KvResponse, { type: 'error' }>;
type AnswerOf<Type extends Answer['type']> = Extract<Answer, { readonly type: Type }>;

/** What can be repeated is tried elsewhere when a server has not answered for half of the time that is left, but not sooner. */
const minAttemptMs = 100;

/** So long is nobody asked anew for the members, though another server answers or the last one did not: milliseconds. */
const minRefreshMs = 100;
/** A cluster that forgets each session at once is not asked for more of them. */
const maxLostSessions = 3;

/** What a server that does not lead hands on when it is told to. */
const canForward: ReadonlySet<Answer['type']> = new Set([
  ...(['set', 'delete', 'compareAndSet'] as const),
  ...(['openSession', 'keepSession', 'closeSession'] as const),
]);

/** One call, through all its attempts. */
interface Course {
  readonly request: Prepared;
  readonly timeoutMs: number;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly place: Place | undefined;
  readonly mayRepeat: boolean;
}

/** Carries calls to the leader, wherever it is, until their deadlines. */
export class Caller {
  readonly #servers: Servers;
  readonly #options: ResolvedClientOptions;
  readonly #sessions: Sessions;
  /** Ends the pauses between attempts. */
  readonly #sleepers = new Set<() => void>();
  #inFlight = 0;
  #closed = false;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #refreshedBy = '';

  constructor(servers: Servers, options: ResolvedClientOptions) {
    this.#servers = servers;
    this.#options = options;
    const { clock, keepAliveMs, timeoutMs } = options;
    const ask = async <Type extends Answer['type']>(request: Prepared<Type>): Promise<AnswerOf<Type>> =>
      (await this.#attempts(this.#course(request, timeoutMs, undefined))) as AnswerOf<Type>;
    this.#sessions = new Sessions({
      ...{ clock, keepAliveMs },
      open: async () => {
        const request = { type: 'openSession', encode: otherRequest({ openSession: {} }), kind: 'read' } as const;
        return (await ask(request)).id;
      },
      keep: async (id) => ask({ type: 'keepSession', encode: otherRequest({ keepSession: { id } }), kind: 'read' }),
    });
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
      const course = this.#course(request, timeoutMs, signal);
      const inSession = request.kind === 'command' && this.#options.sessions;
      return (await (inSession ? this.#inSession(course) : this.#attempts(course))) as AnswerOf<Type>;
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
    const response = await this.#request(address, request, { timeoutMs }, timeoutMs, signal);
    if (response.type === 'error') throw response.error;
    return response as AnswerOf<Type>;
  }

  get sessionId(): LogIndex | undefined {
    return this.#sessions.id;
  }

  /** Takes the cluster's memory of the session away; of no use for what is under way. */
  async endSession(timeoutMs: number): Promise<void> {
    const { id } = this.#sessions;
    this.#sessions.close();
    if (id === undefined) return;
    const request = { type: 'closeSession', encode: otherRequest({ closeSession: { id } }), kind: 'read' } as const;
    await this.#attempts(this.#course(request, timeoutMs, undefined));
  }

  close(): void {
    this.#closed = true;
    this.#sessions.close();
    this.#servers.close();
    for (const wake of this.#sleepers) wake();
  }

  #course(request: Prepared, timeoutMs: number, signal: AbortSignal | undefined): Course {
    const deadline = this.#options.clock.now() + timeoutMs;
    return { request, timeoutMs, deadline, signal, place: undefined, mayRepeat: request.kind === 'read' };
  }

  /** A session that is lost before the command was tried in vain is of no account. */
  async #inSession(course: Course): Promise<Answer> {
    for (let lost = 0; ;) {
      const place = this.#sessions.enter() ?? (await this.#waitForRoom(course));
      if (place === undefined) continue;
      try {
        return await this.#attempts({ ...course, place, mayRepeat: true });
      } catch (error) {
        const isExpired = error instanceof RaftError && error.code === 'RAFT_SESSION_EXPIRED';
        if (!isExpired || ++lost === maxLostSessions) throw error;
      } finally {
        place.leave();
      }
    }
  }

  /** Waits for room in a session as long as the call may; undefined when another try is due. */
  async #waitForRoom({ deadline, timeoutMs, signal }: Course): Promise<Place | undefined> {
    this.#checkOpen(signal);
    let reason =
      this.#sessions.id === undefined
        ? 'no server has opened a session'
        : 'one of the 1024 commands for which the cluster keeps results has not ended';
    const opening = this.#sessions.room().catch((error: unknown) => {
      if (!(error instanceof RaftError) || error.code !== 'RAFT_TIMEOUT') throw error;
      reason = error.message;
    });
    await this.#pause(deadline - this.#options.clock.now(), signal, opening);
    this.#checkOpen(signal);
    if (this.#options.clock.now() >= deadline) throw new TimeoutError(`not done within ${timeoutMs} ms: ${reason}`);
    return this.#sessions.enter();
  }

  async #attempts(course: Course): Promise<Answer> {
    const { request, timeoutMs, deadline, signal, place, mayRepeat } = course;
    const { clock } = this.#options;
    let failures = 0;
    let reason = '';
    /** An attempt of a change may have done it. */
    let isDoubtful = false;
    const doubted = (error: RaftError): RaftError => (isDoubtful ? unknownOutcome(error) : error);
    for (;;) {
      try {
        this.#checkOpen(signal);
      } catch (error) {
        throw doubted(error as RaftError);
      }
      const left = deadline - clock.now();
      if (left <= 0)
        throw doubted(new TimeoutError(`not done within ${timeoutMs} ms: ${reason || 'no server was asked'}`));
      const address = this.#servers.target;
      // Each was asked whether it leads; perhaps the leader cannot be reached from here, but from one of them.
      const forward = canForward.has(request.type) && failures >= this.#servers.count;
      const attempt = await this.#attempt(address, course, { timeoutMs: left, session: place?.position, forward });
      if (attempt.type !== 'error') {
        this.#refresh(address);
        return attempt;
      }
      if (attempt.error.code === 'RAFT_SESSION_EXPIRED') place?.lost();
      if (request.kind !== 'read') isDoubtful ||= mayHaveDone(attempt.error, attempt.maybeDone);
      const verdict = judge(attempt.error, isDoubtful, mayRepeat);
      if (verdict.type === 'end') throw doubted(verdict.error);
      reason = attempt.error.message;
      if (verdict.where === 'elsewhere') this.#servers.leave(address, verdict.hint);
      const pauseMs = this.#pauseMs(failures++, verdict.where);
      // What was closed or aborted by now would not end the pause.
      if (pauseMs > 0 && !this.#closed && signal?.aborted !== true) {
        await this.#pause(Math.min(pauseMs, deadline - clock.now()), signal);
      }
    }
  }

  /** Like {@link #request}, with the channel's errors as a response. */
  async #attempt(address: string, course: Course, envelope: Envelope): Promise<KvResponse> {
    const left = envelope.timeoutMs;
    const waitMs = course.mayRepeat ? Math.min(left, Math.max(minAttemptMs, left / 2)) : left;
    try {
      return await this.#request(address, course.request, envelope, waitMs, course.signal);
    } catch (error) {
      if (error instanceof RaftError) return { type: 'error', error, maybeDone: false };
      throw error;
    }
  }

  async #request(
    address: string,
    request: Prepared,
    envelope: Envelope,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<KvResponse> {
    const answer = await this.#servers.channel(address).request(request.encode(envelope), { timeoutMs, signal });
    try {
      const response = decodeResponse(answer);
      if (response.type === request.type || response.type === 'error') return response;
      throw new DecodeError(`asked for ${request.type}, it answers ${response.type}`);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // What was asked may be done; it is only not known what came of it.
      const message = `${address} answers what is no answer: ${error.message}`;
      return {
        type: 'error',
        error: new RaftError('RAFT_CHANNEL_REFUSED', message),
        maybeDone: request.kind !== 'read',
      };
    }
  }

  /** Asks, beside the calls, who the members are by now: now and then, and when another server has answered than the last time. */
  #refresh(address: string): void {
    const { refreshMs, clock } = this.#options;
    const pauseMs = address === this.#refreshedBy ? refreshMs : Math.min(refreshMs, minRefreshMs);
    if (refreshMs === 0 || this.#closed || clock.now() - this.#refreshedAt < pauseMs) return;
    this.#refreshedAt = clock.now();
    this.ask(address, { type: 'status', encode: otherRequest({ status: {} }), kind: 'read' }, {}).then(
      ({ status }) => {
        this.#refreshedBy = address;
        this.#servers.learn(status.membership);
      },
      // Nobody waits for it; a later call asks again.
      () => {
        this.#refreshedBy = '';
      },
    );
  }

  /** Every server once without a pause; then, and for a server that is only busy, longer and longer ones. */
  #pauseMs(failures: number, where: 'here' | 'elsewhere'): number {
    const { backoffMs, random } = this.#options;
    const step = where === 'here' ? failures : failures + 1 - this.#servers.count;
    if (step < 0) return 0;
    return Math.min(backoffMs.max, backoffMs.min * 2 ** Math.min(step, 30)) * (0.5 + random() / 2);
  }

  /** Ends early when the call is aborted or the client closed, or when `unless` settles; rejects when that does. */
  #pause(pauseMs: number, signal: AbortSignal | undefined, unless?: Promise<unknown>): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        timer.cancel();
        this.#sleepers.delete(wake);
        signal?.removeEventListener('abort', wake);
        settle();
      };
      const wake = (): void => end(resolve);
      const timer = clock.setTimer(clock.now() + pauseMs, wake);
      this.#sleepers.add(wake);
      signal?.addEventListener('abort', wake);
      unless?.then(wake, (error: unknown) => end(() => reject(error)));
    });
  }

  /** Throws {@link AbortedError}: nothing is under way here, so nothing is done. */
  #checkOpen(signal: AbortSignal | undefined): void {
    if (this.#closed) throw new AbortedError('the client was closed');
    if (signal?.aborted === true) throw new AbortedError('the call was aborted', { cause: signal.reason });
  }
}
