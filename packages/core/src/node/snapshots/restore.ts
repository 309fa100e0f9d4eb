import type { Clock } from '../../clock.js';
import { StorageError } from '../../errors.js';
import type { StateMachine } from '../../state-machine.js';
import type { Restored, Storage } from '../../storage.js';
import type { SnapshotMeta } from '../../types.js';
import { SessionsReader } from '../sessions/snapshot.js';
import type { SessionTable } from '../sessions/table.js';
import { unframeSnapshot } from './framing.js';
import { Stretch } from './stretch.js';

/** Bytes restored at a stretch. */
const TURN_BYTES = 64 * 1024;

/** What a snapshot brings back. */
export interface Restorable {
  readonly clock: Clock;
  readonly machine: Pick<StateMachine, 'restore'>;
  readonly sessions: SessionTable;
}

/** Whether it says that a snapshot is not what was written; any other error of a storage is final. */
export function isDamage(error: unknown): error is StorageError {
  return error instanceof StorageError && error.code === 'RAFT_STORAGE_CORRUPT';
}

/** Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` when it cannot be read, and what the state machine throws. */
export async function restoreSnapshot(storage: Storage, { clock, machine, sessions }: Restorable): Promise<void> {
  const reader = await storage.openSnapshot();
  if (reader === undefined) throw new StorageError('RAFT_STORAGE_CORRUPT', 'the snapshot is gone');
  try {
    const table = new SessionsReader(sessions);
    const stretch = new Stretch(clock, TURN_BYTES);
    const state = await unframeSnapshot(reader.chunks(), (block) => {
      table.take(block);
      return stretch.worked(block.length);
    });
    await machine.restore(state);
    // Its end tells whether all of it was what had been written, and the machine need not have read that far.
    for await (const chunk of state) void chunk;
    table.finish();
  } finally {
    await reader.close();
  }
}

/**
 * A crash may have come after a leader's snapshot was durable and before the log was: what does not follow the snapshot
 * is dropped now (paper, figure 13). Throws {@link StorageError} `RAFT_STORAGE_CORRUPT` when entries between the two are missing.
 */
export async function alignLog(storage: Storage, restored: Restored): Promise<Restored> {
  const { snapshot, firstIndex } = restored;
  if (snapshot === undefined || holds(restored, snapshot)) return restored;
  const { index, term } = snapshot;
  if (index < firstIndex - 1) {
    const message = `the log begins at ${firstIndex}, and the snapshot ends at ${index}: what lies between them is lost`;
    throw new StorageError('RAFT_STORAGE_CORRUPT', message);
  }
  await storage.append({ resetTo: { index, term }, entries: [] });
  return { ...restored, firstIndex: index + 1, lastIndex: index, terms: [{ index, term }], configurations: [] };
}

function holds({ firstIndex, lastIndex, terms }: Restored, { index, term }: SnapshotMeta): boolean {
  if (index < firstIndex - 1 || index > lastIndex) return false;
  return terms.findLast((run) => run.index <= index)?.term === term;
}
