import {
  type CallOptions,
  InvalidArgumentError,
  type Logger,
  NotLeaderError,
  type ProposeOptions,
  type ReadLevel,
  silent,
} from '@raft/core';
import { DecodeError, decodeMessage, kvV1 } from '@raft/proto';
import { detached } from './bytes.js';
import { type CommandSpans, parseCommand } from './command.js';
import {
  checkKeyBytes,
  checkTimeout,
  checkValueBytes,
  type KvLimitOptions,
  type KvLimits,
  resolveLimits,
} from './limits.js';
import { changeFrom, membershipToProto, previewToProto } from './members.js';
import { readLevelFrom } from './read-level.js';
import type { KvNode } from './node.js';
import { parseGet, type RequestType } from './request.js';
import { answerBody, type Body, changesBody, statusBody } from './response.js';
import type { KvQuery, KvResult, KvSelection, KvStatus } from './types.js';
import { Watches } from './watches.js';

export interface KvServiceOptions extends KvLimitOptions {
  /** Milliseconds that a request may take whose client does not say how long it waits. Default 5000. */
  readonly defaultTimeoutMs?: number | undefined;
  /** Watches that wait for changes; beyond, more are refused with `RAFT_OVERLOADED`. Default 10,000. */
  readonly maxWatches?: number | undefined;
  /**
   * Reads that ask for the leader's lease get it; else they are linearizable without it. Only where the clocks of the nodes are known
   * to drift no more than the node's `maxClockDrift`. Default false.
   */
  readonly leaseReads?: boolean | undefined;
  /** Of the server's software, told in the status. Default empty. */
  readonly version?: string | undefined;
  /** Told of mistakes in the service or the node. Default: nobody. */
  readonly logger?: Logger | undefined;
}

/** A client that says that it waits longer is not believed: milliseconds. */
const maxTimeoutMs = 600_000;

/** What is not a change of the map. */
export type OtherRequest = Exclude<RequestType, 'set' | 'delete' | 'compareAndSet'>;

export interface WriteOptions extends ProposeOptions {
  /** Where this node does not lead it hands the command on, instead of saying who leads. */
  readonly forward: boolean;
}

export interface PerformOptions extends CallOptions {
  /** The same for what opens, keeps and closes sessions; means nothing to the rest. */
  readonly forward: boolean;
}

/**
 * The operations on serialized requests, for whatever carries them. They throw {@link InvalidArgumentError} or
 * {@link DecodeError} before anything is done, and reject as the node does.
 */
export class KvOperations {
  readonly logger: Logger;
  readonly #node: KvNode;
  readonly #watches: Watches;
  readonly #limits: KvLimits;
  readonly #defaultTimeoutMs: number;
  readonly #leaseReads: boolean;
  readonly #version: string;
  /** Follow the node's events: its status takes longer to put together than a write may. Undefined before they are listened to. */
  #leads: boolean | undefined;
  #removed = false;

