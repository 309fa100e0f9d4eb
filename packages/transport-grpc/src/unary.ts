import type { Server, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { AbortedError } from '@raft/core';
import { asBuffer, ownBytes } from './bytes.js';
import { cutOffStatus, statusFrom } from './status.js';

/**
 * Serves a request and resolves with the answer, both serialized. `signal` fires when nobody waits for the answer any more.
 * What it rejects with becomes the call's status: a `RaftError` by its code, which is metadata `raft-code`; anything else is
 * INTERNAL.
 */
export type UnaryMethod = (payload: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

export interface UnaryService {
  /** With its package: `kv.v1.KV`. */
  readonly name: string;
  readonly methods: Readonly<Record<string, UnaryMethod>>;
}

type Callback = sendUnaryData<Uint8Array>;

/** The unary calls that are under way. */
export class UnaryCalls {
  /** Each ends a call that has no answer yet. */
  readonly #underWay = new Set<(reason: string) => void>();

  get size(): number {
    return this.#underWay.size;
  }

  register(server: Server, { name, methods }: UnaryService): void {
    for (const [method, run] of Object.entries(methods)) {
      const handle = (call: ServerUnaryCall<Uint8Array, Uint8Array>, callback: Callback): void =>
        void this.#serve(run, call, callback);
      server.register(`/${name}/${method}`, handle, asBuffer, ownBytes, 'unary');
    }
  }

  /** Ends whatever is under way with UNAVAILABLE. */
  close(reason: string): void {
    for (const end of this.#underWay) end(reason);
  }

  async #serve(run: UnaryMethod, call: ServerUnaryCall<Uint8Array, Uint8Array>, callback: Callback): Promise<void> {
    const abort = new AbortController();
    const end = (reason: string): void => {
      if (!this.#underWay.delete(end)) return;
      callback(cutOffStatus(reason));
      abort.abort(new AbortedError(reason));
    };
    this.#underWay.add(end);
    call.on('cancelled', () => end('the client does not wait any more'));
    try {
      const answer = await run(call.request, abort.signal);
      if (this.#underWay.delete(end)) callback(null, answer);
    } catch (error) {
      if (this.#underWay.delete(end)) callback(statusFrom(error));
    }
  }
}
