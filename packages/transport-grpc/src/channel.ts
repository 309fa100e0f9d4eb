import { ChannelError } from '@raft/core';
import type { Address, Channel, ChannelErrorCode, Logger, Random, RequestOptions, Timer } from '@raft/core';
import { decodeReplies, encodeCalls } from '@raft/proto';
import type { EncodedCall, Hello } from '@raft/proto';
import { Backoff, targetEnvelopeBytes } from '@raft/proto/transport';
import type { LinkEnd } from '@raft/proto/transport';
import { Dialled } from './dial.js';
import type { ClientStream, DialContext } from './dial.js';
import { Sender } from './sender.js';

export interface ChannelContext extends DialContext {
  readonly hello: Hello;
  /** Of the method, `/package.Service/Method`. */
  readonly callPath: string;
  readonly maxRequests: number;
  readonly logger: Logger;
  readonly random: Random;
}

const defaultTimeoutMs = 5000;
/** A stream that was open for so long counts as a success; the pauses start anew after it. */
const stableMs = 1000;
/** What a request takes beside its payload; a round figure for limits. */
const requestHeaderBytes = 32;
const nothing = new Uint8Array(0);

/** The client's side of a pipelined stream. */
export class GrpcChannel implements Channel {
  readonly #address: Address;
  readonly #context: ChannelContext;
  readonly #backoff: Backoff;
  /** Without an answer, by their ids. */
  readonly #requests = new Map<number, Request>();
  /** Not written yet; some may have ended meanwhile. */
  #queue: Request[] = [];
  #queuedBytes = 0;
  /** Written ones that nobody waits for any more. */
  #cancelled: number[] = [];
  #lastId = 0;
  #dialled: Dialled | undefined;
  /** Set while requests can be written. */
  #sender: Sender | undefined;
  #openedAt = 0;
  /** No attempt before this time, for this reason. */
  #pause = { until: -Infinity, reason: '' };
  #expiry: { readonly at: number; readonly timer: Timer } | undefined;
  #closed = false;

  constructor(address: Address, context: ChannelContext) {
    this.#address = address;
    this.#context = context;
    this.#backoff = new Backoff(context.limits.minBackoffMs, context.limits.maxBackoffMs, context.random);
  }

  get closed(): boolean {
    return this.#closed;
  }

  async request(payload: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    const { timeoutMs = defaultTimeoutMs, signal } = options;
    const refusal = this.#refusal(payload, signal);
    if (refusal !== undefined) throw refusal;
    return new Promise<Uint8Array>((resolve, reject) => {
      const deadline = this.#context.clock.now() + timeoutMs;
      const request = new Request((this.#lastId += 1), payload, deadline, timeoutMs, resolve, reject);
      this.#requests.set(request.id, request);
      this.#queue.push(request);
      this.#queuedBytes += payload.length + requestHeaderBytes;
      if (signal !== undefined) {
        request.watch(signal, () => this.#giveUp(request, 'RAFT_ABORTED', 'the request was aborted'));
      }
      this.#expireAt(deadline);
      if (this.#sender !== undefined) this.#sender.wake();
      else if (this.#dialled === undefined) this.#dial();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#dialled === undefined) this.#failAll('RAFT_CHANNEL_LOST', 'it was closed');
    else this.#dialled.destroy('it was closed');
    this.#expiry?.timer.cancel();
  }

  /** Why a request cannot be taken. */
  #refusal(payload: Uint8Array, signal: AbortSignal | undefined): ChannelError | undefined {
    const { limits, maxRequests, clock } = this.#context;
    const to = `the channel to ${this.#address}`;
    const fail = (code: ChannelErrorCode, message: string): ChannelError => new ChannelError(code, message, 'no');
    if (this.#closed) return fail('RAFT_CHANNEL_LOST', `${to} is closed`);
    if (signal?.aborted === true) return fail('RAFT_ABORTED', 'the request was aborted before it was sent');
    if (payload.length > limits.maxMessageBytes - requestHeaderBytes) {
      const message = `a request of ${payload.length} bytes is too large: at most ${limits.maxMessageBytes} fit a message`;
      return fail('RAFT_CHANNEL_REFUSED', message);
    }
    const bytes = this.#unsentBytes;
    if (bytes > 0 && bytes + payload.length > limits.maxQueuedBytes) {
      return fail('RAFT_CHANNEL_BUSY', `${bytes} bytes wait to be sent on ${to}: wait for answers`);
    }
    if (this.#requests.size >= maxRequests) {
      return fail('RAFT_CHANNEL_BUSY', `${maxRequests} requests wait for answers on ${to}: wait for some`);
    }
    if (this.#dialled === undefined && clock.now() < this.#pause.until) {
      return fail('RAFT_CHANNEL_LOST', `${to} is not connected: ${this.#pause.reason}; trying again soon`);
    }
    return undefined;
  }

  get #unsentBytes(): number {
    return this.#queuedBytes + (this.#sender?.unsentBytes ?? 0);
  }

  #dial(): void {
    try {
      this.#dialled = new Dialled({
        ...this.#context,
        address: this.#address,
        path: this.#context.callPath,
        opened: (stream) => this.#onOpen(stream),
        message: (bytes) => this.#onReplies(bytes),
        closed: (end) => this.#onClosed(end),
      });
    } catch (error) {
      // The address is malformed.
      this.#failAll('RAFT_CHANNEL_LOST', error instanceof Error ? error.message : String(error));
    }
  }

  #onOpen(stream: ClientStream): void {
    this.#sender = new Sender(stream, () => this.#nextBatch());
    this.#openedAt = this.#context.clock.now();
    this.#sender.flush();
  }

  #onClosed(end: LinkEnd): void {
    const { clock, logger } = this.#context;
    this.#dialled = undefined;
    this.#sender?.stop();
    this.#sender = undefined;
    this.#cancelled = [];
    if (end.opened && clock.now() - this.#openedAt >= stableMs) this.#backoff.reset();
    else this.#pause = { until: clock.now() + this.#backoff.next(), reason: end.reason };
    if (!this.#closed) {
      const what = end.opened ? 'lost the connection to' : end.refused ? 'refused by' : 'cannot reach';
      logger('debug', `${what} ${this.#address}: ${end.reason}`);
    }
    this.#failAll(end.refused ? 'RAFT_CHANNEL_REFUSED' : 'RAFT_CHANNEL_LOST', end.reason);
  }

  #onReplies(bytes: Uint8Array): void {
    for (const { id, payload, error } of decodeReplies(bytes)) {
      const request = this.#requests.get(id);
      if (request === undefined) continue;
      this.#forget(request);
      if (payload === undefined) {
        const message = `refused by ${this.#address}: ${error}`;
        request.reject(new ChannelError('RAFT_CHANNEL_REFUSED', message, 'maybe'));
      } else {
        // Whoever keeps a small answer should not keep the batch that it came in.
        request.resolve(payload.length < bytes.length / 2 ? payload.slice() : payload);
      }
    }
  }

  #nextBatch(): Uint8Array | undefined {
    const calls: EncodedCall[] = this.#cancelled.map((id) => ({ id, payload: nothing, cancel: true }));
    this.#cancelled = [];
    let bytes = 0;
    let taken = 0;
    for (const request of this.#queue) {
      if (bytes >= targetEnvelopeBytes) break;
      taken += 1;
      // It may have timed out while it waited.
      if (!this.#requests.has(request.id)) continue;
      bytes += request.payload.length + requestHeaderBytes;
      calls.push({ id: request.id, payload: request.payload });
      this.#queuedBytes -= request.payload.length + requestHeaderBytes;
      request.written();
    }
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken);
    return calls.length === 0 ? undefined : encodeCalls(calls);
  }

