import { join } from 'node:path';
import { encodeConfiguration, EntryType, InvalidArgumentError, StorageError } from '@raft/core';
import type { RecoverOptions, RecoverPlan, StoreIdentity } from '@raft/core';
import { copyFiles } from './copy-files.js';
import { fileStorage } from './file-storage.js';
import type { FileSystem } from './file-system.js';
import type { Found } from './inspect-files.js';
import { segmentName, storeFileName } from './layout.js';
import { restoredHardState } from './log-state.js';
import { doing } from './storage-failure.js';
import { readStore, StoreFile } from './store-file.js';

/** See `StorageInspector.recover`. */
export async function recover(
  fileSystem: FileSystem,
  directory: string,
  found: Found,
  { apply, copyTo, clusterId, configuration }: RecoverOptions,
): Promise<RecoverPlan> {
  const damage = found.storeDamage ?? found.logDamage ?? found.snapshotDamage;
  if (damage) throw damage;
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
    `append entry ${entry.index} of term ${entry.term}: ${describe(configuration.voters, configuration.learners)}`,
    `call the cluster ${clusterId} instead of ${before.clusterId}: its old nodes are strangers from now on, and are to be wiped before they are added`,
  ];
  const plan = { steps, before, after, commitIndex, lastIndex, entry, applied: apply };
  if (!apply) return plan;
  const changed = [storeFileName, ...found.segments.slice(-2).map(segmentName)];
  await copyFiles(directory, changed, copyTo);
  // The directory's lock is the caller's already.
  const unlocked: FileSystem = { ...fileSystem, lock: () => Promise.resolve(() => Promise.resolve()) };
  const segmentBytes = Math.min(Math.max(found.log.scanned.at(-1)?.bytes ?? 0, 128 * 1024), 1024 * 1024 * 1024);
  const storage = fileStorage({ directory, segmentBytes, fileSystem: unlocked });
  await storage.open(before);
  try {
    const data = encodeConfiguration(configuration);
    const entries = [{ ...entry, type: EntryType.configuration, data }];
    await storage.append({ hardState: { term: entry.term, votedFor: undefined, commitIndex }, entries });
  } finally {
    await storage.close();
  }
  await rename(fileSystem, directory, after);
  return plan;
}

function check(before: StoreIdentity, clusterId: string, voters: readonly string[]): void {
  if (clusterId === '' || clusterId === before.clusterId) {
    throw new InvalidArgumentError(
      `the cluster needs a new id, other than ${before.clusterId}: or its old nodes could come back`,
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

async function rename(fileSystem: FileSystem, directory: string, identity: StoreIdentity): Promise<void> {
  const path = join(directory, storeFileName);
  await doing(`write ${path}`, async () => {
    const file = await fileSystem.open(path, 'write');
    try {
      const { record } = await readStore(file, path);
      await new StoreFile(file, path, record).note({ identity });
    } finally {
      await file.close();
    }
  });
}
