import type { KvStatus } from '@raft/kv';
import { table } from './print.js';

/** One server, and what it said or why it did not. */
export type Answer =
  | { readonly address: string; readonly status: KvStatus }
  | { readonly address: string; readonly error: string };

/** One row a server; those that do not answer last in their place. */
export function statusTable(answers: readonly Answer[]): string {
  const head = ['ADDRESS', 'ID', 'ROLE', 'TERM', 'LEADER', 'COMMIT', 'APPLIED', 'LOG', 'SNAPSHOT', 'VERSION'];
  return table([head, ...answers.map(row)]);
}

function row(answer: Answer): string[] {
  if ('error' in answer) return [answer.address, '-', 'unreachable', answer.error];
  const { address, status } = answer;
  return [
    ...[address, status.id, status.role, String(status.term), status.leaderId ?? '-'],
    ...[String(status.commitIndex), String(status.appliedIndex), `${status.firstIndex}-${status.lastIndex}`],
    ...[String(status.snapshotIndex), status.version],
  ];
}

export function statusJson(answers: readonly Answer[]): unknown {
  return {
    nodes: answers.map((answer) => {
      if ('error' in answer) return { address: answer.address, error: answer.error };
      return { address: answer.address, ...answer.status, leaderId: answer.status.leaderId ?? null };
    }),
  };
}
