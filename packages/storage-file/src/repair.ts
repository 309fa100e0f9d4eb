import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ChangeOptions, HardState, IndexRange, RepairPlan, StorageRecord, TermRun } from '@raft/core';
import { copyFiles } from './copy-files.js';
import type { FileSystem } from './file-system.js';
import { FileWindow } from './file-window.js';
import { snapshotRecords } from './inspect-files.js';
import type { Found } from './inspect-files.js';
import { segmentName, segmentPath, snapshotName, storeFileName } from './layout.js';
import { restoredHardState } from './log-state.js';
import { LogWriter } from './log-writer.js';
import type { LogPlace } from './records.js';
import { saltOf } from './frame.js';
import { doing, FailStop } from './storage-failure.js';
import { StoreFile } from './store-file.js';

/** What is to be done to the files. */
interface Cut {
  /** The log ends here; undefined: nothing of it stays. */
  readonly at: LogPlace | undefined;
  /** The later segments. */
  readonly remove: readonly number[];
  /** A log of which nothing stays begins anew behind this entry, the snapshot's last. */
  readonly beginAfter: TermRun | undefined;
}

/** See `StorageInspector.repair`. Throws `RAFT_STORAGE_CORRUPT` for what cannot be repaired. */
export async function repair(
  fileSystem: FileSystem,
  directory: string,
  found: Found,
  records: AsyncIterable<StorageRecord>,
  { apply, copyTo }: ChangeOptions,
): Promise<RepairPlan> {
  const { store, storeDamage, logDamage } = found;
  if (store === undefined) throw storeDamage!;
  const cut = planCut(found);
  const dropSnapshot = await snapshotToDrop(fileSystem, directory, found, cut);
  const steps: string[] = store.repairs.map((what) => `write the store's file anew: ${what}`);
  if (cut) steps.push(...describe(directory, found, cut));
  if (dropSnapshot)
    steps.push(`remove ${snapshotName(found.snapshotId)}, which is damaged: the log has all that it covers`);
  const forgets = cut !== undefined && logDamage !== undefined;
  const lost = forgets ? await lostEntries(found, cut, records) : undefined;
  if (forgets)
    steps.push('give the storage a new store id, so that the cluster knows that it may have forgotten something');
  if (!apply || steps.length === 0) return { steps, lost: lost?.entries, forgets, applied: false };
  const changed = [
    storeFileName,
    ...(cut?.at ? [segmentName(cut.at.segment)] : []),
    ...(cut?.remove ?? []).map(segmentName),
    ...(dropSnapshot && found.snapshotId > 0 ? [snapshotName(found.snapshotId)] : []),
  ];
  await copyFiles(
    directory,
    changed.filter((name) => found.names.includes(name)),
    copyTo,
  );
  if (cut) await cutLog(fileSystem, directory, cut);
  if (dropSnapshot && found.names.includes(snapshotName(found.snapshotId))) {
    await remove(fileSystem, directory, snapshotName(found.snapshotId));
  }
  const hardState = hardStateAfter(found, cut, lost);
  await noteRepair(fileSystem, directory, found, { cut, forgets, dropSnapshot, hardState });
  if (cut?.beginAfter) await beginLog(fileSystem, directory, found, cut.beginAfter, hardState);
  return { steps, lost: lost?.entries, forgets, applied: true };
}

/** Up to where the log is sound. Throws what a start throws when nothing can be cut to make it so. */
function planCut({ log, logDamage, segments, snapshot, snapshotDamage }: Found): Cut | undefined {
  const { state } = log.builder;
  const last = log.scanned.at(-1);
  const isTorn = log.torn > 0 || log.spare?.content === 'torn';
  if (!logDamage && !isTorn) return undefined;
  if (last && state.missingThrough <= state.base.index) {
    const at = { segment: last.id, offset: last.end.offset };
    return { at, remove: segments.filter((id) => id > last.id), beginAfter: undefined };
  }
  if (!logDamage) return { at: undefined, remove: segments, beginAfter: undefined };
  // Nothing of the log can be used. Behind a snapshot it may begin anew; without one the node would know nothing at all.
  if (snapshot === undefined || snapshotDamage) throw logDamage;
  return { at: undefined, remove: segments, beginAfter: { index: snapshot.index, term: snapshot.term } };
}

/** A damaged snapshot can go when the log holds everything from its first entry on. */
async function snapshotToDrop(
  fileSystem: FileSystem,
  directory: string,
  found: Found,
  cut: Cut | undefined,
): Promise<boolean> {
  const { snapshotDamage, log } = found;
  let damaged = snapshotDamage !== undefined;
  if (!damaged) {
    for await (const { state } of snapshotRecords(fileSystem, directory, found)) damaged ||= state === 'damaged';
  }
  if (!damaged) return false;
  const isWhole = log.builder.state.base.index === 0 && (cut === undefined || cut.at !== undefined);
  if (!isWhole && snapshotDamage) throw snapshotDamage;
  // Its metadata are sound, and the log goes on behind it: the node fetches another's.
  return isWhole;
}

