import { decodeConfiguration, EntryType } from '@raft/core';
import type { Configuration, RecoverPlan, RepairPlan, StorageInspector, StoreIdentity } from '@raft/core';
import { exitCodes, UsageError } from '../usage-error.js';
import { describeRange } from './look.js';
import type { Print, StorageOptions } from './options.js';

export async function repair(inspector: StorageInspector, options: StorageOptions, print: Print): Promise<number> {
  const { apply, copyTo, asJson } = options;
  const plan = await inspector.repair({ apply, copyTo });
  if (asJson) await print(JSON.stringify({ ...plan, lost: plan.lost ?? null, copyTo }));
  else for (const line of describeRepair(plan, options)) await print(line);
  return exitCodes.done;
}

function describeRepair(plan: RepairPlan, options: StorageOptions): string[] {
  if (plan.steps.length === 0) return ['there is nothing to repair'];
  const lines = describeSteps(plan, options);
  if (plan.lost !== undefined)
    lines.push(
      `the log loses ${describeRange(plan.lost)}${plan.lost.to === undefined ? ', however many there were' : ''}`,
    );
  else if (plan.forgets) lines.push('nobody can tell whether entries behind the last one, or a vote, are forgotten');
  lines.push(
    plan.forgets
      ? 'this node may have acknowledged what it has lost: it comes back as one that has forgotten, votes for nobody until the ' +
          'cluster has taken it in again, and gets from the others what they have'
      : 'nothing that this node has acknowledged is lost',
  );
  return [...lines, ...ending(plan.applied)];
}

export async function recover(inspector: StorageInspector, options: StorageOptions, print: Print): Promise<number> {
  const { apply, copyTo, asJson, newClusterId } = options;
  const { identity } = inspector;
  if (newClusterId === undefined) {
    throw new UsageError(
      '--new-cluster-id is missing: give the new cluster an id, so that the old nodes are strangers to it',
    );
  }
  if (identity === undefined) {
    throw new UsageError(
      `${options.directory} does not tell whose it is any more: it cannot be the start of a cluster`,
    );
  }
  const configuration = await membersOf(inspector, identity.nodeId, options);
  const plan = await inspector.recover({ apply, copyTo, clusterId: newClusterId, configuration });
  if (asJson) await print(JSON.stringify({ ...plan, configuration, copyTo }));
  else for (const line of describeRecovery(plan, configuration, options)) await print(line);
  return exitCodes.done;
}

/** Those of `--peers`; without, this node alone where the old cluster reached it. */
async function membersOf(
  inspector: StorageInspector,
  nodeId: string,
  { peers }: StorageOptions,
): Promise<Configuration> {
  const none = { outgoing: [], learners: [], stores: {}, returning: [] };
  if (peers !== undefined) {
    if (!peers.has(nodeId)) throw new UsageError(`--peers lacks node ${nodeId}, whose data these are: name it too`);
    return { ...none, voters: [...peers.keys()].toSorted(), addresses: Object.fromEntries(peers) };
  }
  let latest = (await inspector.verify()).snapshot?.configuration;
  for await (const { type, data } of inspector.entries()) {
    if (type === EntryType.configuration) latest = decodeConfiguration(data);
  }
  const address = latest?.addresses[nodeId];
  return { ...none, voters: [nodeId], addresses: address === undefined ? {} : { [nodeId]: address } };
}

/** `--peers` as far as the addresses are known. */
function startFlags({ clusterId }: StoreIdentity, { voters, addresses }: Configuration): string {
  const peers = voters.map((id) => `${id}=${addresses[id] ?? 'HOST:PORT'}`).join(',');
  return `--cluster-id ${clusterId} --peers ${peers}`;
}

function describeRecovery(plan: RecoverPlan, configuration: Configuration, options: StorageOptions): string[] {
  const { voters } = configuration;
  const { before, after, commitIndex, lastIndex, entry, applied } = plan;
  const lines = [
    `cluster ${before.clusterId} ends for node ${before.nodeId}; cluster ${after.clusterId} begins with ${voters.length === 1 ? 'it alone' : `the voters ${voters.join(', ')}`}`,
    ...describeSteps(plan, options),
    `entry ${entry.index} of term ${entry.term} has the new membership`,
    `commands up to entry ${commitIndex} were committed, and this node has them`,
  ];
  if (lastIndex > commitIndex) {
    const range = describeRange({ from: commitIndex + 1, to: lastIndex });
    lines.push(`${range} may never have been committed: from now on that counts as committed`);
  }
  lines.push(
    `what other nodes had acknowledged after entry ${lastIndex} IS LOST, and nobody can tell how much that is: ` +
      'compare with the other directories that are left (`storage diff`), and recover the one whose last entry has the ' +
      'latest term, and of several such the one that goes furthest',
    `nodes of cluster ${before.clusterId} can never come back to it: let them join empty, with --join, and \`raft-client members add\``,
    `start this one with ${startFlags(after, configuration)}`,
  );
  return [...lines, ...ending(applied)];
}

function describeSteps(
  { steps, applied }: { steps: readonly string[]; applied: boolean },
  options: StorageOptions,
): string[] {
  return [
    ...steps.map((step) => `${applied ? 'done' : 'to do'}: ${step}`),
    `${applied ? 'a copy of what is changed is' : 'a copy of what is changed will be'} in ${options.copyTo}: put back, with new files removed, it is as before`,
  ];
}

function ending(applied: boolean): string[] {
  return applied ? [] : ['nothing was changed: add --apply to do it'];
}
