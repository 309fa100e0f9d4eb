import { type LogIndex, RaftError } from '@raft/core';
import { type Bytes, detached } from '../bytes.js';
import { HistoryGoneError } from '../errors.js';
import { checkTimeout } from '../limits.js';
import { otherRequest } from '../request.js';
import type { KvChange, KvChanges, KvSelection } from '../types.js';
import type { Caller, Prepared } from './caller.js';
import type { Servers } from './servers.js';

/** Which keys: one, or all that begin with a prefix (all for an empty one). Strings are taken as UTF-8. */
export type WatchSelection = { readonly key: Bytes } | { readonly prefix: Bytes };

export interface WatchOptions {
  /** The least revision of interest. Default: changes that are made after the watch has begun. */
  readonly from?: LogIndex | undefined;
  /** Milliseconds without an answer of any server after which it ends. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Changes as they come. To be read once. */
export interface KvWatch extends AsyncIterable<KvChange> {
  /** The revision from which another watch can go on without missing or repeating what was read; 0 before it has begun. */
  readonly next: LogIndex;
}

/** Milliseconds that a server holds a question to which there is no answer yet, if there is so much time. */
const waitMs = 10_000;

export class Watch implements KvWatch {
  readonly #caller: Caller;
  readonly #servers: Servers;
  readonly #select: KvSelection;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  #next: LogIndex;

  constructor(caller: Caller, servers: Servers, select: KvSelection, options: WatchOptions) {
    const { from = 0, timeoutMs = 60_000, signal } = options;
    checkTimeout(timeoutMs);
    this.#caller = caller;
    this.#servers = servers;
    this.#select = select;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#next = from;
  }

  get next(): LogIndex {
    return this.#next;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<KvChange, void, void> {
    for (;;) {
      const { changes, next } = await this.#poll();
      for (const [at, change] of changes.entries()) {
        // Those of one revision belong together: only once all of them were read, the next one is.
        this.#next = changes[at + 1]?.revision === change.revision ? change.revision : change.revision + 1;
        yield own(change);
      }
      this.#next = Math.max(this.#next, next);
    }
  }

  async #poll(): Promise<KvChanges> {
    // What can be repeated is tried elsewhere after half of the time: by then the server has to have answered.
    const request = this.#request(Math.floor(Math.min(waitMs, this.#timeoutMs / 4)));
    const options = { timeoutMs: this.#timeoutMs, signal: this.#signal };
    const asked = this.#servers.target;
    try {
      return await this.#caller.call(request, options);
    } catch (error) {
      if (error instanceof HistoryGoneError) return this.#pollElsewhere(asked, error);
      throw error;
    }
  }

  /** Servers forget at different times: one that was restarted knows only what came later. */
  async #pollElsewhere(asked: string, gone: HistoryGoneError): Promise<KvChanges> {
    let best = gone;
    const request = this.#request(0);
    for (const address of this.#servers.addresses.filter((address) => address !== asked)) {
      try {
        return await this.#caller.ask(address, request, { timeoutMs: this.#timeoutMs / 4, signal: this.#signal });
      } catch (error) {
        if (error instanceof HistoryGoneError && error.oldest < best.oldest) best = error;
        if (!(error instanceof RaftError) || error.code === 'RAFT_ABORTED') throw error;
      }
    }
    throw best;
  }

  #request(waitMs: number): Prepared<'watch'> {
    const watch = { ...this.#select, fromRevision: this.#next, waitMs };
    return { type: 'watch', encode: otherRequest({ watch }), kind: 'read' };
  }
}

function own(change: KvChange): KvChange {
  const key = detached(change.key);
  return change.type === 'delete' ? { ...change, key } : { ...change, key, value: detached(change.value) };
}
