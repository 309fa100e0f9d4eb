import type { KvClient, KvStatus } from '@raft/kv';
import { table } from './print.js';

/** One server, and what it said or why it did not. */
export type Answer =
  | { readonly address: string; readonly status: KvStatus }
  | { readonly address: string; readonly error: string };

/** Asks the servers that were named, and then the members that they tell of. */
export async function askAll(addresses: readonly string[], client: Pick<KvClient, 'status'>): Promise<Answer[]> {
  const named = await Promise.all(addresses.map(async (address) => ask(address, client)));
  const told = named.flatMap((answer) => ('status' in answer ? Object.values(answer.status.membership.addresses) : []));
  const others = [...new Set(told)].filter((address) => !addresses.includes(address));
  // A server may be known by another address than the one that it was asked at.
  const known = new Set(named.map((answer) => ('status' in answer ? answer.status.id : undefined)));
  const more = await Promise.all(others.map(async (address) => ask(address, client)));
  return [...named, ...more.filter((answer) => !('status' in answer) || !known.has(answer.status.id))];
}

async function ask(address: string, client: Pick<KvClient, 'status'>): Promise<Answer> {
  try {
    return { address, status: await client.status(address) };
  } catch (error) {
    return { address, error: error instanceof Error ? error.message : String(error) };
  }
}

/** One row a server, in the order they were named. Why one does not answer follows its row, and widens no column. */
export function statusTable(answers: readonly Answer[]): string {
  const head = ['ADDRESS', 'ID', 'ROLE', 'TERM', 'LEADER', 'COMMIT', 'APPLIED', 'LOG', 'SNAPSHOT', 'LAG', 'VERSION'];
  const lags = lagsOf(answers);
  const [first = '', ...rows] = table([head, ...answers.map((answer) => row(answer, lags))]);
  const whys = answers.map((answer) => ('error' in answer ? `  ${answer.error}` : ''));
  return [first, ...rows.map((line, at) => `${line}${whys[at]}`)].join('\n');
}

/** Entries that each follower lacks, as the leader of the latest term knows it. */
function lagsOf(answers: readonly Answer[]): ReadonlyMap<string, number> {
  const leaders = answers.flatMap((answer) =>
    'status' in answer && answer.status.role === 'leader' ? [answer.status] : [],
  );
  const [leader] = leaders.toSorted((a, b) => b.term - a.term);
  return new Map(leader?.peers.map(({ id, matchIndex }) => [id, leader.lastIndex - matchIndex]));
}

function row(answer: Answer, lags: ReadonlyMap<string, number>): string[] {
  if ('error' in answer) return [answer.address, '-', 'unreachable'];
  const { address, status } = answer;
  return [
    ...[address, status.id, status.role, String(status.term), status.leaderId ?? '-'],
    ...[String(status.commitIndex), String(status.appliedIndex), `${status.firstIndex}-${status.lastIndex}`],
    ...[String(status.snapshotIndex), String(lags.get(status.id) ?? '-'), status.version],
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
