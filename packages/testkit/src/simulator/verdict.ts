import type { LogIndex } from '@raft/core';
import { decodeMessage, kvV1 } from '@raft/proto';
import { checkExactlyOnce } from '../checker/exactly-once.js';
import type { Operation } from '../checker/history.js';
import { checkLinearizable } from '../checker/linearizable.js';
import { must } from './violation.js';

/** What a run's clients saw, and what the state machines were given, held against what was promised. */
export function checkHistory(
  history: readonly Operation[],
  applied: readonly { readonly index: LogIndex; readonly command: Uint8Array }[],
): void {
  const anomalies = checkLinearizable(history);
  must(anomalies.length === 0, () => `not linearizable: ${anomalies.map(({ report }) => report).join('\n')}`);
  const commands = history.flatMap(({ value, outcome }) =>
    value === undefined
      ? []
      : [{ name: value, end: outcome === 'ok' ? 'done' : outcome === 'fail' ? 'no' : 'maybe' } as const],
  );
  const problems = checkExactlyOnce(
    commands,
    applied.flatMap(({ command }) => nameOf(command)),
  );
  must(problems.length === 0, () => `not exactly once: ${problems.join('; ')}`);
}

/** The value that a command would write, which no other writes; a deletion has none. */
function nameOf(command: Uint8Array): string[] {
  const { set, compareAndSet } = decodeMessage(kvV1.Command, command, 'command');
  const value = set?.value ?? compareAndSet?.value;
  return value === undefined || value === null ? [] : [Buffer.from(value).toString()];
}
