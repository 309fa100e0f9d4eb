import { encodeConfiguration, EntryType, InvalidArgumentError } from '@raft/core';
import type { GroupId, RecoverOptions, RecoverPlan, StoreIdentity } from '@raft/core';
import type { Findings, GroupFindings } from './examine.js';
import type { StoreRecord } from './records.js';
import type { GroupChange } from './rewrite.js';

export interface Recovery {
  readonly plan: Omit<RecoverPlan, 'applied'>;
  readonly store: StoreRecord;
  readonly changes: readonly GroupChange[];
}

/** Makes every group the start of a new cluster. The plan tells of `groupId`. */
export function planRecovery(
  findings: Findings,
  before: StoreIdentity,
  groupId: GroupId,
  { clusterId, configuration }: RecoverOptions,
): Recovery {
  if (clusterId === '' || clusterId === before.clusterId) {
    throw new InvalidArgumentError(
      `the cluster needs a new id, not ${before.clusterId}: under that its old nodes could come back`,
    );
  }
  if (!configuration.voters.includes(before.nodeId)) {
    throw new InvalidArgumentError(`node ${before.nodeId}, whose data these are, must be among the voters`);
  }
  const data = encodeConfiguration(configuration);
  const changes = [...findings.groups.values()].map((group) => change(group, data));
  const { voters, learners } = configuration;
  const who = `the voters are ${voters.join(', ')}${learners.length > 0 ? `, learners ${learners.join(', ')}` : ''}`;
  const steps = changes.map(
    ({ id, append }) => `append entry ${append.entry.index} of term ${append.entry.term} to group ${id}: ${who}`,
  );
  steps.push(
    `call the cluster ${clusterId} instead of ${before.clusterId}: its old nodes are strangers from now on, and are to be wiped before they are added`,
  );
  const { record } = findings.groups.get(groupId)!;
  const { index, term } = changes.find(({ id }) => id === groupId)!.append.entry;
  const { commitIndex } = record.hardState;
  const entry = { index, term };
  const plan = { steps, before, after: { ...before, clusterId }, commitIndex, lastIndex: record.last.index, entry };
  return { plan, store: { ...findings.store!, clusterId }, changes };
}

function change(
  { id, record }: GroupFindings,
  data: Uint8Array,
): GroupChange & { append: NonNullable<GroupChange['append']> } {
  const { hardState, last } = record;
  // A term of its own: no node of the old cluster has another entry of this index and term.
  const term = Math.max(hardState.term, last.term) + 1;
  const entry = { index: last.index + 1, term, type: EntryType.configuration, data };
  const changed = {
    ...record,
    last: { index: entry.index, term },
    hardState: { term, votedFor: undefined, commitIndex: hardState.commitIndex },
  };
  return { id, record: changed, append: { entry, previousTerm: last.term } };
}
