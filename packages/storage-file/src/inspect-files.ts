import { join } from 'node:path';
import { StorageError } from '@raft/core';
import type { SnapshotMeta, StorageRecord } from '@raft/core';
import type { FileSystem } from './file-system.js';
import { saltOf } from './frame.js';
import { changeName, idsOf, snapshotName, snapshotPath, storeFileName } from './layout.js';
import { examineLog } from './log-examination.js';
import type { Examination } from './log-examination.js';
import { LogBuilder } from './log-builder.js';
import type { LogPlace } from './records.js';
import { checkStoredSnapshot } from './snapshot-present.js';
import { openSnapshotFile } from './snapshot-reader.js';
import { DamageError, doing } from './storage-failure.js';
import { laterPlace, readStore, STORE_FILE_BYTES } from './store-file.js';
import { storeFromOthers } from './store-from-others.js';
import type { StoreContent } from './store-file.js';

/** What a directory holds, as far as it can be read. */
export interface Found {
  readonly names: readonly string[];
  /** When its file is damaged, what segments and snapshots say of it; nothing: nothing else can be read either. */
  readonly store: StoreContent | undefined;
  /** Up to where the log is known to be durable, and whether that is in doubt. See {@link ExaminationOptions}. */
  readonly durable: LogPlace;
  readonly isDoubtful: boolean;
  readonly salt: number;
  readonly segments: readonly number[];
  readonly log: Examination;
  readonly snapshot: SnapshotMeta | undefined;
  /** The newest one; 0: there is none. */
  readonly snapshotId: number;
  /** What a start would refuse. */
  readonly storeDamage: DamageError | undefined;
  readonly logDamage: DamageError | undefined;
  readonly snapshotDamage: DamageError | undefined;
}

export async function look(fileSystem: FileSystem, directory: string): Promise<Found> {
  const names = await doing(`list ${directory}`, () => fileSystem.list(directory));
  const segments = idsOf(names, 'log');
  const snapshotId = idsOf(names, 'snapshot').at(-1) ?? 0;
  const log: Examination = { builder: new LogBuilder(), scanned: [], spare: undefined, torn: 0 };
  const found = { names, segments, snapshotId, log, salt: 0 };
  const [read, storeDamage] = await damageOf(() => readStoreFile(fileSystem, directory, names));
  const store = read ?? (await storeFromOthers(fileSystem, directory, segments, snapshotId));
  if (store === undefined) {
    const nothing = { logDamage: undefined, snapshot: undefined, snapshotDamage: undefined };
    return { ...found, ...nothing, store, storeDamage, durable: { segment: 0, offset: 0 }, isDoubtful: true };
  }
  const { record, mark } = store;
  const salt = saltOf(record.frameKey);
  const durable = typeof mark === 'string' ? record.durable : laterPlace(record.durable, mark);
  const isDoubtful = mark === 'damaged';
  const options = { fileSystem, directory, ids: segments, salt, durable, isDoubtful };
  const [, logDamage] = await damageOf(() => examineLog(options, log));
  const [snapshot, snapshotDamage] = await damageOf(async () => {
    checkStoredSnapshot(directory, snapshotId, undefined, record);
    if (snapshotId === 0) return undefined;
    const reader = await openSnapshotFile(fileSystem, snapshotPath(directory, snapshotId), record.frameKey);
    await reader.close();
    checkStoredSnapshot(directory, snapshotId, reader.meta, record);
    return reader.meta;
  });
  return { ...found, salt, store, storeDamage, durable, isDoubtful, logDamage, snapshot, snapshotDamage };
}

/** Throws unless a start would take what a directory holds. */
export async function checkSound(fileSystem: FileSystem, directory: string): Promise<void> {
  const { storeDamage, logDamage, snapshotDamage } = await look(fileSystem, directory);
  const damage = storeDamage ?? logDamage ?? snapshotDamage;
  if (damage) throw new Error(`it would not be sound afterwards (${damage.message}), so nothing was changed`);
}

/** The outcome, or the damage that was met. */
async function damageOf<T>(work: () => Promise<T>): Promise<[T | undefined, DamageError | undefined]> {
  try {
    return [await work(), undefined];
  } catch (error) {
    if (error instanceof DamageError) return [undefined, error];
    throw error;
  }
}

async function readStoreFile(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
): Promise<StoreContent> {
  const path = join(directory, storeFileName);
  if (!names.includes(storeFileName)) throw new DamageError({ path, offset: 0 }, 'it is missing, but the log is not');
  return doing(`read ${path}`, async () => {
    const file = await fileSystem.open(path, 'read');
    try {
      return await readStore(file, path);
    } finally {
      await file.close();
    }
  });
}

/** Where a torn write begins; undefined when there is none, or when it is damage. */
export function tornPlace({ log, logDamage }: Found): LogPlace | undefined {
  if (logDamage) return undefined;
  const last = log.scanned.at(-1);
  if (log.torn > 0 && last) return { segment: last.id, offset: last.end.offset };
  return log.spare?.content === 'torn' ? { segment: log.spare.id, offset: 0 } : undefined;
}

export function* storeRecords({ store, storeDamage }: Found): Generator<StorageRecord> {
  const place = { kind: 'store', file: storeFileName, offset: 0, size: STORE_FILE_BYTES } as const;
  if (store === undefined || storeDamage) {
    yield { ...place, state: 'damaged', note: storeDamage?.message };
    return;
  }
  const { clusterId, nodeId, groupId, storeId } = store.record.identity;
  const note = `cluster ${clusterId}, node ${nodeId}, group ${groupId}, store ${storeId}`;
  yield { ...place, state: 'intact', note: [note, ...store.repairs].join('; '), term: store.record.hardState?.term };
}

export async function* snapshotRecords(
  fileSystem: FileSystem,
  directory: string,
  { store, snapshotId, snapshotDamage }: Found,
): AsyncGenerator<StorageRecord> {
  if (store === undefined || snapshotId === 0) return;
  const file = snapshotName(snapshotId);
  const path = snapshotPath(directory, snapshotId);
  if (snapshotDamage && snapshotDamage.place.path === path) {
    const { offset } = snapshotDamage.place;
    yield { kind: 'snapshot', file, offset, size: 0, state: 'damaged', note: snapshotDamage.message };
    return;
  }
  const reader = await openSnapshotFile(fileSystem, path, store.record.frameKey);
  try {
    const { index, term, configuration } = reader.meta;
    const { offset, bytes } = reader.header;
    const note = `voters ${configuration.voters.join(', ')}, ${reader.size} bytes`;
    yield { kind: 'snapshot', file, offset, size: bytes, state: 'intact', index, term, note };
    for await (const part of reader.parts()) {
      const kind = part.isEnd ? 'snapshotEnd' : 'chunk';
      const state = part.damage ? 'damaged' : 'intact';
      yield { kind, file, offset: part.offset, size: part.bytes, state, note: part.damage?.message };
    }
  } finally {
    await reader.close();
  }
}

/** `RAFT_STORAGE_IO` unless the directory holds a storage of this kind. */
export async function checkDirectory(fileSystem: FileSystem, directory: string): Promise<void> {
  const names = await doing(`list ${directory}`, () => fileSystem.list(directory));
  if (isFileStorage(names)) return;
  throw new StorageError('RAFT_STORAGE_IO', `${directory} holds no file storage: is it the directory of one node?`);
}

function isFileStorage(names: readonly string[]): boolean {
  return (
    [storeFileName, changeName].some((name) => names.includes(name)) ||
    /\b\d{10}\.(log|snapshot)\b/.test(names.join('\n'))
  );
}
