import { type Clock, type Connector, InvalidArgumentError, type Random, systemClock } from '@raft/core';
import { checkTimeout, type KvLimitOptions, type KvLimits, resolveLimits } from '../limits.js';
import type { Peers } from './servers.js';

export interface KvClientOptions extends KvLimitOptions {
  /** The servers: their addresses, or their addresses by their nodes' ids. Others are learned from them. */
  readonly peers: Peers;
  /** Opens channels to them; each network transport's package makes one. */
  readonly connector: Connector;
  /** Milliseconds until a call ends with an error. Default 5000. */
  readonly timeoutMs?: number | undefined;
  /** Calls under way; beyond, more are refused with `RAFT_OVERLOADED`. Default 10,000. */
  readonly maxInFlight?: number | undefined;
  /**
   * Milliseconds before a call is tried again once all servers were tried: doubled from `min` up to `max`, and of that a
   * random part from a half to the whole. Default 20 to 200.
   */
  readonly backoffMs?: { readonly min: number; readonly max: number } | undefined;
  /** Default `Math.random`. */
  readonly random?: Random | undefined;
  /** Default {@link systemClock}. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedClientOptions {
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly backoffMs: { readonly min: number; readonly max: number };
  readonly random: Random;
  readonly clock: Clock;
  readonly limits: KvLimits;
}

/** Throws {@link InvalidArgumentError}. */
export function resolveClientOptions(options: KvClientOptions): ResolvedClientOptions {
  const { timeoutMs = 5000, maxInFlight = 10_000, backoffMs = { min: 20, max: 200 } } = options;
  checkTimeout(timeoutMs);
  if (!Number.isSafeInteger(maxInFlight) || maxInFlight < 1) {
    throw new InvalidArgumentError(`maxInFlight is ${maxInFlight}: give a number of calls from 1`);
  }
  if (!(backoffMs.min > 0 && backoffMs.max >= backoffMs.min)) {
    throw new InvalidArgumentError(
      `backoffMs is ${backoffMs.min} to ${backoffMs.max}: give milliseconds, 0 < min <= max`,
    );
  }
  const { random = Math.random, clock = systemClock() } = options;
  return { timeoutMs, maxInFlight, backoffMs, random, clock, limits: resolveLimits(options) };
}