  /** The caller does not wait any more. */
  #giveUp(request: Request, code: ChannelErrorCode, reason: string): void {
    this.#forget(request);
    if (request.delivered === 'maybe') {
      this.#cancelled.push(request.id);
      this.#sender?.wake();
    }
    request.reject(new ChannelError(code, reason, request.delivered));
  }

  #failAll(code: ChannelErrorCode, reason: string): void {
    const requests = [...this.#requests.values()];
    const message = `the channel to ${this.#address} was lost: ${reason}`;
    for (const request of requests) {
      this.#forget(request);
      request.reject(new ChannelError(code, message, request.delivered));
    }
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #forget(request: Request): void {
    this.#requests.delete(request.id);
    if (request.delivered === 'no') this.#queuedBytes -= request.payload.length + requestHeaderBytes;
    request.payload = nothing;
    request.unwatch();
  }

  /** One timer for all requests, set to the first deadline. */
  #expireAt(at: number): void {
    if (this.#expiry !== undefined && this.#expiry.at <= at) return;
    this.#expiry?.timer.cancel();
    this.#expiry = { at, timer: this.#context.clock.setTimer(at, () => this.#expire()) };
  }

  #expire(): void {
    const now = this.#context.clock.now();
    this.#expiry = undefined;
    let next = Infinity;
    for (const request of this.#requests.values()) {
      if (request.deadline > now) next = Math.min(next, request.deadline);
      else
        this.#giveUp(
          request,
          'RAFT_TIMEOUT',
          `${this.#address} gave no answer within ${Math.round(request.timeoutMs)} ms`,
        );
    }
    if (next < Infinity) this.#expireAt(next);
  }
}

/** One request without an answer. */
class Request {
  readonly id: number;
  readonly deadline: number;
  readonly timeoutMs: number;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: ChannelError) => void;
  /** Empty once written. */
  payload: Uint8Array;
  /** Whether the server may have seen it. */
  delivered: 'no' | 'maybe' = 'no';
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  constructor(
    id: number,
    payload: Uint8Array,
    deadline: number,
    timeoutMs: number,
    resolve: (answer: Uint8Array) => void,
    reject: (error: ChannelError) => void,
  ) {
    this.id = id;
    this.payload = payload;
    this.deadline = deadline;
    this.timeoutMs = timeoutMs;
    this.resolve = resolve;
    this.reject = reject;
  }

  written(): void {
    this.payload = nothing;
    this.delivered = 'maybe';
  }

  watch(signal: AbortSignal, onAbort: () => void): void {
    this.#signal = signal;
    this.#onAbort = onAbort;
    signal.addEventListener('abort', onAbort, { once: true });
  }

  unwatch(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
