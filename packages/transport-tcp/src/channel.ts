import { ChannelError } from '@raft/core';
import type { Address, Channel, ChannelErrorCode, Clock, Logger, Random, RequestOptions, Timer } from '@raft/core';
import { decodeReplies, encodeCalls } from '@raft/proto';
import type { EncodedCall } from '@raft/proto';
import { Backoff } from '@raft/proto/transport';
import type { Connection } from './connection.js';
import { dial } from './dial.js';
import type { DialEnd, Dialled } from './dial.js';
import { FrameError, FrameKind } from './frame.js';
import { ownBytes } from './frame-reader.js';
import type { Limits } from './limits.js';
import type { Sockets } from './sockets.js';

export interface ChannelContext {
  /** Empty for any. */
  readonly clusterId: string;
  /** Empty for any. */
  readonly targetId: string;
  readonly limits: Limits;
  readonly maxRequests: number;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly sockets: Sockets;
}

const defaultTimeoutMs = 5000;
/** Deadlines are looked at no more often than this. */
const deadlineStepMs = 5;
/** A frame of requests is closed when it has reached this size. */
const targetCallsBytes = 1024 * 1024;
/** What the encoding adds to the payload of a request, at most. */
const callOverheadBytes = 32;
/** A connection that was open for so long counts as a success. */
const stableMs = 1000;

const noPayload = new Uint8Array(0);

/** A request without an answer; also what is encoded of it. */
interface Pending extends EncodedCall {
  readonly id: number;
  /** Let go of once it was sent. */
  payload: Uint8Array;
  readonly deadline: number;
  readonly timeoutMs: number;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: ChannelError) => void;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  state: 'queued' | 'sent' | 'done';
}

/** Many requests on one connection, which is made when it is needed. */
export class TcpChannel implements Channel {
  readonly #address: Address;
  readonly #context: ChannelContext;
  readonly #backoff: Backoff;
  /** All without an answer, by id, oldest first. */
  readonly #pending = new Map<number, Pending>();
  #queue: Pending[] = [];
  #queuedBytes = 0;
  #cancels: EncodedCall[] = [];
  #nextId = 1;
  #flushing = false;
  #dialled: Dialled | undefined;
  /** Set while requests can be sent. */
  #connection: Connection | undefined;
  #openedAt = 0;
  /** No attempt before this time; why not. */
  #pause: { readonly until: number; readonly reason: string; readonly code: ChannelErrorCode } | undefined;
  #timer: { readonly at: number; readonly handle: Timer } | undefined;
  #closed = false;

  constructor(address: Address, context: ChannelContext) {
    this.#address = address;
    this.#context = context;
    this.#backoff = new Backoff(context.limits.minBackoffMs, context.limits.maxBackoffMs, context.random);
  }

  get closed(): boolean {
    return this.#closed;
  }

  request(payload: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const now = this.#context.clock.now();
      const refusal = this.#refuse(payload, options, now);
      if (refusal !== undefined) return reject(refusal);
      const { timeoutMs = defaultTimeoutMs, signal } = options;
      const id = this.#nextId++;
      const deadline = now + timeoutMs;
      const pending: Pending = {
        id,
        payload,
        deadline,
        timeoutMs,
        resolve,
        reject,
        signal,
        onAbort: undefined,
        state: 'queued',
      };
      if (signal !== undefined) {
        pending.onAbort = () => this.#giveUp(pending, 'RAFT_ABORTED', 'the request was aborted');
        signal.addEventListener('abort', pending.onAbort, { once: true });
      }
      this.#pending.set(id, pending);
      this.#queue.push(pending);
      this.#queuedBytes += payload.length;
      this.#watch(deadline);
      if (this.#connection !== undefined) this.#flushSoon();
      else if (this.#dialled === undefined) this.#dial();
    });
  }

  close(): void {
    this.#closed = true;
    this.#dialled?.destroy('the channel was closed');
    this.#connection = undefined;
    this.#failAll('RAFT_CHANNEL_LOST', `the channel to ${this.#address} was closed`);
  }

