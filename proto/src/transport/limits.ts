import { InvalidArgumentError } from '@raft/core';

/** What network transports limit alike. Sizes in bytes, times in milliseconds. */
export interface ConnectionLimits {
  /**
   * Messages that wait for one peer, and requests that wait on one channel; newer ones are dropped or refused. Pieces of snapshots take
   * at most a quarter of it. Default 64 MiB.
   */
  readonly maxQueuedBytes?: number;
  /** Connections or streams of clients at a time; more are refused. Default 4096. */
  readonly maxClients?: number;
  /** Requests of one client that have no answer yet; beyond, no more of it are read. Default 16,384. */
  readonly maxClientRequests?: number;
  /** The same in bytes of the requests' payloads. Default 16 MiB. */
  readonly maxClientRequestBytes?: number;
  /** From dialling to the accepted handshake. Default 3000. */
  readonly handshakeTimeoutMs?: number;
  /**
   * A peer that gives no sign of life for so long is gone, whether or not there was anything to send: its connection is closed and
   * every group is told. One question serves all groups. Default 3000.
   */
  readonly peerTimeoutMs?: number;
  /** The connection of a client, or to a server, that gives no sign of life for so long while it should is closed. Default 5000. */
  readonly silenceTimeoutMs?: number;
  /** First pause after a failed connection; doubled each time, with jitter. Default 20. */
  readonly minBackoffMs?: number;
  /** Longest pause between two attempts. Default 1000. */
  readonly maxBackoffMs?: number;
}

const MiB = 1024 * 1024;

export const connectionDefaults: Required<ConnectionLimits> = {
  maxQueuedBytes: 64 * MiB,
  maxClients: 4096,
  maxClientRequests: 16_384,
  maxClientRequestBytes: 16 * MiB,
  handshakeTimeoutMs: 3000,
  peerTimeoutMs: 3000,
  silenceTimeoutMs: 5000,
  minBackoffMs: 20,
  maxBackoffMs: 1000,
};

/** The limits that concern what is sent to peers. */
export interface PeerLimits extends Pick<
  Required<ConnectionLimits>,
  'maxQueuedBytes' | 'minBackoffMs' | 'maxBackoffMs'
> {
  /** An envelope, so also one message. */
  readonly maxEnvelopeBytes: number;
  /** What its users know that limit as. */
  readonly maxEnvelopeName: string;
}

/** An envelope is closed when it has reached this size, so that the receiver can begin while the rest is on its way. */
export const targetEnvelopeBytes: number = MiB;

/** Throws {@link InvalidArgumentError} for a limit that is not a positive number. */
export function checkLimits(limits: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError(`${name} is ${value}: give a positive number`);
  }
}
