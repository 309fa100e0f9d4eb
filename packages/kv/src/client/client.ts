import { type CallOptions, InvalidArgumentError, type NodeId } from '@raft/core';
import { type Bytes, detached, toBytes } from '../bytes.js';
import { BodyTag, compareAndSetRequest, type Expected } from '../command.js';
import { checkKeyBytes, checkValueBytes } from '../limits.js';
import { type EncodeRequest, keyValueRequest, otherRequest } from '../request.js';
import type { CompareAndSetResult, DeleteResult, KvItem, KvPage, KvStatus, KvValue, SetResult } from '../types.js';
import { Caller } from './caller.js';
import { type KvClientOptions, resolveClientOptions, type ResolvedClientOptions } from './options.js';
import { Servers } from './servers.js';

export interface ListOptions extends CallOptions {
  /** Only keys after this one. */
  readonly after?: Bytes | undefined;
  /** Keys at most. Default: all. */
  readonly limit?: number | undefined;
}

/**
 * The replicated map, from outside. Finds the leader and follows it; any number of calls may be under way at once, over one
 * connection. Keys and values are bytes, not to be written to before their call has ended; strings are taken as UTF-8.
 *
 * Every call ends by its deadline, in its result or in one of
 * - `RAFT_UNKNOWN_OUTCOME`: a change may be done or not. Never for reads.
 * - All others mean that it is certainly not done: `RAFT_TIMEOUT` (no leader answered in time; the message says what was last
 *   in the way), `RAFT_INVALID_ARGUMENT` (limits), `RAFT_OVERLOADED` (too many calls under way here), `RAFT_ABORTED` (by the
 *   signal, or the client was closed), and a code of the server's own, such as `RAFT_STORAGE_FULL`.
 */
export class KvClient {
  readonly #servers: Servers;
  readonly #options: ResolvedClientOptions;
  readonly #caller: Caller;

  /** Connects at the first call. Throws `RAFT_INVALID_ARGUMENT` for options that cannot work. */
  constructor(options: KvClientOptions) {
    this.#options = resolveClientOptions(options);
    this.#servers = new Servers(options.peers, options.connector);
    this.#caller = new Caller(this.#servers, this.#options);
  }

  /** What stands under the key, with all writes that had been acknowledged before the call; undefined when nothing does. */
  async get(key: Bytes, options: CallOptions = {}): Promise<KvValue | undefined> {
    const { found } = await this.#read('get', keyValueRequest(BodyTag.get, this.#key(key)), options);
    return found && { value: detached(found.value), revision: found.revision };
  }

  async set(key: Bytes, value: Bytes, options: CallOptions = {}): Promise<SetResult> {
    const request = keyValueRequest(BodyTag.set, this.#key(key), this.#value(value));
    const { revision } = await this.#change('set', request, options);
    return { revision };
  }

  async delete(key: Bytes, options: CallOptions = {}): Promise<DeleteResult> {
    const request = keyValueRequest(BodyTag.delete, this.#key(key));
    const { existed, revision } = await this.#change('delete', request, options);
    return { existed, revision };
  }

  /** Sets the value if what is expected is there; else tells what is. */
  async compareAndSet(
    key: Bytes,
    expected: Expected,
    value: Bytes,
    options: CallOptions = {},
  ): Promise<CompareAndSetResult> {
    if ('value' in expected) this.#value(expected.value);
    const compareAndSet = compareAndSetRequest(this.#key(key), expected, this.#value(value));
    const result = await this.#change('compareAndSet', otherRequest({ compareAndSet }), options);
    if (result.swapped) return { swapped: true, revision: result.revision };
    const { current } = result;
    return { swapped: false, current: current && { value: detached(current.value), revision: current.revision } };
  }

  /**
   * The keys that begin with `prefix` (all of them for an empty one), in the order of their bytes. Read page by page as they
   * are asked for: each page is of one instant, the whole is not. The deadline is that of each page.
   */
  async *list(prefix: Bytes, options: ListOptions = {}): AsyncGenerator<KvItem, void, void> {
    let { after, limit = Number.POSITIVE_INFINITY } = options;
    checkLimit(limit);
    while (limit > 0) {
      const page = await this.listPage(prefix, { ...options, after, limit: Math.min(limit, maxPageItems) });
      yield* page.items;
      const last = page.items.at(-1);
      if (!page.more || last === undefined) return;
      after = last.key;
      limit -= page.items.length;
    }
  }

  /** As many of the keys as come in one answer: at most 1000, and at most about a mebibyte (but one). A limit of 0 is none. */
  async listPage(prefix: Bytes, options: ListOptions = {}): Promise<KvPage> {
    const { after = '', limit = 0 } = options;
    checkLimit(limit);
    const list = { prefix: this.#begin(prefix), after: this.#begin(after), limit: Math.min(limit, maxPageItems) };
    const { items, more } = await this.#read('list', otherRequest({ list }), options);
    return {
      items: items.map(({ key, value, revision }) => ({ key: detached(key), value: detached(value), revision })),
      more,
    };
  }

  /**
   * What one server, given by its node's id or its address, says of its node, leader or not. Asked once: rejects also with
   * `RAFT_CHANNEL_LOST` and `RAFT_CHANNEL_REFUSED`.
   */
  async status(server: NodeId, options: CallOptions = {}): Promise<KvStatus> {
    const request = { type: 'status', encode: otherRequest({ status: {} }), isChange: false } as const;
    return (await this.#caller.ask(this.#servers.resolve(server), request, options)).status;
  }

  /** Ends what is under way, with `RAFT_UNKNOWN_OUTCOME` where a change may be done and `RAFT_ABORTED` elsewhere. */
  close(): void {
    this.#caller.close();
  }

  #read<Type extends 'get' | 'list'>(type: Type, encode: EncodeRequest, options: CallOptions) {
    return this.#caller.call({ type, encode, isChange: false }, options);
  }

  #change<Type extends 'set' | 'delete' | 'compareAndSet'>(type: Type, encode: EncodeRequest, options: CallOptions) {
    return this.#caller.call({ type, encode, isChange: true }, options);
  }

  #key(key: Bytes): Uint8Array {
    const bytes = toBytes(key);
    checkKeyBytes(bytes.length, this.#options.limits);
    return bytes;
  }

  /** Where a listing begins: a key, or nothing. */
  #begin(key: Bytes): Uint8Array {
    return key.length === 0 ? toBytes(key) : this.#key(key);
  }

  #value(value: Bytes): Uint8Array {
    const bytes = toBytes(value);
    checkValueBytes(bytes.length, this.#options.limits);
    return bytes;
  }
}

const maxPageItems = 1000;

/** Throws {@link InvalidArgumentError}. */
function checkLimit(limit: number): void {
  if (limit >= 0 && (Number.isSafeInteger(limit) || limit === Number.POSITIVE_INFINITY)) return;
  throw new InvalidArgumentError(`limit is ${limit}: give a number of keys from 0`);
}
