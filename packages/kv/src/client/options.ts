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
  /**
   * Changes are made in a session, opened with the first one: what may or may not be done is repeated until the deadline, and
   * done once. Without, a change is repeated only when it is certain that it was not done. Default true.
   */
  readonly sessions?: boolean | undefined;
  /**
   * Milliseconds without a change after which the servers are told that the session is still in use; shorter than the servers'
   * session timeout. Default 300,000.
   */
  readonly keepAliveMs?: number | undefined;
  /**
   * Milliseconds after which a server is asked, along with a call, who the members are by now, and where; 0: never. Default 5000.
   */
  readonly refreshMs?: number | undefined;
  /** Default `Math.random`. */
  readonly random?: Random | undefined;
  /** Default {@link systemClock}. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedClientOptions {
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly backoffMs: { readonly min: number; readonly max: number };
  readonly sessions: boolean;
  readonly keepAliveMs: number;
  readonly refreshMs: number;
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
  const { sessions = true, keepAliveMs = 300_000, refreshMs = 5000 } = options;
  checkTimeout(keepAliveMs, 'keepAliveMs');
  if (refreshMs !== 0) checkTimeout(refreshMs, 'refreshMs');
  const { random = Math.random, clock = systemClock() } = options;
  const times = { timeoutMs, backoffMs, keepAliveMs, refreshMs };
  return { ...times, maxInFlight, sessions, random, clock, limits: resolveLimits(options) };
}
