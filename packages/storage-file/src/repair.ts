import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ChangeOptions, HardState, IndexRange, RepairPlan, StorageRecord, TermRun } from '@raft/core';
import { changeDirectory } from './directory-change.js';
import { writeWhole } from './file-system.js';
import type { FileSystem } from './file-system.js';
import { FileWindow } from './file-window.js';
import { snapshotRecords } from './inspect-files.js';
import type { Found } from './inspect-files.js';
import { segmentName, segmentPath, snapshotName } from './layout.js';
import { restoredHardState } from './log-state.js';
import { writeLog } from './log-writer.js';
import type { LogPlace, StoreRecord } from './records.js';
import { doing } from './storage-failure.js';
import { makeStore, newRecord, openStoreToWrite } from './store-file.js';
import type { StoreFile } from './store-file.js';

const zeros: Buffer = Buffer.alloc(1024 * 1024);

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
  const { store, storeDamage, logDamage, names } = found;
  if (store === undefined) throw storeDamage!;
  const cut = planCut(found);
  const dropSnapshot = await snapshotToDrop(fileSystem, directory, found, cut);
  const steps: string[] = store.repairs.map((what) => `write the store's file anew: ${what}`);
  if (storeDamage) steps.push(describeOwner(store.record, storeDamage.what));
  if (cut) steps.push(...describe(directory, found, cut));
  if (dropSnapshot) steps.push(describeDrop(found, cut));
  // Without the store's file nobody knows how far the log went, nor of a vote that was written there.
  const forgets = (cut !== undefined && logDamage !== undefined) || storeDamage !== undefined;
  const told = forgets ? await toldOf(found, cut, records) : undefined;
  const lost = cut !== undefined && logDamage !== undefined ? told?.lost : undefined;
  if (forgets)
    steps.push('give the storage a new store id, so that the cluster knows that it may have forgotten something');
  if (!apply || steps.length === 0) return { steps, lost, forgets, applied: false };
  const hardState = hardStateAfter(found, cut, told?.term);
  await changeDirectory(fileSystem, directory, { what: 'repair', names, copyTo }, async (staged) => {
    if (cut) await cutLog(staged, directory, cut);
    const snapshot = snapshotName(found.snapshotId);
    if (dropSnapshot && names.includes(snapshot)) await staged.remove(join(directory, snapshot));
    await writeStore(staged, directory, found, { cut, forgets, dropSnapshot, hardState });
  });
  return { steps, lost, forgets, applied: true };
}

/** Up to where the log is sound. */
function planCut({ log, logDamage, segments, snapshot, snapshotDamage }: Found): Cut | undefined {
  const { state } = log.builder;
  const last = log.scanned.at(-1);
  const isTorn = log.torn > 0 || log.spare?.content === 'torn';
  if (!logDamage && !isTorn) return undefined;
  if (last && state.missingThrough <= state.base.index) {
    const at = { segment: last.id, offset: last.end.offset };
    return { at, remove: segments.filter((id) => id > last.id), beginAfter: undefined };
  }
  // Nothing of the log can be used. Behind a snapshot it may begin anew; without one the node knows nothing any more.
  const isBehindSnapshot = logDamage !== undefined && snapshot !== undefined && !snapshotDamage;
  const beginAfter = isBehindSnapshot ? { index: snapshot.index, term: snapshot.term } : undefined;
  return { at: undefined, remove: segments, beginAfter };
}

/** A damaged snapshot can go when the log holds everything from its first entry on, or nothing at all. */
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
  const isEmpty = cut !== undefined && !cut.at && !cut.beginAfter;
  const isWhole = log.builder.state.base.index === 0 && (cut === undefined || cut.at !== undefined);
  if (!isEmpty && !isWhole && snapshotDamage) throw snapshotDamage;
  // Its metadata are sound, and the log goes on behind it: the node fetches another's.
  return isEmpty || isWhole;
}

function describeOwner({ identity }: StoreRecord, why: string): string {
  const { clusterId, nodeId, groupId } = identity;
  const whose = `cluster ${clusterId}, node ${nodeId}, group ${groupId}`;
  return `make the store's file anew, from what the other files say of it (${whose}): ${why}`;
}

function describeDrop({ snapshotId }: Found, cut: Cut | undefined): string {
  const why = cut && !cut.at ? 'and nothing follows it' : 'the log has all that it covers';
  return `remove ${snapshotName(snapshotId)}, which is damaged: ${why}`;
}

