import { InvalidArgumentError } from '@raft/core';
import { checkLimits } from '@raft/proto/transport';

/** Sizes in bytes, times in milliseconds. */
export interface TcpLimits {
  /** Payload of one frame, so also of one message and one request. Longer ones are refused. Default 64 MiB. */
  readonly maxFrameBytes?: number;
  /**
   * Messages that wait for one peer, the socket's own queue included; newer ones are dropped beyond. Pieces of snapshots take at most
   * a quarter of it. Default 64 MiB.
   */
  readonly maxQueuedBytes?: number;
  /** Connections of clients at a time; more are refused. Default 4096. */
  readonly maxClients?: number;
  /** Requests of one client connection that have no answer yet; beyond, its socket is not read. Default 16,384. */
  readonly maxClientRequests?: number;
  /** The same in bytes of the requests' payloads. Default 16 MiB. */
  readonly maxClientRequestBytes?: number;
  /** Bytes of answers that wait for one client to read them; beyond, further answers are replaced by an error. Default 256 MiB. */
  readonly maxClientReplyBytes?: number;
  /** From dialling to the accepted handshake, and from accepting a connection to its Hello. Default 3000. */
  readonly handshakeTimeoutMs?: number;
  /** A peer that gives no sign of life for so long is gone, whether or not there was anything to send; it is asked all the time. Default 3000. */
  readonly peerTimeoutMs?: number;
  /** A client's connection with something under way, whose other side takes nothing and gives no sign of life for so long, is closed. Default 5000. */
  readonly silenceTimeoutMs?: number;
  /** First pause after a failed connection; doubled each time, with jitter. Default 20. */
  readonly minBackoffMs?: number;
  /** Longest pause between two attempts. Default 1000. */
  readonly maxBackoffMs?: number;
}

export type Limits = Required<TcpLimits>;

const MiB = 1024 * 1024;

const defaults: Limits = {
  maxFrameBytes: 64 * MiB,
  maxQueuedBytes: 64 * MiB,
  maxClients: 4096,
  maxClientRequests: 16_384,
  maxClientRequestBytes: 16 * MiB,
  maxClientReplyBytes: 256 * MiB,
  handshakeTimeoutMs: 3000,
  peerTimeoutMs: 3000,
  silenceTimeoutMs: 5000,
  minBackoffMs: 20,
  maxBackoffMs: 1000,
};

/** Throws {@link InvalidArgumentError} for a limit that is not a positive number. */
export function withDefaults(limits: TcpLimits = {}): Limits {
  const all: Limits = { ...defaults, ...limits };
  checkLimits(all);
  // The header says the length in 32 bits.
  if (all.maxFrameBytes > 0xffff_ffff) throw new InvalidArgumentError('maxFrameBytes is beyond 4 GiB: give less');
  return all;
}
