import type { ReadLevel } from '@raft/core';
import { UsageError } from './exit-codes.js';

/** Reads `--consistency`. Throws {@link UsageError}. */
export function readConsistency(text: string | undefined): ReadLevel | undefined {
  if (text === undefined) return undefined;
  if (text === 'linearizable' || text === 'lease' || text === 'local') return text;
  const [, name, digits] = /^(at-least|bounded-staleness)=(\d{1,15})$/.exec(text) ?? [];
  if (name === 'at-least') return { atLeast: Number(digits) };
  if (name === 'bounded-staleness' && Number(digits) > 0) return { boundedStalenessMs: Number(digits) };
  throw new UsageError(
    `--consistency ${JSON.stringify(text)} is unknown: use linearizable, lease, local, at-least=REVISION or bounded-staleness=MS`,
  );
}
