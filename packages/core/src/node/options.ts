import { systemClock } from '../clock.js';
import type { Clock, Random } from '../clock.js';
import type { RaftOptions } from '../consensus/state.js';
import { InvalidArgumentError } from '../errors.js';
import { silent } from '../logger.js';
import type { Logger } from '../logger.js';
import type { Address, NodeId } from '../types.js';
import type { RaftNodeOptions } from './api.js';
import type { SnapshotOptions } from './snapshots/snapshots.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/** The options with their defaults, checked. */
export interface ResolvedOptions {
  readonly clusterId: string;
  readonly groupId: string;
  readonly bootstrap: Readonly<Record<NodeId, Address>> | undefined;
  readonly maxEntryBytes: number;
  readonly maxPending: number;
  readonly forward: boolean;
  readonly maxSessions: number;
  readonly sessionTimeoutMs: number;
  readonly readmitWiped: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly raft: RaftOptions;
  readonly snapshots: SnapshotOptions;
}

/** Throws {@link InvalidArgumentError} naming the option and what it may be. */
export function resolveOptions(
  options: Omit<RaftNodeOptions<never, never, never, never>, 'stateMachine'>,
): ResolvedOptions {
  const random = options.random ?? Math.random;
  const heartbeatIntervalMs = positive('heartbeatIntervalMs', options.heartbeatIntervalMs ?? 100);
  const electionTimeoutMs = electionTimeout(options.electionTimeoutMs ?? { min: 500, max: 1000 }, heartbeatIntervalMs);
  return {
    clusterId: name('clusterId', options.clusterId ?? 'raft'),
    groupId: name('groupId', options.groupId ?? 'default'),
    bootstrap: bootstrapOf(options.bootstrap, name('id', options.id)),
    maxEntryBytes: count('maxEntryBytes', options.maxEntryBytes ?? 4 * MiB),
    maxPending: count('maxPending', options.maxPending ?? 100_000),
    forward: options.forward ?? true,
    maxSessions: count('maxSessions', options.maxSessions ?? 10_000),
    sessionTimeoutMs: positive('sessionTimeoutMs', options.sessionTimeoutMs ?? 3_600_000),
    readmitWiped: options.readmitWiped ?? true,
    clock: options.clock ?? systemClock(),
    random,
    logger: options.logger ?? silent,
    raft: {
      id: options.id,
      heartbeatIntervalMs,
      electionTimeoutMs,
      preVote: options.preVote ?? true,
      checkQuorum: options.checkQuorum ?? true,
      commitNoticeDelayMs: heartbeatIntervalMs / 20,
      maxMessageBytes: count('maxMessageBytes', options.maxMessageBytes ?? MiB),
      maxInflightMessages: count('maxInflightMessages', options.maxInflightMessages ?? 256),
      maxInflightBytes: count('maxInflightBytes', options.maxInflightBytes ?? 16 * MiB),
      maxUncommittedBytes: count('maxUncommittedBytes', options.maxUncommittedBytes ?? 64 * MiB),
      cacheBytes: count('cacheBytes', options.cacheBytes ?? 32 * MiB),
      retainedEntries: wholeNumber('retainedEntries', options.retainedEntries ?? 10_000),
      retainedBytes: wholeNumber('retainedBytes', options.retainedBytes ?? 64 * MiB),
      maxClockDrift: fraction('maxClockDrift', options.maxClockDrift ?? 0.1),
      priority: wholeNumber('priority', options.priority ?? 1),
      quiesce: options.quiesce ?? false,
      diskRetryMs: 500,
      // The storage tells it when it is opened.
      storeId: '',
      random,
    },
    snapshots: {
      thresholdEntries: threshold('snapshotThresholdEntries', options.snapshotThresholdEntries ?? 100_000),
      thresholdBytes: threshold('snapshotThresholdBytes', options.snapshotThresholdBytes ?? 64 * MiB),
      pieceBytes: count('snapshotChunkBytes', options.snapshotChunkBytes ?? 256 * KiB),
      maxStreams: count('maxSnapshotStreams', options.maxSnapshotStreams ?? 2),
      bytesPerSecond:
        options.maxSnapshotBytesPerSecond === undefined
          ? Number.POSITIVE_INFINITY
          : count('maxSnapshotBytesPerSecond', options.maxSnapshotBytesPerSecond),
      silenceMs: electionTimeoutMs.max,
      idleMs: 60 * electionTimeoutMs.max,
    },
  };
}

/** 0: never. */
function threshold(option: string, value: number): number {
  return wholeNumber(option, value) === 0 ? Number.POSITIVE_INFINITY : value;
}

function bootstrapOf(
  members: Readonly<Record<NodeId, Address>> | undefined,
  id: NodeId,
): Readonly<Record<NodeId, Address>> | undefined {
  if (members === undefined) return undefined;
  for (const [member, address] of Object.entries(members)) {
    name('bootstrap', member);
    if (typeof address !== 'string') {
      throw new InvalidArgumentError(`bootstrap must give node ${member} an address, not ${typeof address}`);
    }
  }
  if (!Object.hasOwn(members, id)) throw new InvalidArgumentError(`bootstrap must name this node too: add ${id}`);
  return members;
}

function name(option: string, value: string): string {
  if (typeof value !== 'string') throw new InvalidArgumentError(`${option} must be a string, not ${typeof value}`);
  if (value.length < 1 || value.length > 64) {
    throw new InvalidArgumentError(`${option} must have 1 to 64 characters, not ${value.length}`);
  }
  return value;
}

function count(option: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`${option} must be a whole number of at least 1, not ${value}`);
  }
  return value;
}

function wholeNumber(option: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError(`${option} must be a whole number of at least 0, not ${value}`);
  }
  return value;
}

function fraction(option: string, value: number): number {
  if (!(value >= 0 && value < 1)) {
    throw new InvalidArgumentError(`${option} must be at least 0 and below 1, not ${value}`);
  }
  return value;
}

function positive(option: string, value: number): number {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError(`${option} must be a number of milliseconds above 0, not ${value}`);
  }
  return value;
}

function electionTimeout(
  timeout: { min: number; max: number },
  heartbeatIntervalMs: number,
): { min: number; max: number } {
  const { min, max } = timeout;
  positive('electionTimeoutMs.min', min);
  positive('electionTimeoutMs.max', max);
  if (min < 2 * heartbeatIntervalMs) {
    throw new InvalidArgumentError(
      `electionTimeoutMs.min must be at least twice heartbeatIntervalMs (${2 * heartbeatIntervalMs}), not ${min}`,
    );
  }
  if (max <= min) throw new InvalidArgumentError(`electionTimeoutMs.max must be above min (${min}), not ${max}`);
  return timeout;
}
