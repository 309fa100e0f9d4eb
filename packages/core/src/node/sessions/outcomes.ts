import { ResultForgottenError } from '../../errors.js';
import type { RaftError } from '../../errors.js';
import type { Codec } from '../../state-machine.js';
import { EntryType } from '../../types.js';
import type { Entry, LogIndex } from '../../types.js';
import type { SessionTable, Step } from './table.js';

/** What an entry came to: the machine's result, a new session's id, nothing, or the reason why it was not done. */
export type Outcome<Result> = Result | LogIndex | undefined | Refused;

export class Refused {
  readonly error: RaftError;

  constructor(error: RaftError) {
    this.error = error;
  }
}

/**
 * Finishes the steps of a batch: gives the outcomes of its entries of types `command`, `session` and `sessionCommand`, in order.
 * `results` are the machine's, of the commands that it got.
 */
export function outcomesOf<Result>(
  table: SessionTable,
  codec: Codec<Result> | undefined,
  entries: readonly Entry[],
  steps: readonly Step[],
  results: readonly Result[],
): Outcome<Result>[] {
  const outcomes: Outcome<Result>[] = [];
  let nextStep = 0;
  let nextResult = 0;
  for (const { type } of entries) {
    if (type === EntryType.command) outcomes.push(results[nextResult++]);
    if (type !== EntryType.session && type !== EntryType.sessionCommand) continue;
    const step = steps[nextStep++] as Step;
    const result = step.kind === 'run' ? (results[nextResult++] as Result) : undefined;
    const kept = table.finish(step, step.kind === 'run' ? encode(codec, result as Result) : undefined);
    outcomes.push(outcomeOf(step, result, kept, codec));
  }
  return outcomes;
}

function outcomeOf<Result>(
  step: Step,
  result: Result | undefined,
  kept: Uint8Array | undefined,
  codec: Codec<Result> | undefined,
): Outcome<Result> {
  switch (step.kind) {
    case 'run':
      return result;
    case 'done':
      return step.value;
    case 'refuse':
      return new Refused(step.error);
    case 'repeat':
      if (kept === undefined) return new Refused(new ResultForgottenError(step.id, step.sequence, 'not kept'));
      return decode(codec, kept);
  }
}

const encodings = { none: 0, bytes: 1 } as const;

/** A copy, as the caller gets the result itself and may write to it. Undefined: a result that cannot be kept. */
function encode<Result>(codec: Codec<Result> | undefined, result: Result): Uint8Array | undefined {
  if (codec !== undefined) return codec.encode(result).slice();
  if (result === undefined) return Uint8Array.of(encodings.none);
  if (!(result instanceof Uint8Array)) return undefined;
  const kept = new Uint8Array(1 + result.length);
  kept[0] = encodings.bytes;
  kept.set(result, 1);
  return kept;
}

function decode<Result>(codec: Codec<Result> | undefined, kept: Uint8Array): Result | undefined {
  if (codec !== undefined) return codec.decode(kept.slice());
  return kept[0] === encodings.none ? undefined : (kept.slice(1) as Result);
}
