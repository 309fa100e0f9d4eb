import {
  type CallOptions,
  InvalidArgumentError,
  type LogIndex,
  type Membership,
  type MembershipChange,
  type MembershipOptions,
  type MembershipPreview,
  type NodeId,
  RaftError,
  type ReadOptions,
  type SnapshotInfo,
} from '@raft/core';
import { type Bytes, detached, toBytes } from '../bytes.js';
import { BodyTag, compareAndSetRequest, type Expected } from '../command.js';
import { checkKeyBytes, checkValueBytes } from '../limits.js';
import { changeToProto } from '../members.js';
import { readLevelToProto } from '../read-level.js';
import { type EncodeRequest, keyValueRequest, otherRequest } from '../request.js';
import type { CompareAndSetResult, DeleteResult, KvItem, KvPage, KvStatus, KvValue, SetResult } from '../types.js';
import { Caller, type Prepared } from './caller.js';
import { type KvClientOptions, resolveClientOptions, type ResolvedClientOptions } from './options.js';
import { Servers } from './servers.js';
import { type KvWatch, Watch, type WatchOptions, type WatchSelection } from './watch.js';

export interface ListOptions extends ReadOptions {
  /** Only keys after this one. */
  readonly after?: Bytes | undefined;
  /** Keys at most. Default: all. */
  readonly limit?: number | undefined;
}

