import { randomUUID } from 'node:crypto';
import type { GroupId, IndexRange, RepairPlan } from '@raft/core';
import { corrupt } from './failure.js';
import type { Findings, GroupFindings } from './examine.js';
import type { GroupRecord, StoreRecord } from './records.js';
import type { GroupChange } from './rewrite.js';

export interface Repair {
  readonly plan: Omit<RepairPlan, 'applied'>;
  readonly store: StoreRecord;
  readonly changes: readonly GroupChange[];
}

export interface RepairInput {
  readonly path: string;
  readonly findings: Findings;
  /** What the record in the database says, or the file beside it. */
  readonly store: StoreRecord;
  /** The group whose losses are told. */
  readonly groupId: GroupId | undefined;
  /** Steps for the files, and whether something durable may be missing, though what is left does not show it. */
  readonly steps: readonly string[];
  readonly filesForget: boolean;
  /** What was written last is gone, or may be. */
  readonly losesEnd: boolean;
}

/** What makes the database sound again. Throws `RAFT_STORAGE_CORRUPT` for what cannot be repaired. */
export function planRepair(input: RepairInput): Repair {
  const { path, findings, store, groupId, filesForget, losesEnd } = input;
  const steps = [...input.steps];
  for (const { message } of findings.problems) {
    const group = /the record of group .* is damaged$/.test(message);
    if (group) throw corrupt(`${path} cannot be repaired: ${message}`);
  }
  // What vouches for the groups is gone, or says that something is: then every one of them may have forgotten something.
  const rootProblems = findings.problems.filter(
    ({ kind, message }) => kind === 'corrupt' && !message.includes('(group '),
  );
  for (const { message } of rootProblems) steps.push(`write the root record anew: ${message}`);
  const allForget = filesForget || rootProblems.length > 0;
  const groups = [...findings.groups.values()];
  const changes = groups
    .map((group) => planGroup(group, { allForget, losesEnd }, steps))
    .filter((change) => change !== undefined);
  const isEmpty = groups.length === 0 && allForget;
  if (isEmpty) steps.push('begin with an empty log, since NOTHING of it is left');
  const lost = isEmpty ? { from: 1, to: undefined } : changes.find(({ id }) => id === groupId)?.lost;
  const forgets = allForget || changes.some((change) => change.lost !== undefined);
  if (forgets) {
    steps.push('give the storage a new store id, so that the cluster knows that it may have forgotten something');
  }
  return { plan: { steps, lost, forgets }, store, changes };
}

function planGroup(
  group: GroupFindings,
  { allForget, losesEnd }: { readonly allForget: boolean; readonly losesEnd: boolean },
  steps: string[],
): (GroupChange & { readonly lost: IndexRange | undefined }) | undefined {
  const { id, record, sound, toldOf, isSnapshotSound } = group;
  const { base, last, snapshot, hardState } = record;
  const isCut = sound.index !== last.index || sound.term !== last.term || toldOf.index > last.index;
  const lost = isCut || losesEnd ? { from: sound.index + 1, to: losesEnd ? undefined : toldOf.index } : undefined;
  let changed: GroupRecord = { ...record, last: sound };
  let erase: IndexRange | undefined = isCut ? { from: sound.index + 1, to: undefined } : undefined;
  if (isCut)
    steps.push(`cut the log of group ${id} behind entry ${sound.index}, which loses entries up to ${toldOf.index}`);
  const drops = snapshot !== undefined && !isSnapshotSound && base.index === 0 && sound.index >= snapshot.meta.index;
  if (drops) {
    steps.push(
      `remove snapshot ${snapshot.meta.index} of group ${id}, which is damaged: the log has all that it covers`,
    );
    changed = { ...changed, snapshot: undefined };
  } else if (isCut && snapshot && sound.index < snapshot.meta.index) {
    if (!isSnapshotSound) throw corrupt(`group ${id} cannot be repaired: neither its log nor its snapshot is whole`);
    const { index, term } = snapshot.meta;
    steps.push(`begin the log of group ${id} anew behind the snapshot of entries 1 to ${index}`);
    changed = { ...changed, base: { index, term }, last: { index, term } };
    erase = { from: 0, to: undefined };
  }
  const forgets = allForget || isCut;
  if (!forgets && !drops) return undefined;
  const commitIndex = Math.min(hardState.commitIndex, changed.last.index);
  if (forgets) {
    // What was lost may have been a vote: so it begins a term in which it gave none.
    const term = Math.max(hardState.term, toldOf.term) + 1;
    changed = { ...changed, storeId: randomUUID(), hardState: { term, votedFor: undefined, commitIndex } };
  }
  return { id, record: changed, erase, eraseSnapshot: drops ? snapshot.id : undefined, lost };
}