  /** Why a request is not even queued. */
  #refuse(payload: Uint8Array, options: RequestOptions, now: number): ChannelError | undefined {
    const { limits, maxRequests } = this.#context;
    if (this.#closed) return new ChannelError('RAFT_CHANNEL_LOST', `the channel to ${this.#address} is closed`, 'no');
    if (options.signal?.aborted === true) return new ChannelError('RAFT_ABORTED', 'the request was aborted', 'no');
    if (payload.length > limits.maxFrameBytes - callOverheadBytes) {
      const message = `a request of ${payload.length} bytes does not fit a frame: send at most ${limits.maxFrameBytes - callOverheadBytes}`;
      return new ChannelError('RAFT_CHANNEL_REFUSED', message, 'no');
    }
    const unsentBytes = this.#queuedBytes + (this.#connection?.unsentBytes ?? 0);
    if (
      this.#pending.size >= maxRequests ||
      (unsentBytes > 0 && unsentBytes + payload.length > limits.maxQueuedBytes)
    ) {
      const message = `${this.#pending.size} requests and ${unsentBytes} bytes wait for ${this.#address}: wait for answers`;
      return new ChannelError('RAFT_CHANNEL_BUSY', message, 'no');
    }
    if (this.#pause !== undefined && now < this.#pause.until) {
      return new ChannelError(this.#pause.code, this.#pause.reason, 'no');
    }
    return undefined;
  }

  #dial(): void {
    const { clusterId, targetId, limits, clock, sockets } = this.#context;
    try {
      this.#dialled = dial({
        address: this.#address,
        hello: { kind: 'client', clusterId, nodeId: '', targetId, address: '' },
        limits,
        clock,
        sockets,
        opened: (connection) => this.#onOpen(connection),
        frame: (kind, payload) => this.#onFrame(kind, payload),
        closed: (end) => this.#onClosed(end),
      });
    } catch (error) {
      // The address is malformed: the same for the caller as one that cannot be reached.
      this.#failAll('RAFT_CHANNEL_LOST', error instanceof Error ? error.message : String(error));
    }
  }

  #onOpen(connection: Connection): void {
    this.#connection = connection;
    this.#openedAt = this.#context.clock.now();
    this.#pause = undefined;
    this.#flush();
  }

  #onClosed(end: DialEnd): void {
    const { clock, logger } = this.#context;
    this.#dialled = undefined;
    this.#connection = undefined;
    this.#cancels = [];
    if (this.#closed) return;
    const what = end.refused ? 'refused by' : end.opened ? 'lost the connection to' : 'cannot reach';
    const reason = `${what} ${this.#address}: ${end.reason}`;
    const code = end.refused ? 'RAFT_CHANNEL_REFUSED' : 'RAFT_CHANNEL_LOST';
    logger(end.fault ? 'warn' : 'debug', reason);
    const now = clock.now();
    if (end.opened && now - this.#openedAt >= stableMs) this.#backoff.reset();
    else this.#pause = { until: now + this.#backoff.next(), reason, code };
    this.#failAll(code, reason);
  }

  #onFrame(kind: number, payload: Uint8Array): void {
    if (kind !== FrameKind.replies) throw new FrameError(`a frame of kind ${kind} does not belong here`);
    for (const { id, payload: answer, error } of decodeReplies(ownBytes(payload))) {
      // Unknown are those that were given up here before.
      const pending = this.#pending.get(id);
      if (pending === undefined || !this.#settle(pending)) continue;
      if (answer !== undefined) pending.resolve(answer);
      else pending.reject(new ChannelError('RAFT_CHANNEL_REFUSED', error ?? 'refused', 'maybe'));
    }
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    // After the promises of this turn too: whatever they ask goes with it.
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const connection = this.#connection;
    if (connection === undefined) return;
    const queue = this.#queue;
    let part: EncodedCall[] = this.#cancels;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#cancels = [];
    let bytes = 0;
    let sent = 0;
    for (const pending of queue) {
      if (pending.state === 'done') continue;
      part.push(pending);
      bytes += pending.payload.length;
      if (bytes < targetCallsBytes) continue;
      connection.write(FrameKind.calls, encodeCalls(part));
      sent += part.length;
      part = [];
      bytes = 0;
    }
    if (part.length > 0) connection.write(FrameKind.calls, encodeCalls(part));
    for (const pending of queue) {
      if (pending.state === 'done') continue;
      pending.state = 'sent';
      pending.payload = noPayload;
    }
    if (sent + part.length > 0) this.#dialled?.wrote();
  }

  /** Ends a request without waiting any longer, and tells the server. */
  #giveUp(pending: Pending, code: ChannelErrorCode, message: string): void {
    const sent = pending.state === 'sent';
    if (!this.#settle(pending)) return;
    pending.reject(new ChannelError(code, message, sent ? 'maybe' : 'no'));
    if (!sent || this.#connection === undefined) return;
    this.#cancels.push({ id: pending.id, payload: noPayload, cancel: true });
    this.#flushSoon();
  }

  #failAll(code: ChannelErrorCode, message: string): void {
    for (const pending of this.#pending.values()) {
      const delivered = pending.state === 'sent' ? 'maybe' : 'no';
      if (this.#settle(pending)) pending.reject(new ChannelError(code, message, delivered));
    }
    this.#queue = [];
    this.#timer?.handle.cancel();
    this.#timer = undefined;
  }

  /** Takes a request out of the books; false if it was before. */
  #settle(pending: Pending): boolean {
    if (pending.state === 'done') return false;
    if (pending.state === 'queued') this.#queuedBytes -= pending.payload.length;
    pending.state = 'done';
    this.#pending.delete(pending.id);
    if (pending.onAbort !== undefined) pending.signal?.removeEventListener('abort', pending.onAbort);
    return true;
  }

  /** One timer serves all requests: it is set to the earliest deadline, and set anew when it has run. */
  #watch(deadline: number): void {
    if (deadline === Infinity || (this.#timer !== undefined && this.#timer.at <= deadline)) return;
    this.#timer?.handle.cancel();
    this.#timer = { at: deadline, handle: this.#context.clock.setTimer(deadline, () => this.#onDeadline()) };
  }

  #onDeadline(): void {
    this.#timer = undefined;
    const now = this.#context.clock.now();
    let next = Infinity;
    for (const pending of this.#pending.values()) {
      if (pending.deadline > now) next = Math.min(next, pending.deadline);
      else
        this.#giveUp(
          pending,
          'RAFT_TIMEOUT',
          `${this.#address} did not answer within ${Math.round(pending.timeoutMs)} ms`,
        );
    }
    this.#watch(Math.max(next, now + deadlineStepMs));
  }
}
