import type { TermRun } from '@raft/core';
import { snapshotPath } from './layout.js';
import type { StoreRecord } from './records.js';
import { DamageError } from './storage-failure.js';

/**
 * Compares the newest snapshot file (0: none) with the one that was made durable last; `last` is what the file says that it
 * covers, when that is known. Throws `RAFT_STORAGE_CORRUPT` for a missing one, and for another one under its name.
 */
export function checkStoredSnapshot(
  directory: string,
  id: number,
  last: TermRun | undefined,
  { snapshot }: StoreRecord,
): void {
  // A crash between the making of a snapshot and the note of it leaves a newer one.
  if (snapshot === undefined || id > snapshot.id) return;
  const place = {
    path: snapshotPath(directory, snapshot.id),
    offset: 0,
    entries: { from: 1, to: snapshot.last.index },
  };
  if (id < snapshot.id) throw new DamageError(place, 'the snapshot of these is missing');
  if (last === undefined || (last.index === snapshot.last.index && last.term === snapshot.last.term)) return;
  throw new DamageError(place, `it is the snapshot of entries 1 to ${last.index}`);
}
