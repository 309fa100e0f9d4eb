import { encodeConfiguration, EntryType, InvalidArgumentError, StorageError } from '@raft/core';
import type { LogBatch, RecoverOptions, RecoverPlan, StoreIdentity } from '@raft/core';
import { changeDirectory } from './directory-change.js';
import type { FileSystem } from './file-system.js';
import type { Found } from './inspect-files.js';
import { recoverLog } from './log-recovery.js';
import type { RecoveredLog } from './log-recovery.js';
import { restoredHardState } from './log-state.js';
import { writeLog } from './log-writer.js';
import { openStoreToWrite } from './store-file.js';

const smallestSegmentBytes = 128 * 1024;

/** See `StorageInspector.recover`. */
export async function recover(
  fileSystem: FileSystem,
  directory: string,
  found: Found,
  { apply, copyTo, clusterId, configuration }: RecoverOptions,
): Promise<RecoverPlan> {
  const damage = found.storeDamage ?? found.logDamage ?? found.snapshotDamage;
  if (damage) throw new StorageError(damage.code, `${damage.what}. Repair it first`, { cause: damage });
  const before = found.store!.record.identity;
  check(before, clusterId, configuration.voters);
  const { state } = found.log.builder;
  const hardState = restoredHardState(state, found.store!.record.hardState);
  const lastIndex = Math.max(state.lastIndex, found.snapshot?.index ?? 0);
  if (lastIndex > state.lastIndex) {
    const message = `${directory} has a snapshot that was not finished: start the node once with its old cluster, then recover`;
    throw new StorageError('RAFT_STORAGE_CORRUPT', message);
  }
  const after = { ...before, clusterId };
  // A term of its own: no node of the old cluster has another entry of this index and term.
  const entry = { index: lastIndex + 1, term: Math.max(hardState.term, state.last.term) + 1 };
  const { commitIndex } = hardState;
  const steps = [
    `append entry ${entry.index} of term ${entry.term}, in a new file: ${describe(configuration.voters, configuration.learners)}`,
    `call the cluster ${clusterId} instead of ${before.clusterId}: its old nodes are strangers from now on, and are to be wiped before they are added`,
  ];
  const plan = { steps, before, after, commitIndex, lastIndex, entry, applied: apply };
  if (!apply) return plan;
  const data = encodeConfiguration(configuration);
  const batch = {
    hardState: { term: entry.term, votedFor: undefined, commitIndex },
    entries: [{ ...entry, type: EntryType.configuration, data }],
  };
  const { names } = found;
  await changeDirectory(fileSystem, directory, { what: 'recovery', names, copyTo }, (staged) =>
    begin(staged, directory, found, after, batch),
  );
  return plan;
}

function check(before: StoreIdentity, clusterId: string, voters: readonly string[]): void {
  if (clusterId === '' || clusterId === before.clusterId) {
    throw new InvalidArgumentError(
      `the cluster needs a new id, not ${before.clusterId}: under that its old nodes could come back`,
    );
  }
  if (!voters.includes(before.nodeId)) {
    throw new InvalidArgumentError(`node ${before.nodeId}, whose data these are, must be among the voters`);
  }
}

function describe(voters: readonly string[], learners: readonly string[]): string {
  const rest = learners.length > 0 ? `, learners ${learners.join(', ')}` : '';
  return `the voters are ${voters.join(', ')}${rest}`;
}

/** Appends to the log in the new cluster's name. */
async function begin(
  fileSystem: FileSystem,
  directory: string,
  { segments: ids, salt, durable, isDoubtful, log, store }: Found,
  identity: StoreIdentity,
  batch: LogBatch,
): Promise<void> {
  const segmentBytes = Math.max(log.scanned.at(-1)?.bytes ?? 0, smallestSegmentBytes);
  const recovered = await recoverLog({ fileSystem, directory, ids, salt, durable, isDoubtful, segmentBytes });
  const { frameKey, hardState } = store!.record;
  const end = await writeLog(
    {
      ...{ fileSystem, directory, identity, frameKey, segmentBytes },
      recovered: recovered && asFull(recovered),
      hardState: restoredHardState(log.builder.state, hardState),
    },
    batch,
  );
  const file = await openStoreToWrite(fileSystem, directory, store!.record);
  try {
    await file.mark(end);
    await file.note({ identity, durable: end });
  } finally {
    await file.close();
  }
}

/** Begins a new segment: its header has the new cluster's id, should the store's file ever be made anew from it. */
function asFull(recovered: RecoveredLog): RecoveredLog {
  return { ...recovered, active: { ...recovered.active, bytes: 0 } };
}