/**
 * The replicated map, from outside. Finds the leader and follows it; any number of calls may be under way at once, over one
 * connection. Keys and values are bytes, not to be written to before their call has ended; strings are taken as UTF-8.
 *
 * Changes of the map are made in a session, which the client opens with the first one: what may or may not be done is repeated
 * until the deadline and done once. Close the client when it is needed no more.
 *
 * Every call ends by its deadline, in its result or in one of
 * - `RAFT_UNKNOWN_OUTCOME`: a change may be done or not, at the deadline, at an abort, or because the cluster has forgotten the
 *   session meanwhile. Never for reads.
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

  /** What stands under the key, by default with all writes that had been acknowledged before the call; undefined when nothing does. */
  async get(key: Bytes, options: ReadOptions = {}): Promise<KvValue | undefined> {
    const bytes = this.#key(key);
    const level = readLevelToProto(options.level);
    // The usual one is hot.
    const request =
      level === undefined ? keyValueRequest(BodyTag.get, bytes) : otherRequest({ get: { key: bytes, level } });
    const { found } = await this.#read('get', request, options);
    return found && { value: detached(found.value), revision: found.revision };
  }

  async set(key: Bytes, value: Bytes, options: CallOptions = {}): Promise<SetResult> {
    const request = keyValueRequest(BodyTag.set, this.#key(key), this.#value(value));
    const { revision } = await this.#command('set', request, options);
    return { revision };
  }

  async delete(key: Bytes, options: CallOptions = {}): Promise<DeleteResult> {
    const request = keyValueRequest(BodyTag.delete, this.#key(key));
    const { existed, revision } = await this.#command('delete', request, options);
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
    const result = await this.#command('compareAndSet', otherRequest({ compareAndSet }), options);
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
    const list = {
      ...{ prefix: this.#begin(prefix), after: this.#begin(after), limit: Math.min(limit, maxPageItems) },
      level: readLevelToProto(options.level) ?? null,
    };
    const { items, more } = await this.#read('list', otherRequest({ list }), options);
    return {
      items: items.map(({ key, value, revision }) => ({ key: detached(key), value: detached(value), revision })),
      more,
    };
  }

  /**
   * Changes of a key, or of all keys with a prefix, as they are done: in order, none missing, from a revision or from now on. Goes on
   * over failovers, at any server. Ends in `RAFT_HISTORY_GONE` (a {@link HistoryGoneError}) when no server remembers what comes next,
   * in `RAFT_ABORTED`, or when no server has answered for `timeoutMs`, in `RAFT_TIMEOUT`; then another watch can go on from its `next`.
   */
  watch(select: WatchSelection, options: WatchOptions = {}): KvWatch {
    const selection = 'key' in select ? { key: this.#key(select.key) } : { prefix: this.#begin(select.prefix) };
    return new Watch(this.#caller, this.#servers, selection, options);
  }

  /**
   * What one server, given by its node's id or its address, says of its node, leader or not. Asked once: rejects also with
   * `RAFT_CHANNEL_LOST` and `RAFT_CHANNEL_REFUSED`.
   */
  async status(server: NodeId, options: CallOptions = {}): Promise<KvStatus> {
    const request = { type: 'status', encode: otherRequest({ status: {} }), kind: 'read' } as const;
    const { status } = await this.#caller.ask(this.#servers.resolve(server), request, options);
    this.#servers.learn(status.membership);
    return status;
  }

  /** Takes a snapshot on one server, given like that of {@link status}, and rejects like it. Give it time: `timeoutMs`. */
  async snapshot(server: NodeId, options: CallOptions = {}): Promise<SnapshotInfo> {
    const request = { type: 'snapshot', encode: otherRequest({ snapshot: {} }), kind: 'read' } as const;
    const { index, term } = await this.#caller.ask(this.#servers.resolve(server), request, options);
    return { index, term };
  }

  /** Who takes part, by what the leader knows. */
  async members(options: CallOptions = {}): Promise<Membership> {
    const { membership } = await this.#read('members', otherRequest({ members: {} }), options);
    this.#servers.learn(membership);
    return membership;
  }

  /** What a change of the members would do; rejects with what the change itself would be refused with. */
  async previewMembers(
    change: MembershipChange,
    options: CallOptions & Pick<MembershipOptions, 'expected'> = {},
  ): Promise<MembershipPreview> {
    const body = { change: changeToProto(change), expectedIndex: options.expected ?? null };
    return (await this.#read('previewMembers', otherRequest({ previewMembers: body }), options)).preview;
  }

  /**
   * Changes the members, by one joint change; new voters catch up first, so give it time: `timeoutMs`. With `expected` (the index of
   * the membership that it starts from) it can be repeated without harm. Rejects also with `RAFT_CHANGE_IN_PROGRESS`,
   * `RAFT_CONFIGURATION_CONFLICT`, `RAFT_LEARNER_BEHIND`.
   */
  async changeMembers(change: MembershipChange, options: MembershipOptions = {}): Promise<Membership> {
    const body = {
      change: changeToProto(change),
      expectedIndex: options.expected ?? null,
      failIfBehind: options.failIfBehind ?? false,
    };
    const { membership } = await this.#change('changeMembers', otherRequest({ changeMembers: body }), options);
    this.#servers.learn(membership);
    return membership;
  }

  /** Hands the leadership to a voter, or to the one that knows most. Rejects also with `RAFT_TRANSFER_FAILED`. */
  async transferLeadership(target?: NodeId, options: CallOptions = {}): Promise<void> {
    const transferLeadership = { target: target ?? '' };
    await this.#change('transferLeadership', otherRequest({ transferLeadership }), options);
  }

  /** The log index of the session in which changes are made; undefined before the first and with `sessions: false`. */
  get sessionId(): LogIndex | undefined {
    return this.#caller.sessionId;
  }

  /** Ends what is under way, with `RAFT_UNKNOWN_OUTCOME` where a change may be done and `RAFT_ABORTED` elsewhere. */
  close(): void {
    this.#caller.close();
  }

  /** Like {@link close}, after it has let the cluster forget the session, for which a second is enough or none is. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#caller.endSession(endSessionTimeoutMs);
    } catch (error) {
      // The cluster lets a session expire by itself.
      if (!(error instanceof RaftError)) throw error;
    } finally {
      this.close();
    }
  }

  #read<Type extends Prepared['type']>(type: Type, encode: EncodeRequest, options: CallOptions) {
    return this.#caller.call<Type>({ type, encode, kind: 'read' }, options);
  }

  #command<Type extends 'set' | 'delete' | 'compareAndSet'>(type: Type, encode: EncodeRequest, options: CallOptions) {
    return this.#caller.call<Type>({ type, encode, kind: 'command' }, options);
  }

  #change<Type extends Prepared['type']>(type: Type, encode: EncodeRequest, options: CallOptions) {
    return this.#caller.call<Type>({ type, encode, kind: 'change' }, options);
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
const endSessionTimeoutMs = 1000;

/** Throws {@link InvalidArgumentError}. */
function checkLimit(limit: number): void {
  if (limit >= 0 && (Number.isSafeInteger(limit) || limit === Number.POSITIVE_INFINITY)) return;
  throw new InvalidArgumentError(`limit is ${limit}: give a number of keys from 0`);
}
