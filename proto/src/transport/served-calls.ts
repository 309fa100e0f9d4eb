import type { Call, CallHandler } from '@raft/core';
import { DecodeError } from '../decode-error.js';

/** Called once for a call that its handler has ended: exactly one of `payload` and `error` is set. */
export type CallEnded = (id: number, payload: Uint8Array | undefined, error: string | undefined) => void;

/** The calls of one client that have no answer yet. */
export class ServedCalls {
  readonly #onCall: CallHandler;
  readonly #ended: CallEnded;
  readonly #calls = new Map<number, ServedCall>();
  #bytes = 0;

  constructor(onCall: CallHandler, ended: CallEnded) {
    this.#onCall = onCall;
    this.#ended = ended;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Of their requests. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws {@link DecodeError} when a call of that id is under way. */
  begin(id: number, request: Uint8Array): void {
    if (this.#calls.has(id)) throw new DecodeError(`call ${id} is under way already`);
    const call = new ServedCall(request, (payload, error) => {
      this.#forget(id, call);
      this.#ended(id, payload, error);
    });
    this.#calls.set(id, call);
    this.#bytes += request.length;
    this.#onCall(call);
  }

  /** The client does not wait any more. */
  cancel(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#forget(id, call);
    call.cancel();
  }

  cancelAll(): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#bytes = 0;
    for (const call of calls) call.cancel();
  }

  #forget(id: number, call: ServedCall): void {
    if (this.#calls.delete(id)) this.#bytes -= call.payload.length;
  }
}

/** One request. Its first end counts; what comes later, or after the client has gone, does nothing. */
class ServedCall implements Call {
  readonly payload: Uint8Array;
  oncancel: (() => void) | undefined;
  #ended: ((payload: Uint8Array | undefined, error: string | undefined) => void) | undefined;

  constructor(payload: Uint8Array, ended: (payload: Uint8Array | undefined, error: string | undefined) => void) {
    this.payload = payload;
    this.#ended = ended;
  }

  respond(payload: Uint8Array): void {
    this.#end(payload, undefined);
  }

  fail(message: string): void {
    this.#end(undefined, message);
  }

  cancel(): void {
    this.#ended = undefined;
    this.oncancel?.();
  }

  #end(payload: Uint8Array | undefined, error: string | undefined): void {
    const ended = this.#ended;
    this.#ended = undefined;
    ended?.(payload, error);
  }
}
