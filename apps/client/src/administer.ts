import type { Membership, MembershipPreview } from '@raft/core';
import type { KvClient } from '@raft/kv';
import { exitCodes, UsageError } from './exit-codes.js';
import type { CommonOptions } from './options.js';
import { table } from './print.js';
import type { Request } from './request.js';
import { result } from './result.js';
import type { Result } from './result.js';
import { askAll, statusJson, statusTable } from './status.js';

export type AdministeredCluster = Pick<
  KvClient,
  'status' | 'members' | 'previewMembers' | 'changeMembers' | 'transferLeadership' | 'snapshot'
>;

/** A change waits until new members have caught up; unless `--timeout` says otherwise it gets this long. */
const changeTimeoutMs = 60_000;
const snapshotTimeoutMs = 600_000;

export async function members(
  request: Extract<Request, { command: 'members' }>,
  client: AdministeredCluster,
  options: CommonOptions,
): Promise<Result> {
  const { expected, failIfBehind } = request;
  if (request.action === 'list') return membershipResult(await client.members(), options);
  const { add = [], addresses = {} } = request.change;
  const promoted = add.filter((id) => addresses[id] === undefined);
  if (promoted.length > 0) refuseStrangers(promoted, await client.members());
  if (request.dryRun) {
    const preview = await client.previewMembers(request.change, { expected });
    return result(options, describePreview(preview), previewJson(preview));
  }
  const timeoutMs = options.isTimeoutGiven ? options.timeoutMs : changeTimeoutMs;
  const changed = await client.changeMembers(request.change, { expected, failIfBehind, timeoutMs });
  return membershipResult(changed, options);
}

/** Nobody could reach a node that is brought in without its address. */
function refuseStrangers(promoted: readonly string[], { voters, outgoing, learners }: Membership): void {
  const stranger = promoted.find((id) => ![...voters, ...outgoing, ...learners].includes(id));
  if (stranger === undefined) return;
  throw new UsageError(`node ${stranger} is no member: add it with its address, members add ${stranger}=HOST:PORT`);
}

function membershipResult(membership: Membership, options: CommonOptions): Result {
  const { index, voters, learners, outgoing, addresses } = membership;
  const role = (id: string): string => {
    if (learners.includes(id)) return 'learner';
    if (!voters.includes(id)) return 'voter, leaving';
    return outgoing.length > 0 && !outgoing.includes(id) ? 'voter, joining' : 'voter';
  };
  const ids = [...new Set([...voters, ...outgoing, ...learners])];
  const rows = ids.map((id) => [id, role(id), addresses[id] ?? '-']);
  const text = [...table([['ID', 'ROLE', 'ADDRESS'], ...rows]), `index ${index}, the --expected of the next change`];
  return result(options, `${text.join('\n')}\n`, { membership });
}

function describePreview({ before, after, joint, behind }: MembershipPreview): string {
  const side = (name: string, { voters, learners, quorum }: MembershipPreview['before']): string[] => [
    ...[name, String(quorum), `${voters.length}: ${voters.join(', ')}`, learners.join(', ') || '-'],
  ];
  const lines = table([['', 'QUORUM', 'VOTERS', 'LEARNERS'], side('before', before), side('after', after)]);
  lines.push(joint ? 'by a joint phase, in which both majorities are needed' : 'in one step');
  for (const { id, lag } of behind) {
    lines.push(
      `node ${id} ${lag === undefined ? 'has never been heard of' : `lacks ${lag} entries`}: it catches up first`,
    );
  }
  return `${lines.join('\n')}\nnothing was changed\n`;
}

function previewJson(preview: MembershipPreview): unknown {
  return { ...preview, behind: preview.behind.map(({ id, lag }) => ({ id, lag: lag ?? null })) };
}

export async function transferLeader(
  target: string | undefined,
  client: AdministeredCluster,
  options: CommonOptions,
): Promise<Result> {
  await client.transferLeadership(target);
  return result(options, 'ok\n', { done: true });
}

/** On one server, or on all members. */
export async function snapshot(
  server: string | undefined,
  client: AdministeredCluster,
  options: CommonOptions,
): Promise<Result> {
  const timeoutMs = options.isTimeoutGiven ? options.timeoutMs : snapshotTimeoutMs;
  const asked = await addressesOf(server, client, options);
  const taken = await Promise.all(
    asked.map(async (address) => {
      try {
        return { address, ...(await client.snapshot(address, { timeoutMs })) };
      } catch (error) {
        return { address, error: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
  const rows = taken.map((one) =>
    'error' in one ? [one.address, '-', one.error] : [one.address, String(one.index), 'ok'],
  );
  const failed = taken.some((one) => 'error' in one);
  const text = `${table([['ADDRESS', 'INDEX', 'OUTCOME'], ...rows]).join('\n')}\n`;
  return result(options, text, { snapshots: taken }, failed ? exitCodes.failed : exitCodes.done);
}

/** Of a node by its id, of a server by its address as given, or of all. Throws {@link UsageError} for a node that nobody tells of. */
async function addressesOf(
  server: string | undefined,
  client: AdministeredCluster,
  options: CommonOptions,
): Promise<readonly string[]> {
  if (server?.includes(':') === true) return [server];
  const answers = await askAll(options.addresses, client);
  if (server === undefined) return answers.map(({ address }) => address);
  const heard = answers.flatMap((answer) => ('status' in answer ? [answer] : []));
  const itself = heard.find((answer) => answer.status.id === server)?.address;
  const told = heard
    .map((answer) => answer.status.membership.addresses[server])
    .find((address) => address !== undefined);
  const address = itself ?? told;
  if (address === undefined) {
    throw new UsageError(`no server that answers knows a node ${server}: name one of members list, or its host:port`);
  }
  return [address];
}

export async function status(client: AdministeredCluster, options: CommonOptions): Promise<Result> {
  const answers = await askAll(options.addresses, client);
  const anyone = answers.some((answer) => 'status' in answer);
  return result(options, `${statusTable(answers)}\n`, statusJson(answers), anyone ? exitCodes.done : exitCodes.failed);
}