function describe(directory: string, { logDamage, log }: Found, { at, remove, beginAfter }: Cut): string[] {
  const why = logDamage ? logDamage.message : 'a write was cut off by a crash';
  const steps = remove.map((id) => `remove ${segmentName(id)}: ${why}`);
  if (at) {
    const place = `${segmentPath(directory, at.segment)} at offset ${at.offset}`;
    steps.push(`cut ${place}, so that the log ends with entry ${log.builder.state.lastIndex}: ${why}`);
  }
  if (beginAfter) steps.push(`begin the log anew behind the snapshot of entries 1 to ${beginAfter.index}`);
  return steps;
}

interface Lost {
  readonly entries: IndexRange;
  /** The latest term that is told of. */
  readonly term: number;
}

/** What is found behind the cut. */
async function lostEntries(found: Found, cut: Cut, records: AsyncIterable<StorageRecord>): Promise<Lost> {
  let to = found.logDamage?.place.entries?.to ?? 0;
  let term = 0;
  for await (const record of records) {
    if (record.kind === 'entry') to = Math.max(to, record.index ?? 0);
    if (record.kind === 'hardState' || record.kind === 'entry') term = Math.max(term, record.term ?? 0);
  }
  const from = endOf(found, cut) + 1;
  return { entries: { from, to: to < from ? undefined : to }, term };
}

/** The last entry of the log after the repair. */
function endOf({ log }: Found, cut: Cut | undefined): number {
  return cut && !cut.at ? (cut.beginAfter?.index ?? 0) : log.builder.state.lastIndex;
}

/** The latest that is known. What was lost may have been a vote, so one that forgets begins a term in which it gave none. */
function hardStateAfter(found: Found, cut: Cut | undefined, lost: Lost | undefined): HardState {
  const known = restoredHardState(found.log.builder.state, found.store?.record.hardState);
  const commitIndex = Math.min(known.commitIndex, endOf(found, cut));
  if (!lost) return { ...known, commitIndex };
  return { term: Math.max(known.term, lost.term) + 1, votedFor: undefined, commitIndex };
}

async function cutLog(fileSystem: FileSystem, directory: string, cut: Cut): Promise<void> {
  for (const id of cut.remove.toReversed()) await remove(fileSystem, directory, segmentName(id));
  if (!cut.at) return;
  const { segment, offset } = cut.at;
  const path = segmentPath(directory, segment);
  await doing(`cut ${path}`, async () => {
    const file = await fileSystem.open(path, 'durable');
    try {
      const last = await new FileWindow(file, await file.size()).lastNonZero(offset);
      if (last < offset) return;
      const zeros = Buffer.alloc(last + 1 - offset);
      if ((await file.write(zeros, offset)) < zeros.length) throw new Error('short write');
    } finally {
      await file.close();
    }
  });
}

async function remove(fileSystem: FileSystem, directory: string, name: string): Promise<void> {
  await doing(`remove ${name}`, () => fileSystem.remove(join(directory, name)));
  await doing(`sync ${directory}`, () => fileSystem.syncDirectory(directory));
}

async function noteRepair(
  fileSystem: FileSystem,
  directory: string,
  { store, log }: Found,
  change: { cut: Cut | undefined; forgets: boolean; dropSnapshot: boolean; hardState: HardState },
): Promise<void> {
  const { record } = store!;
  const path = join(directory, storeFileName);
  const last = log.scanned.at(-1);
  const nowhere = { segment: 0, offset: 0 };
  const end = last ? { segment: last.id, offset: last.end.offset } : nowhere;
  const durable = change.cut ? (change.cut.at ?? nowhere) : end;
  const file = await doing(`open ${path}`, () => fileSystem.open(path, 'write'));
  const writer = new StoreFile(file, path, record);
  try {
    await writer.mark(durable);
    await writer.note({
      durable,
      hardState: change.hardState,
      ...(change.dropSnapshot ? { snapshot: undefined } : {}),
      ...(change.forgets ? { identity: { ...record.identity, storeId: randomUUID() } } : {}),
    });
  } finally {
    await writer.close();
  }
}

/** Writes the first segment of a log that goes on behind the snapshot. */
async function beginLog(
  fileSystem: FileSystem,
  directory: string,
  { store }: Found,
  resetTo: TermRun,
  hardState: HardState,
): Promise<void> {
  const { identity, frameKey } = store!.record;
  const failure = new FailStop(() => undefined);
  const writer = new LogWriter({
    fileSystem,
    directory,
    identity,
    salt: saltOf(frameKey),
    segmentBytes: 128 * 1024,
    failure,
    recovered: undefined,
    hardState,
    begun: () => undefined,
    mark: () => Promise.resolve(),
    saveHardState: () => Promise.reject(new Error('not written here')),
  });
  try {
    await writer.append({ hardState, resetTo, entries: [] });
  } finally {
    await writer.close();
  }
}
