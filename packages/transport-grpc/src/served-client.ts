import { status as Status } from '@grpc/grpc-js';
import type { Call, CallHandler } from '@raft/core';
import { DecodeError, decodeCalls, encodeReplies } from '@raft/proto';
import type { EncodedReply } from '@raft/proto';
import { targetEnvelopeBytes } from '@raft/proto/transport';
import { ownBytes } from './bytes.js';
import { endStream } from './inbound-peer.js';
import type { ServerStream } from './inbound-peer.js';
import type { Limits } from './limits.js';
import { Sender } from './sender.js';
import { plainStatus } from './status.js';

/** What an answer takes beside its payload; a round figure for limits. */
const replyHeaderBytes = 32;

export interface ServedClientEvents {
  readonly onCall: CallHandler;
  /** The connection has to be closed: its other side does not read. */
  readonly cut: () => void;
  /** Called once. `fault` says what the client did wrong. */
  readonly closed: (fault: string | undefined) => void;
}

/** A client's pipelined stream, after the handshake: the calls under way, and the answers that wait to be sent. */
export class ServedClient {
  readonly #stream: ServerStream;
  readonly #limits: Limits;
  readonly #events: ServedClientEvents;
  readonly #sender: Sender;
  readonly #calls = new Map<number, ServedCall>();
  #callBytes = 0;
  #replies: EncodedReply[] = [];
  #replyBytes = 0;
  #paused = false;
  /** The client has said all. */
  #halfClosed = false;
  /** Nothing more is taken from the client. */
  #finishing = false;
  #ended = false;

  constructor(stream: ServerStream, limits: Limits, events: ServedClientEvents) {
    this.#stream = stream;
    this.#limits = limits;
    this.#events = events;
    this.#sender = new Sender(stream, () => this.#nextBatch());
    stream.on('data', (bytes: Uint8Array) => this.#onData(bytes));
    stream.on('end', () => {
      this.#halfClosed = true;
      this.#endWhenAnswered();
    });
    stream.on('cancelled', () => this.#close(undefined));
  }

  /** Requests that have no answer yet. */
  get requests(): number {
    return this.#calls.size;
  }

  /** Sends the answers that were given, then tells the client why there are no more. */
  finish(reason: string): void {
    if (this.#ended) return;
    this.#finishing = true;
    this.#cancelAll();
    this.#sender.drain(() => {
      this.#close(undefined);
      endStream(this.#stream, plainStatus(Status.UNAVAILABLE, reason));
    });
  }

  /** Called by a call when it has its answer. */
  end(call: ServedCall, payload: Uint8Array | undefined, error: string | undefined): void {
    this.#forget(call);
    if (payload !== undefined && payload.length > this.#limits.maxMessageBytes - replyHeaderBytes) {
      this.#reply({ id: call.id, payload: undefined, error: `the answer of ${payload.length} bytes is too large` });
    } else {
      this.#reply({ id: call.id, payload, error });
    }
  }

  #onData(bytes: Uint8Array): void {
    if (this.#ended || this.#finishing) return;
    try {
      for (const { id, payload, cancel } of decodeCalls(ownBytes(bytes))) {
        if (cancel === true) this.#cancel(id);
        else this.#begin(id, payload);
        if (this.#ended) return;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#fault(error.message);
    }
    this.#throttle();
  }

  #begin(id: number, request: Uint8Array): void {
    if (this.#calls.has(id)) throw new DecodeError(`call ${id} is under way already`);
    const call = new ServedCall(this, id, request);
    this.#calls.set(id, call);
    this.#callBytes += request.length;
    this.#events.onCall(call);
  }

  #cancel(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#forget(call);
    call.cancel();
  }

  #forget(call: ServedCall): void {
    if (!this.#calls.delete(call.id)) return;
    this.#callBytes -= call.payload.length;
    this.#throttle();
  }

  /** Reads requests only while there is room for them and their answers. */
  #throttle(): void {
    const { maxClientRequests, maxClientRequestBytes } = this.#limits;
    const full =
      this.#calls.size >= maxClientRequests ||
      this.#callBytes >= maxClientRequestBytes ||
      this.#unsentBytes >= maxClientRequestBytes;
    if (full === this.#paused || this.#ended) return;
    this.#paused = full;
    if (full) this.#stream.pause();
    else this.#stream.resume();
  }

  get #unsentBytes(): number {
    return this.#replyBytes + this.#sender.unsentBytes;
  }

  #reply(reply: EncodedReply): void {
    if (this.#ended) return;
    this.#replies.push(reply);
    this.#replyBytes += replyHeaderBytes + (reply.payload?.length ?? 0);
    if (this.#unsentBytes > this.#limits.maxClientReplyBytes) return this.#tooSlow();
    this.#sender.wake();
    this.#endWhenAnswered();
  }

  #nextBatch(): Uint8Array | undefined {
    const replies = this.#takeReplies();
    this.#throttle();
    return replies.length === 0 ? undefined : encodeReplies(replies);
  }

  #takeReplies(): EncodedReply[] {
    const replies = this.#replies;
    if (this.#replyBytes <= targetEnvelopeBytes) {
      this.#replies = [];
      this.#replyBytes = 0;
      return replies;
    }
    let bytes = 0;
    let count = 0;
    while (count < replies.length && (count === 0 || bytes < targetEnvelopeBytes)) {
      bytes += replyHeaderBytes + (replies[count]?.payload?.length ?? 0);
      count += 1;
    }
    this.#replyBytes -= bytes;
    return replies.splice(0, count);
  }

  #endWhenAnswered(): void {
    if (!this.#halfClosed || this.#finishing || this.#ended || this.#calls.size > 0) return;
    this.#sender.drain(() => {
      this.#close(undefined);
      this.#stream.end();
    });
  }

  #tooSlow(): void {
    this.#close(`the client does not read its answers: ${this.#unsentBytes} bytes wait`);
    this.#events.cut();
  }

  #fault(reason: string): void {
    this.#close(reason);
    endStream(this.#stream, plainStatus(Status.INVALID_ARGUMENT, reason));
  }

  #close(fault: string | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sender.stop();
    this.#replies = [];
    this.#cancelAll();
    this.#events.closed(fault);
  }

  #cancelAll(): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#callBytes = 0;
    for (const call of calls) call.cancel();
  }
}

/** One request. Its first end counts; what comes later, or after the client has gone, does nothing. */
class ServedCall implements Call {
  readonly id: number;
  readonly payload: Uint8Array;
  oncancel: (() => void) | undefined;
  #client: ServedClient | undefined;

  constructor(client: ServedClient, id: number, payload: Uint8Array) {
    this.id = id;
    this.payload = payload;
    this.#client = client;
  }

  respond(payload: Uint8Array): void {
    this.#end(payload, undefined);
  }

  fail(message: string): void {
    this.#end(undefined, message);
  }

  cancel(): void {
    this.#client = undefined;
    this.oncancel?.();
  }

  #end(payload: Uint8Array | undefined, error: string | undefined): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end(this, payload, error);
  }
}
