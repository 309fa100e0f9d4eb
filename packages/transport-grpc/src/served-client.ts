import { status as Status } from '@grpc/grpc-js';
import type { CallHandler } from '@raft/core';
import { DecodeError, decodeCalls, encodeReplies } from '@raft/proto';
import type { EncodedReply } from '@raft/proto';
import { ServedCalls, targetEnvelopeBytes } from '@raft/proto/transport';
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
  readonly #calls: ServedCalls;
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
    this.#calls = new ServedCalls(events.onCall, (id, payload, error) => this.#onEnded(id, payload, error));
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
    this.#calls.cancelAll();
    this.#sender.drain(() => {
      this.#close(undefined);
      endStream(this.#stream, plainStatus(Status.UNAVAILABLE, reason));
    });
  }

  #onEnded(id: number, payload: Uint8Array | undefined, error: string | undefined): void {
    this.#throttle();
    if (payload !== undefined && payload.length > this.#limits.maxMessageBytes - replyHeaderBytes) {
      this.#reply({ id, payload: undefined, error: `the answer of ${payload.length} bytes is too large` });
    } else {
      this.#reply({ id, payload, error });
    }
  }

  #onData(bytes: Uint8Array): void {
    if (this.#ended || this.#finishing) return;
    try {
      for (const { id, payload, cancel } of decodeCalls(ownBytes(bytes))) {
        if (cancel === true) this.#calls.cancel(id);
        else this.#calls.begin(id, payload);
        if (this.#ended) return;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#fault(error.message);
    }
    this.#throttle();
  }

  /** Reads requests only while there is room for them and their answers. */
  #throttle(): void {
    const { maxClientRequests, maxClientRequestBytes } = this.#limits;
    const full =
      this.#calls.size >= maxClientRequests ||
      this.#calls.bytes >= maxClientRequestBytes ||
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
    this.#calls.cancelAll();
    this.#events.closed(fault);
  }
}
