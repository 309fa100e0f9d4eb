import { InvalidArgumentError } from '@raft/core';
import { checkLimits, connectionDefaults } from '@raft/proto/transport';
import type { ConnectionLimits } from '@raft/proto/transport';

/** Sizes in bytes, times in milliseconds. */
export interface TcpLimits extends ConnectionLimits {
  /** Payload of one frame, so also of one message and one request. Longer ones are refused. Default 64 MiB. */
  readonly maxFrameBytes?: number;
  /** Bytes of answers that wait for one client to read them; beyond, further answers are replaced by an error. Default 256 MiB. */
  readonly maxClientReplyBytes?: number;
}

export type Limits = Required<TcpLimits>;

const MiB = 1024 * 1024;

/** Throws {@link InvalidArgumentError} for a limit that is not a positive number. */
export function withDefaults(limits: TcpLimits = {}): Limits {
  const own = { maxFrameBytes: 64 * MiB, maxClientReplyBytes: 256 * MiB };
  const all: Limits = { ...connectionDefaults, ...own, ...limits };
  checkLimits({ ...all });
  // The header says the length in 32 bits.
  if (all.maxFrameBytes > 0xffff_ffff) throw new InvalidArgumentError('maxFrameBytes is beyond 4 GiB: give less');
  return all;
}
