import { InvalidArgumentError } from '@raft/core';

/** What happens to messages between nodes; rates are probabilities in [0, 1], drawn for each message. */
export interface Faults {
  /** The message is lost. */
  readonly dropRate?: number;
  /** The message arrives twice, the second time with a delay of its own. */
  readonly duplicateRate?: number;
  /** The message may overtake earlier ones; needs a `delayMs` that varies. */
  readonly reorderRate?: number;
  /** Milliseconds until the message arrives, drawn uniformly; order is kept but for `reorderRate`. */
  readonly delayMs?: { readonly min: number; readonly max: number };
}

/** Throws {@link InvalidArgumentError} for faults that cannot be. */
export function checkFaults(faults: Faults): Faults {
  for (const name of ['dropRate', 'duplicateRate', 'reorderRate'] as const) {
    const rate = faults[name] ?? 0;
    if (!(rate >= 0 && rate <= 1)) throw new InvalidArgumentError(`${name} is ${rate}: give a number from 0 to 1`);
  }
  const { min, max } = faults.delayMs ?? { min: 0, max: 0 };
  if (!(min >= 0 && max >= min && max < Infinity)) {
    throw new InvalidArgumentError(`delayMs is ${min} to ${max}: give finite 0 <= min <= max`);
  }
  return faults;
}