function describe(directory: string, { logDamage, log }: Found, { at, remove, beginAfter }: Cut): string[] {
  const why = logDamage ? logDamage.what : 'a write was cut off by a crash';
  const isTornSpare = !logDamage && log.torn === 0;
  const steps = remove.map((id) => `remove ${segmentName(id)}${isTornSpare ? `: ${why}` : ''}`);
  if (at && !isTornSpare) {
    const place = `${segmentPath(directory, at.segment)} at offset ${at.offset}`;
    steps.push(`cut ${place}, so that the log ends with entry ${log.builder.state.lastIndex}: ${why}`);
  } else if (beginAfter) {
    steps.push(`begin the log anew behind the snapshot of entries 1 to ${beginAfter.index}: ${why}`);
  } else if (logDamage) {
    steps.push(`begin with an empty log, since NOTHING of it can be used: ${why}`);
  }
  return steps;
}

interface Told {
  /** What the log loses by the cut. */
  readonly lost: IndexRange;
  /** The latest term. */
  readonly term: number;
}

/** What is found in all records, also behind the cut. */
async function toldOf(found: Found, cut: Cut | undefined, records: AsyncIterable<StorageRecord>): Promise<Told> {
  let to = found.logDamage?.place.entries?.to ?? 0;
  let term = 0;
  for await (const record of records) {
    if (record.kind === 'entry') to = Math.max(to, record.index ?? 0);
    if (record.kind === 'hardState' || record.kind === 'entry') term = Math.max(term, record.term ?? 0);
  }
  const from = endOf(found, cut) + 1;
  return { lost: { from, to: to < from ? undefined : to }, term };
}

/** The last entry of the log after the repair. */
function endOf({ log }: Found, cut: Cut | undefined): number {
  return cut && !cut.at ? (cut.beginAfter?.index ?? 0) : log.builder.state.lastIndex;
}

/** The latest that is known. What was lost may have been a vote, so one that forgets begins a term in which it gave none. */
function hardStateAfter(found: Found, cut: Cut | undefined, toldTerm: number | undefined): HardState {
  const known = restoredHardState(found.log.builder.state, found.store?.record.hardState);
  const commitIndex = Math.min(known.commitIndex, endOf(found, cut));
  if (toldTerm === undefined) return { ...known, commitIndex };
  return { term: Math.max(known.term, toldTerm) + 1, votedFor: undefined, commitIndex };
}

async function cutLog(fileSystem: FileSystem, directory: string, cut: Cut): Promise<void> {
  for (const id of cut.remove) {
    await doing(`remove ${segmentName(id)}`, () => fileSystem.remove(segmentPath(directory, id)));
  }
  if (!cut.at) return;
  const { segment, offset } = cut.at;
  const path = segmentPath(directory, segment);
  await doing(`cut ${path}`, async () => {
    const file = await fileSystem.open(path, 'durable');
    try {
      const end = (await new FileWindow(file, await file.size()).lastNonZero(offset)) + 1;
      for (let at = offset; at < end; at += zeros.length) {
        await writeWhole(file, zeros.subarray(0, Math.min(zeros.length, end - at)), at);
      }
    } finally {
      await file.close();
    }
  });
}

interface StoreChange {
  readonly cut: Cut | undefined;
  readonly forgets: boolean;
  readonly dropSnapshot: boolean;
  readonly hardState: HardState;
}

/** Notes what is left, and begins a log that goes on behind the snapshot. */
async function writeStore(
  fileSystem: FileSystem,
  directory: string,
  found: Found,
  { cut, forgets, dropSnapshot, hardState }: StoreChange,
): Promise<void> {
  const { record } = found.store!;
  const identity = forgets ? { ...record.identity, storeId: randomUUID() } : record.identity;
  const { frameKey } = record;
  let durable = endOfLog(found, cut);
  if (cut?.beginAfter) {
    const segmentBytes = 128 * 1024;
    const log = { fileSystem, directory, identity, frameKey, segmentBytes, recovered: undefined, hardState };
    durable = await writeLog(log, { hardState, resetTo: cut.beginAfter, entries: [] });
  }
  const file = await openOrMakeStore(fileSystem, directory, found);
  try {
    await file.mark(durable);
    await file.note({ identity, durable, hardState, snapshot: dropSnapshot ? undefined : snapshotOf(found) });
  } finally {
    await file.close();
  }
}

function openOrMakeStore(fileSystem: FileSystem, directory: string, found: Found): Promise<StoreFile> {
  const { record } = found.store!;
  if (found.storeDamage === undefined) return openStoreToWrite(fileSystem, directory, record);
  return makeStore(fileSystem, directory, newRecord(record.identity, record.frameKey));
}

/** As it was noted; when that is gone, as it is. */
function snapshotOf({ store, storeDamage, snapshot, snapshotId }: Found): StoreRecord['snapshot'] {
  if (storeDamage === undefined) return store!.record.snapshot;
  return snapshot && { id: snapshotId, last: { index: snapshot.index, term: snapshot.term } };
}

function endOfLog({ log }: Found, cut: Cut | undefined): LogPlace {
  if (cut) return cut.at ?? { segment: 0, offset: 0 };
  const last = log.scanned.at(-1);
  return last ? { segment: last.id, offset: last.end.offset } : { segment: 0, offset: 0 };
}