  constructor(node: KvNode, options: KvServiceOptions) {
    this.#node = node;
    this.#watches = new Watches(node, options.maxWatches ?? 10_000);
    this.#limits = resolveLimits(options);
    this.#defaultTimeoutMs = options.defaultTimeoutMs ?? 5000;
    checkTimeout(this.#defaultTimeoutMs, 'defaultTimeoutMs');
    this.#leaseReads = options.leaseReads ?? false;
    this.#version = options.version ?? '';
    this.logger = options.logger ?? silent;
  }

  /** Milliseconds 0 stand for the default. */
  timeout(timeoutMs: number): number {
    return timeoutMs === 0 ? this.#defaultTimeoutMs : Math.min(timeoutMs, maxTimeoutMs);
  }

  /** Proposes a serialized Command, as it is. Throws also {@link NotLeaderError}. */
  write(command: Uint8Array, { forward, ...options }: WriteOptions): Promise<KvResult> {
    checkCommand(command, this.#limits);
    if (!forward) this.#checkLeads();
    return this.#node.propose(detached(command), options);
  }

  /** Does what a serialized request of this type asks for. */
  perform(type: OtherRequest, body: Uint8Array, { forward, ...options }: PerformOptions): Promise<Body> {
    switch (type) {
      case 'get':
        return this.#get(body, options);
      case 'list':
        return this.#list(body, options);
      case 'status':
        return Promise.resolve(statusBody(this.status()));
      case 'watch':
        return this.#watch(body, options);
      case 'openSession':
        if (!forward) this.#checkLeads();
        return this.#openSession(options);
      case 'keepSession':
        if (!forward) this.#checkLeads();
        return this.#keepSession(body, options);
      case 'closeSession':
        if (!forward) this.#checkLeads();
        return this.#closeSession(body, options);
      case 'members':
        return this.#members(options);
      case 'previewMembers':
        return this.#previewMembers(body);
      case 'changeMembers':
        return this.#changeMembers(body, options);
      case 'transferLeadership':
        return this.#transferLeadership(body, options);
      case 'snapshot':
        return this.#snapshot(options);
    }
  }

  status(): KvStatus {
    const { id, clusterId, storeId, role, term, leaderId, membership, peers, ...rest } = this.#node.status();
    const { commitIndex, appliedIndex, firstIndex, lastIndex, snapshotIndex, diskFull, healthy, removed } = rest;
    return {
      ...{ id, clusterId, storeId, role, term, leaderId, membership, peers, version: this.#version },
      ...{ commitIndex, appliedIndex, firstIndex, lastIndex, snapshotIndex, diskFull, healthy, removed },
    };
  }

  #get(body: Uint8Array, options: CallOptions): Promise<Body> {
    const { key, level } = parseGet(body);
    checkKeyBytes(key.length, this.#limits);
    return this.#read({ type: 'get', key }, level, options);
  }

  #list(body: Uint8Array, options: CallOptions): Promise<Body> {
    const { prefix, after, limit, level } = decodeMessage(kvV1.ListRequest, body, 'list request');
    this.#checkBegin(prefix);
    this.#checkBegin(after);
    const query = { type: 'list' as const, prefix, after: after.length === 0 ? undefined : after };
    return this.#read(limit === 0 ? query : { ...query, limit }, readLevelFrom(level), options);
  }

  async #read(query: KvQuery, level: ReadLevel, options: CallOptions): Promise<Body> {
    // What the others have done since then will never come to a node that was removed.
    if (level !== 'local') this.#checkBelongs();
    const granted = level === 'lease' && !this.#leaseReads ? 'linearizable' : level;
    return answerBody(await this.#node.read(query, { ...options, level: granted }));
  }

  async #watch(body: Uint8Array, options: CallOptions): Promise<Body> {
    const request = decodeMessage(kvV1.WatchRequest, body, 'watch request');
    const select = selectionOf(request);
    if (select !== undefined && 'key' in select) checkKeyBytes(select.key.length, this.#limits);
    else if (select !== undefined) this.#checkBegin(select.prefix);
    const { fromRevision: from, waitMs } = request;
    return changesBody(await this.#watches.next({ select, from, waitMs }, options));
  }

  async #openSession(options: CallOptions): Promise<Body> {
    return { openSession: { id: await this.#node.registerSession(options) } };
  }

  async #keepSession(body: Uint8Array, options: CallOptions): Promise<Body> {
    const { id } = decodeMessage(kvV1.KeepSessionRequest, body, 'keep-session request');
    await this.#node.keepSession(id, options);
    return { keepSession: {} };
  }

  async #closeSession(body: Uint8Array, options: CallOptions): Promise<Body> {
    const { id } = decodeMessage(kvV1.CloseSessionRequest, body, 'close-session request');
    await this.#node.closeSession(id, options);
    return { closeSession: {} };
  }

  /** As a leader knows it that has just made sure that it leads. */
  async #members(options: CallOptions): Promise<Body> {
    this.#checkLeads();
    await this.#node.read({ type: 'changes', from: 0 }, { ...options, level: 'linearizable' });
    this.#checkLeads();
    return { members: { membership: membershipToProto(this.#node.status().membership) } };
  }

  async #previewMembers(body: Uint8Array): Promise<Body> {
    const { change, expectedIndex } = decodeMessage(kvV1.PreviewMembersRequest, body, 'preview-members request');
    this.#checkLeads();
    const expected = expectedIndex ?? undefined;
    return { previewMembers: previewToProto(this.#node.previewMembership(changeFrom(change), { expected })) };
  }

  async #changeMembers(body: Uint8Array, options: CallOptions): Promise<Body> {
    const request = decodeMessage(kvV1.ChangeMembersRequest, body, 'change-members request');
    const { failIfBehind } = request;
    this.#checkLeads();
    const asked = { ...options, expected: request.expectedIndex ?? undefined, failIfBehind };
    const membership = await this.#node.changeMembership(changeFrom(request.change), asked);
    return { changeMembers: { membership: membershipToProto(membership) } };
  }

  async #transferLeadership(body: Uint8Array, options: CallOptions): Promise<Body> {
    const { target } = decodeMessage(kvV1.TransferLeadershipRequest, body, 'transfer request');
    this.#checkLeads();
    await this.#node.transferLeadership(target === '' ? undefined : target, options);
    return { transferLeadership: {} };
  }

  async #snapshot(options: CallOptions): Promise<Body> {
    const { index, term } = await this.#node.snapshot(options);
    return { snapshot: { index, term } };
  }

  /** A key, or nothing: where a listing begins. */
  #checkBegin(key: Uint8Array): void {
    if (key.length > 0) checkKeyBytes(key.length, this.#limits);
  }

  /** Throws {@link NotLeaderError}. */
  #checkLeads(): void {
    if (this.#leads ?? this.#follow()) return;
    throw this.#notLeader();
  }

  /** Throws {@link NotLeaderError} for a node that the cluster goes without. */
  #checkBelongs(): void {
    if (this.#leads === undefined) this.#follow();
    if (this.#removed) throw this.#notLeader();
  }

  #notLeader(): NotLeaderError {
    const { leaderId, membership } = this.#node.status();
    return new NotLeaderError(leaderId, leaderId === undefined ? undefined : membership.addresses[leaderId]);
  }

  #follow(): boolean {
    this.#node.on('role', ({ role }) => {
      this.#leads = role === 'leader';
    });
    const look = (): void => {
      this.#removed = this.#node.status().removed;
    };
    this.#node.on('removed', look);
    // It may be taken in again.
    this.#node.on('membership', look);
    look();
    this.#leads = this.#node.status().role === 'leader';
    return this.#leads;
  }
}

function selectionOf({ key, prefix }: kvV1.WatchRequest.$Properties): KvSelection | undefined {
  if (key) return { key };
  return prefix ? { prefix } : undefined;
}

/** Throws {@link InvalidArgumentError} for what must not enter the log. */
function checkCommand(bytes: Uint8Array, limits: KvLimits): void {
  let command: CommandSpans;
  try {
    command = parseCommand(bytes);
  } catch (error) {
    throw error instanceof DecodeError ? new InvalidArgumentError(error.message) : error;
  }
  checkKeyBytes(command.keyEnd - command.keyStart, limits);
  checkValueBytes(command.valueEnd - command.valueStart, limits);
  const { expected } = command;
  if (expected?.type === 'value') checkValueBytes(expected.end - expected.start, limits);
}
