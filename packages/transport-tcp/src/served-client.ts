import type { CallHandler } from '@raft/core';
import { decodeCalls, encodeReplies } from '@raft/proto';
import type { EncodedReply } from '@raft/proto';
import { ServedCalls, targetEnvelopeBytes } from '@raft/proto/transport';
import type { Connection } from './connection.js';
import { FrameKind } from './frame.js';
import { ownBytes } from './frame-reader.js';
import type { Limits } from './limits.js';

/** A frame of answers is closed when it has reached this size, and none is begun while so much is unsent. */
const targetRepliesBytes = targetEnvelopeBytes;

/** An answer as short as a refusal is always sent: what it tells of may be done, and a refusal says that nothing is. */
const shortAnswerBytes = 4096;

/** With so many bytes of answers waiting, no more requests are read. */
const pauseAtReplyBytes = 4 * 1024 * 1024;

/** The server's side of a client's connection: the calls under way, and the answers of a turn that travel together. */
export class ServedClient {
  readonly #connection: Connection;
  readonly #limits: Limits;
  readonly #calls: ServedCalls;
  #paused = false;
  #replies: EncodedReply[] = [];
  #replyBytes = 0;
  #flushing = false;
  #gone = false;

  constructor(connection: Connection, onCall: CallHandler, limits: Limits) {
    this.#connection = connection;
    this.#limits = limits;
    this.#calls = new ServedCalls(onCall, (id, payload, error) => this.#onEnded(id, payload, error));
    connection.onStall(limits.silenceTimeoutMs, () => this.#tooSlow());
    connection.onDrain(() => this.flush(targetRepliesBytes));
  }

  get requests(): number {
    return this.#calls.size;
  }

  /** Takes a CallBatch. Throws `DecodeError`. */
  receive(payload: Uint8Array): void {
    for (const { id, payload: request, cancel } of decodeCalls(ownBytes(payload))) {
      if (this.#gone) return;
      if (cancel === true) this.#calls.cancel(id);
      else this.#calls.begin(id, request);
    }
    this.#adjustReading();
  }

  /** The connection has ended: nobody waits for the answers. */
  lost(): void {
    this.#gone = true;
    this.#replies = [];
    this.#calls.cancelAll();
  }

  /** Sends the answers that were given so far, as long as less than `maxUnsentBytes` are unsent. */
  flush(maxUnsentBytes: number): void {
    this.#flushing = false;
    if (this.#gone) return;
    let from = 0;
    while (from < this.#replies.length && this.#connection.unsentBytes < maxUnsentBytes) {
      const to = this.#endOfPart(from);
      this.#connection.write(FrameKind.replies, encodeReplies(this.#replies.slice(from, to)));
      from = to;
    }
    if (from === this.#replies.length) this.#replies = [];
    else this.#replies.splice(0, from);
    this.#adjustReading();
  }

  #onEnded(id: number, payload: Uint8Array | undefined, error: string | undefined): void {
    if (this.#paused) this.#adjustReading();
    if (this.#gone) return;
    const refusal = payload === undefined ? error : this.#refuseAnswer(payload.length);
    if (refusal === undefined) this.#replyBytes += payload?.length ?? 0;
    this.#replies.push({ id, payload: refusal === undefined ? payload : undefined, error: refusal });
    if (this.#flushing) return;
    this.#flushing = true;
    // After the promises of this turn too: whatever they answer goes with it.
    process.nextTick(() => this.flush(targetRepliesBytes));
  }

  /** Why an answer cannot be sent. */
  #refuseAnswer(bytes: number): string | undefined {
    const { maxFrameBytes, maxClientReplyBytes } = this.#limits;
    if (bytes > maxFrameBytes - 32) return `the answer of ${bytes} bytes does not fit a frame`;
    const waiting = this.#waitingReplyBytes;
    if (bytes <= shortAnswerBytes || waiting === 0 || waiting + bytes <= maxClientReplyBytes) return undefined;
    return `${waiting} bytes of answers wait to be read: ask for less at a time`;
  }

  get #waitingReplyBytes(): number {
    return this.#replyBytes + this.#connection.unsentBytes;
  }

  /** The position behind the answers that fit a frame; they no longer count as waiting. */
  #endOfPart(from: number): number {
    let bytes = 0;
    let to = from;
    while (to < this.#replies.length && bytes < targetRepliesBytes) {
      bytes += this.#replies[to]?.payload?.length ?? 0;
      to += 1;
    }
    this.#replyBytes -= bytes;
    return to;
  }

  /** Reads no further while the client has too much under way: it waits, and so do the requests in its socket. */
  #adjustReading(): void {
    const { maxClientRequests, maxClientRequestBytes } = this.#limits;
    const pause =
      this.#calls.size >= maxClientRequests ||
      this.#calls.bytes >= maxClientRequestBytes ||
      this.#waitingReplyBytes >= pauseAtReplyBytes;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#connection.pause();
    else this.#connection.resume();
  }

  #tooSlow(): void {
    const reason = `the client does not read its answers: ${this.#connection.unsentBytes} bytes wait`;
    this.#connection.destroy({ reason, fault: true });
  }
}
