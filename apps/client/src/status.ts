import type { KvStatus } from '@raft/kv';
import { table } from './print.js';

/** One server, and what it said or why it did not. */
export type Answer =
  | { readonly address: string; readonly status: KvStatus }
  | { readonly address: string; readonly error: string };

/** One row a server, in the order they were named. Why one does not answer follows its row, and widens no column. */
export function statusTable(answers: readonly Answer[]): string {
  const head = ['ADDRESS', 'ID', 'ROLE', 'TERM', 'LEADER', 'COMMIT', 'APPLIED', 'LOG', 'SNAPSHOT', 'VERSION'];
  const [first = '', ...rows] = table([head, ...answers.map(row)]);
  const whys = answers.map((answer) => ('error' in answer ? `  ${answer.error}` : ''));
  return [first, ...rows.map((line, at) => `${line}${whys[at]}`)].join('\n');
}

function row(answer: Answer): string[] {
  if ('error' in answer) return [answer.address, '-', 'unreachable'];
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
