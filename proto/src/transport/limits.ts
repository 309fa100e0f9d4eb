import { InvalidArgumentError } from '@raft/core';

/** Sizes in bytes, times in milliseconds: the limits that concern peers. */
export interface PeerLimits {
  /** An envelope, so also one message. */
  readonly maxEnvelopeBytes: number;
  /** What its users know that limit as. */
  readonly maxEnvelopeName: string;
  /** Messages that wait for one peer; newer ones are dropped beyond. Pieces of snapshots take at most a quarter of it. */
  readonly maxQueuedBytes: number;
  /** First pause after a failed connection; doubled each time, with jitter. */
  readonly minBackoffMs: number;
  /** Longest pause between two attempts. */
  readonly maxBackoffMs: number;
}

/** An envelope is closed when it has reached this size, so that the receiver can begin while the rest is on its way. */
export const targetEnvelopeBytes: number = 1024 * 1024;

/** Throws {@link InvalidArgumentError} for a limit that is not a positive number. */
export function checkLimits(limits: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError(`${name} is ${value}: give a positive number`);
  }
}
