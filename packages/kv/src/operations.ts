import { type CallOptions, InvalidArgumentError, type Logger, type RaftNode, silent } from '@raft/core';
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
import { parseGet } from './request.js';
import type { KvAnswer, KvQuery, KvResult, KvStatus } from './types.js';

/** What the service needs of a node whose state machine is a {@link KvStateMachine}. */
export type KvNode = Pick<RaftNode<Uint8Array, KvResult, KvQuery, KvAnswer>, 'propose' | 'read' | 'status'>;

export interface KvServiceOptions extends KvLimitOptions {
  /** Milliseconds that a request may take whose client does not say how long it waits. Default 5000. */
  readonly defaultTimeoutMs?: number | undefined;
  /** Of the server's software, told in the status. Default empty. */
  readonly version?: string | undefined;
  /** Told of mistakes in the service or the node. Default: nobody. */
  readonly logger?: Logger | undefined;
}

/** A client that says that it waits longer is not believed: milliseconds. */
const maxTimeoutMs = 600_000;

/**
 * The operations on serialized requests, for whatever carries them. They throw {@link InvalidArgumentError} or
 * {@link DecodeError} before anything is done, and reject as the node does.
 */
export class KvOperations {
  readonly logger: Logger;
  readonly #node: KvNode;
  readonly #limits: KvLimits;
  readonly #defaultTimeoutMs: number;
  readonly #version: string;

  constructor(node: KvNode, options: KvServiceOptions) {
    this.#node = node;
    this.#limits = resolveLimits(options);
    this.#defaultTimeoutMs = options.defaultTimeoutMs ?? 5000;
    checkTimeout(this.#defaultTimeoutMs, 'defaultTimeoutMs');
    this.#version = options.version ?? '';
    this.logger = options.logger ?? silent;
  }

  /** Milliseconds 0 stand for the default. */
  timeout(timeoutMs: number): number {
    return timeoutMs === 0 ? this.#defaultTimeoutMs : Math.min(timeoutMs, maxTimeoutMs);
  }

  /** Proposes a serialized Command, as it is. */
  write(command: Uint8Array, options: CallOptions): Promise<KvResult> {
    checkCommand(command, this.#limits);
    return this.#node.propose(detached(command), options);
  }

  /** Reads what a serialized GetRequest asks for. */
  get(body: Uint8Array, options: CallOptions): Promise<KvAnswer> {
    const key = parseGet(body);
    checkKeyBytes(key.length, this.#limits);
    return this.#node.read({ type: 'get', key }, options);
  }

  /** Reads what a serialized ListRequest asks for. */
  list(body: Uint8Array, options: CallOptions): Promise<KvAnswer> {
    const { prefix, after, limit } = decodeMessage(kvV1.ListRequest, body, 'list request');
    if (prefix.length > 0) checkKeyBytes(prefix.length, this.#limits);
    if (after.length > 0) checkKeyBytes(after.length, this.#limits);
    const query = { type: 'list' as const, prefix, after: after.length === 0 ? undefined : after };
    return this.#node.read(limit === 0 ? query : { ...query, limit }, options);
  }

  status(): KvStatus {
    const { id, clusterId, role, term, leaderId, membership, peers, ...rest } = this.#node.status();
    const { commitIndex, appliedIndex, firstIndex, lastIndex, snapshotIndex } = rest;
    const indexes = { commitIndex, appliedIndex, firstIndex, lastIndex, snapshotIndex };
    return { id, clusterId, role, term, leaderId, ...indexes, membership, peers, version: this.#version };
  }
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
