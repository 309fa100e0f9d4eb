import { decodeMessage, kvV1 } from '@raft/proto';
import { checkExactlyOnce } from '../checker/exactly-once.js';
import type { Operation } from '../checker/history.js';
import { checkLinearizable } from '../checker/linearizable.js';
import { checkSequential } from '../checker/sequential.js';
import type { PlacedOperation, Write } from '../checker/sequential.js';
import type { AppliedCommand } from './invariants.js';
import { must } from './violation.js';

/** What a run's clients saw, and what the state machines were given, held against what was promised. */
export function checkHistory(
  history: readonly Operation[],
  placed: readonly PlacedOperation[],
  applied: readonly AppliedCommand[],
): void {
  const commands = history.flatMap(({ value, outcome }) =>
    value === undefined
      ? []
      : [{ name: value, end: outcome === 'ok' ? 'done' : outcome === 'fail' ? 'no' : 'maybe' } as const],
  );
  const parsed = applied.map(parse);
  const repeated = checkExactlyOnce(
    commands,
    parsed.flatMap(({ name }) => name ?? []),
  );
  must(repeated.length === 0, () => `not exactly once: ${repeated.join('; ')}`);
  const anomalies = checkLinearizable(history);
  must(anomalies.length === 0, () => `not linearizable: ${anomalies.map(({ report }) => report).join('\n')}`);
  const stale = checkSequential(
    placed,
    parsed.flatMap(({ write }) => write ?? []),
  );
  must(stale.length === 0, () => `not sequentially consistent: ${stale.join('; ')}`);
}

interface Parsed {
  /** The value that it would write, which no other command writes; a deletion has none. */
  readonly name: string | undefined;
  /** Undefined: it changed nothing. */
  readonly write: Write | undefined;
}

function parse({ index, command, result }: AppliedCommand): Parsed {
  const { set, compareAndSet, delete: remove } = decodeMessage(kvV1.Command, command, 'command');
  const body = set ?? compareAndSet ?? remove;
  const key = textOf(body?.key);
  if (remove !== undefined && remove !== null) return { name: undefined, write: { index, key, value: null } };
  const value = textOf(set?.value ?? compareAndSet?.value);
  const isDone = set !== undefined && set !== null ? true : (result as { readonly swapped: boolean }).swapped;
  return { name: value, write: isDone ? { index, key, value } : undefined };
}

const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();
