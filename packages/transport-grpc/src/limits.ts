import { InvalidArgumentError } from '@raft/core';
import { checkLimits, connectionDefaults } from '@raft/proto/transport';
import type { ConnectionLimits } from '@raft/proto/transport';

/** Sizes in bytes, times in milliseconds. */
export interface GrpcLimits extends ConnectionLimits {
  /** One gRPC message: an envelope of peers, a batch of requests or answers, a unary request or answer. Default 64 MiB. */
  readonly maxMessageBytes?: number;
  /** Answers that one client has not read; beyond, its connection is closed. Default 64 MiB. */
  readonly maxClientReplyBytes?: number;
}

export type Limits = Required<GrpcLimits>;

const MiB = 1024 * 1024;

/** Throws {@link InvalidArgumentError} for a limit that is not a positive number. */
export function withDefaults(limits: GrpcLimits = {}): Limits {
  const own = { maxMessageBytes: 64 * MiB, maxClientReplyBytes: 64 * MiB };
  const all: Limits = { ...connectionDefaults, ...own, ...limits };
  checkLimits({ ...all });
  // The header of a gRPC message says the length in 32 bits, and Node.js has no larger buffer.
  if (all.maxMessageBytes > 0x7fff_ffff) throw new InvalidArgumentError('maxMessageBytes is beyond 2 GiB: give less');
  return all;
}
