import { InvalidArgumentError } from '@raft/core';
import { checkLimits } from '@raft/proto/transport';

/** Sizes in bytes, times in milliseconds. */
export interface GrpcLimits {
  /** One gRPC message: an envelope of peers, a batch of requests or answers, a unary request or answer. Default 64 MiB. */
  readonly maxMessageBytes?: number;
  /**
   * Messages that wait for one peer, and requests that wait on one channel; newer ones are dropped or refused. Pieces of snapshots take
   * at most a quarter of it. Default 64 MiB.
   */
  readonly maxQueuedBytes?: number;
  /** Pipelined streams of clients at a time; more are refused. Default 4096. */
  readonly maxClients?: number;
  /** Requests of one pipelined stream that have no answer yet; beyond, it is not read. Default 16,384. */
  readonly maxClientRequests?: number;
  /** The same in bytes of the requests' payloads, and of the answers that wait to be sent. Default 16 MiB. */
  readonly maxClientRequestBytes?: number;
  /** Answers that one client has not read; beyond, its connection is closed. Default 64 MiB. */
  readonly maxClientReplyBytes?: number;
  /** From dialling to the accepted handshake. Default 3000. */
  readonly handshakeTimeoutMs?: number;
  /** A peer that gives no sign of life for so long is gone, whether or not there was anything to send; it is asked all the time. Default 3000. */
  readonly peerTimeoutMs?: number;
  /** The connection of a client, or to a server, whose other side gives no sign of life for so long is closed. Default 5000. */
  readonly silenceTimeoutMs?: number;
  /** First pause after a failed connection; doubled each time, with jitter. Default 20. */
  readonly minBackoffMs?: number;
  /** Longest pause between two attempts. Default 1000. */
  readonly maxBackoffMs?: number;
}

export type Limits = Required<GrpcLimits>;

const MiB = 1024 * 1024;

const defaults: Limits = {
  maxMessageBytes: 64 * MiB,
  maxQueuedBytes: 64 * MiB,
  maxClients: 4096,
  maxClientRequests: 16_384,
  maxClientRequestBytes: 16 * MiB,
  maxClientReplyBytes: 64 * MiB,
  handshakeTimeoutMs: 3000,
  peerTimeoutMs: 3000,
  silenceTimeoutMs: 5000,
  minBackoffMs: 20,
  maxBackoffMs: 1000,
};

/** Throws {@link InvalidArgumentError} for a limit that is not a positive number. */
export function withDefaults(limits: GrpcLimits = {}): Limits {
  const all: Limits = { ...defaults, ...limits };
  checkLimits(all);
  // The header of a gRPC message says the length in 32 bits, and Node.js has no larger buffer.
  if (all.maxMessageBytes > 0x7fff_ffff) throw new InvalidArgumentError('maxMessageBytes is beyond 2 GiB: give less');
  return all;
}
