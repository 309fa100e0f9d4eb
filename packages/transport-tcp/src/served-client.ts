import type { Call, CallHandler } from '@raft/core';
import { decodeCalls, encodeReplies } from '@raft/proto';
import type { EncodedReply } from '@raft/proto';
import type { Connection } from './connection.js';
import { FrameError, FrameKind } from './frame.js';
import { ownBytes } from './frame-reader.js';
import type { Limits } from './limits.js';

/** A frame of answers is closed when it has reached this size. */
const targetRepliesBytes = 1024 * 1024;

/** The server's side of a client's connection: the calls under way, and the answers of a turn that travel together. */
export class ServedClient {
  readonly #connection: Connection;
  readonly #onCall: CallHandler;
  readonly #limits: Limits;
  readonly #calls = new Map<number, ServedCall>();
  #callBytes = 0;
  #paused = false;
  #replies: EncodedReply[] = [];
  #gone = false;

  constructor(connection: Connection, onCall: CallHandler, limits: Limits) {
    this.#connection = connection;
    this.#onCall = onCall;
    this.#limits = limits;
    connection.onStall(limits.silenceTimeoutMs, () => this.#tooSlow());
  }

  get requests(): number {
    return this.#calls.size;
  }

  /** Takes a CallBatch. Throws `DecodeError` and `FrameError`. */
  receive(payload: Uint8Array): void {
    for (const { id, payload: request, cancel } of decodeCalls(ownBytes(payload))) {
      if (this.#gone) return;
      if (cancel === true) this.#cancel(id);
      else this.#begin(id, request);
    }
    if (this.#overLimit && !this.#paused) {
      this.#paused = true;
      this.#connection.pause();
    }
  }

  /** The connection has ended: nobody waits for the answers. */
  lost(): void {
    this.#gone = true;
    this.#replies = [];
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.cancel();
  }

  /** Sends the answers that were given so far. */
  flush(): void {
    const replies = this.#replies;
    if (this.#gone || replies.length === 0) return;
    this.#replies = [];
    if (this.#connection.unsentBytes > this.#limits.maxClientReplyBytes) return this.#tooSlow();
    for (const part of splitReplies(replies)) this.#connection.write(FrameKind.replies, encodeReplies(part));
  }

  /** Called by a call when it has its answer. */
  end(call: ServedCall, payload: Uint8Array | undefined, error: string | undefined): void {
    this.#forget(call);
    if (payload !== undefined && payload.length > this.#limits.maxFrameBytes - 32) {
      this.#reply(call.id, undefined, `the answer of ${payload.length} bytes does not fit a frame`);
    } else {
      this.#reply(call.id, payload, error);
    }
  }

  #begin(id: number, request: Uint8Array): void {
    if (this.#calls.has(id)) throw new FrameError(`call ${id} is under way already`);
    const call = new ServedCall(this, id, request);
    this.#calls.set(id, call);
    this.#callBytes += request.length;
    this.#onCall(call);
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
    if (!this.#paused || this.#overLimit) return;
    this.#paused = false;
    this.#connection.resume();
  }

  get #overLimit(): boolean {
    return this.#calls.size >= this.#limits.maxClientRequests || this.#callBytes >= this.#limits.maxClientRequestBytes;
  }

  #reply(id: number, payload: Uint8Array | undefined, error: string | undefined): void {
    if (this.#gone) return;
    if (this.#replies.push({ id, payload, error }) > 1) return;
    // After the promises of this turn too: whatever they answer goes with it.
    process.nextTick(() => this.flush());
  }

  #tooSlow(): void {
    const reason = `the client does not read its answers: ${this.#connection.unsentBytes} bytes wait`;
    this.#connection.destroy({ reason, fault: true });
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

function splitReplies(replies: EncodedReply[]): EncodedReply[][] {
  const parts: EncodedReply[][] = [];
  let from = 0;
  let bytes = 0;
  for (let i = 0; i < replies.length; i += 1) {
    bytes += replies[i]?.payload?.length ?? 0;
    if (bytes < targetRepliesBytes) continue;
    parts.push(replies.slice(from, i + 1));
    from = i + 1;
    bytes = 0;
  }
  if (from === 0) return [replies];
  if (from < replies.length) parts.push(replies.slice(from));
  return parts;
}
