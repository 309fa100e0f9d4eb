import type { ClassicLevel } from 'classic-level';
import type { GroupId, LogIndex, StorageProblem, StorageRecord, Term } from '@raft/core';
import { databaseName } from './database-files.js';
import { GroupKeys, groupOf, groupRecords, Kind, rootKey, storeKey } from './keys.js';
import type { Note } from './note-file.js';
import { checksumOf, decodeChunk, decodeEntry, decodeRecord, saltOf } from './records.js';
import type { GroupRecord, RootRecord, StoreRecord } from './records.js';

type Level = ClassicLevel<Buffer, Buffer>;

/** What was found of a group. */
export interface GroupFindings {
  readonly id: GroupId;
  readonly record: GroupRecord;
  /** Up to here the log is sound. */
  readonly sound: { readonly index: LogIndex; readonly term: Term };
  /** The last entry, and the highest term, that anything tells of. */
  readonly toldOf: { readonly index: LogIndex; readonly term: Term };
  readonly isSnapshotSound: boolean;
}

export interface Findings {
  readonly store: StoreRecord | undefined;
  readonly root: RootRecord | undefined;
  /** Those whose record is intact. */
  readonly groups: ReadonlyMap<GroupId, GroupFindings>;
  readonly problems: readonly StorageProblem[];
}

export function problem(
  kind: StorageProblem['kind'],
  message: string,
  rest: Partial<StorageProblem> = {},
): StorageProblem {
  return {
    kind,
    file: databaseName,
    offset: undefined,
    entries: undefined,
    message: `${databaseName}: ${message}`,
    ...rest,
  };
}

/** Looks at everything that is in a database. */
export async function examine(level: Level, note: Note | undefined): Promise<Findings> {
  const problems: StorageProblem[] = [];
  const add = (message: string): void => void problems.push(problem('corrupt', message));
  const store = (await read(level, 0, storeKey)) as StoreRecord | undefined;
  if (store === undefined) add('the record that tells whose database it is is missing or damaged');
  if (store && note && store.databaseId !== note.databaseId) add('it is not the database of the file beside it');
  const databaseId = store?.databaseId ?? note?.databaseId;
  if (databaseId === undefined) return { store, root: undefined, groups: new Map(), problems };
  const salt = saltOf(databaseId);
  const root = (await read(level, salt, rootKey)) as RootRecord | undefined;
  if (root === undefined) add('the root record is missing or damaged');
  else if (note && root.writes < note.writes) {
    add(`the last ${note.writes - root.writes} writes are missing, of ${note.writes} that were durable`);
  }
  const groups = new Map<GroupId, GroupFindings>();
  let sum = 0;
  for await (const [key, value] of level.iterator(groupRecords)) {
    const record = decodeRecord(salt, key, value) as GroupRecord | undefined;
    if (record === undefined) add(`the record of group ${groupOf(key)} is damaged`);
    else groups.set(groupOf(key), await examineGroup(level, salt, groupOf(key), record, problems));
    sum += value.length < 4 ? 0 : checksumOf(value);
  }
  if (root && sum % 2 ** 32 !== root.sum) add('the record of a group is missing, or not the last one that was written');
  return { store, root, groups, problems };
}

/** By an iterator: it looks at the tables themselves, not at their filters. */
async function read(level: Level, salt: number, key: Buffer): Promise<unknown> {
  for await (const value of level.values({ gte: key, lte: key })) return decodeRecord(salt, key, value);
  return undefined;
}

async function examineGroup(
  level: Level,
  salt: number,
  id: GroupId,
  record: GroupRecord,
  problems: StorageProblem[],
): Promise<GroupFindings> {
  const { base, last, hardState, snapshot } = record;
  const keys = new GroupKeys(id);
  const group = `group ${id}`;
  let sound = { index: base.index, term: base.term };
  const toldOf = { index: last.index, term: Math.max(last.term, hardState.term) };
  let damage: string | undefined;
  for await (const [key, value] of level.iterator(keys.entries(base.index + 1))) {
    const index = keys.indexOf(key);
    const stored = decodeEntry(salt, key, index, value);
    toldOf.index = Math.max(toldOf.index, index);
    toldOf.term = Math.max(toldOf.term, stored?.entry.term ?? 0);
    if (damage !== undefined) continue;
    if (index !== sound.index + 1) damage = `entry ${sound.index + 1} is missing`;
    else if (index > last.index) damage = `entry ${index} is beyond the end`;
    else if (stored === undefined) damage = `entry ${index} is damaged`;
    else if (stored.previousTerm !== sound.term) damage = `entry ${sound.index} is not the one that was written`;
    else sound = { index, term: stored.entry.term };
  }
  if (damage === undefined && sound.index < last.index) damage = `entry ${sound.index + 1} is missing`;
  if (damage === undefined && sound.term !== last.term) damage = `entry ${last.index} is not the one that was written`;
  // A successor shows that it is another: it is not sound itself.
  if (damage?.endsWith('was written') && sound.index > base.index)
    sound = await before(level, salt, keys, sound.index, record);
  if (damage !== undefined) {
    const entries = { from: sound.index + 1, to: toldOf.index };
    problems.push(problem('corrupt', `${damage} (${group}, entries ${entries.from} to ${entries.to})`, { entries }));
  } else {
    compare(record, group, problems);
  }
  const isSnapshotSound = !snapshot || (await examineSnapshot(level, salt, keys, record, group, problems));
  return { id, record, sound, toldOf, isSnapshotSound };
}

async function before(
  level: Level,
  salt: number,
  keys: GroupKeys,
  index: LogIndex,
  { base }: GroupRecord,
): Promise<{ index: LogIndex; term: Term }> {
  if (index - 1 === base.index) return { index: base.index, term: base.term };
  for await (const [key, value] of level.iterator(keys.entries(index - 1, index - 1))) {
    const stored = decodeEntry(salt, key, index - 1, value);
    if (stored) return { index: index - 1, term: stored.entry.term };
  }
  return { index: base.index, term: base.term };
}

/** The log against hard state and snapshot. */
function compare({ base, last, hardState, snapshot }: GroupRecord, group: string, problems: StorageProblem[]): void {
  const add = (kind: StorageProblem['kind'], message: string): void =>
    void problems.push(problem(kind, `${message} (${group})`));
  if (last.term > hardState.term) {
    add('corrupt', `the log ends in term ${last.term}, but the hard state knows of term ${hardState.term} only`);
  }
  if (hardState.commitIndex > Math.max(last.index, snapshot?.meta.index ?? 0)) {
    add('corrupt', `entry ${hardState.commitIndex} was committed, but the log ends at entry ${last.index}`);
  }
  if ((snapshot?.meta.index ?? 0) < base.index) {
    const from = (snapshot?.meta.index ?? 0) + 1;
    add('snapshot', `entries ${from} to ${base.index} are neither in a snapshot nor in the log`);
  }
}

async function examineSnapshot(
  level: Level,
  salt: number,
  keys: GroupKeys,
  { snapshot }: GroupRecord,
  group: string,
  problems: StorageProblem[],
): Promise<boolean> {
  if (!snapshot) return true;
  const { id, bytes, chunkBytes, meta } = snapshot;
  let good = 0;
  for await (const [key, value] of level.iterator(keys.chunks(id, id))) {
    const number = key.readUInt32BE(key.length - 4);
    const data = decodeChunk(salt, key, value);
    if (number === good && data?.length === Math.min(chunkBytes, bytes - number * chunkBytes)) good++;
  }
  if (good === Math.ceil(bytes / chunkBytes)) return true;
  const message = `chunk ${good} of snapshot ${meta.index} is missing or damaged (${group})`;
  problems.push(problem('snapshot', message));
  return false;
}

/** Every record of a database, in the order of the keys. */
export async function* databaseRecords(level: Level, databaseId: string | undefined): AsyncIterable<StorageRecord> {
  const salt = databaseId === undefined ? 0 : saltOf(databaseId);
  let number = 0;
  for await (const [key, value] of level.iterator()) {
    const place = { file: databaseName, offset: number++, size: key.length + value.length };
    for (const each of describe(salt, key, value)) yield { ...place, ...each };
  }
}

type Description = Omit<StorageRecord, 'file' | 'offset' | 'size'>;

function describe(salt: number, key: Buffer, value: Buffer): Description[] {
  const state = (intact: unknown): 'intact' | 'damaged' => (intact === undefined ? 'damaged' : 'intact');
  if (key.equals(storeKey)) {
    const store = decodeRecord(0, key, value) as StoreRecord | undefined;
    return [{ kind: 'store', state: state(store), note: store && `cluster ${store.clusterId}, node ${store.nodeId}` }];
  }
  if (key.equals(rootKey)) {
    const root = decodeRecord(salt, key, value) as RootRecord | undefined;
    return [{ kind: 'store', state: state(root), note: root && `root after ${root.writes} writes` }];
  }
  if (key[0] === Kind.group)
    return describeGroup(groupOf(key), decodeRecord(salt, key, value) as GroupRecord | undefined);
  const id = key.length > 3 ? key.toString('utf8', 3, 3 + key.readUInt16BE(1)) : '';
  const keys = new GroupKeys(id);
  const note = `group ${id}`;
  if (key[0] === Kind.entry && key.length === keys.entry(0).length) {
    const index = keys.indexOf(key);
    const entry = decodeEntry(salt, key, index, value)?.entry;
    return [{ kind: 'entry', state: state(entry), index, term: entry?.term, type: entry?.type, note }];
  }
  if (key[0] === Kind.chunk && key.length === keys.chunk(0, 0).length) {
    const data = decodeChunk(salt, key, value);
    const chunk = `${note}, snapshot ${key.readUIntBE(key.length - 10, 6)}, chunk ${key.readUInt32BE(key.length - 4)}`;
    return [{ kind: 'chunk', state: state(data), note: chunk }];
  }
  return [{ kind: 'unknown', state: 'damaged', note: `key ${key.toString('hex')}` }];
}

function describeGroup(id: GroupId, record: GroupRecord | undefined): Description[] {
  if (record === undefined) return [{ kind: 'hardState', state: 'damaged', note: `group ${id}` }];
  const { hardState, base, last, snapshot, storeId } = record;
  const vote = hardState.votedFor === undefined ? 'no vote' : `vote for ${hardState.votedFor}`;
  const note = `group ${id}, store ${storeId}, ${vote}, commit index ${hardState.commitIndex}, entries ${base.index + 1} to ${last.index}`;
  const found: Description[] = [{ kind: 'hardState', state: 'intact', term: hardState.term, note }];
  if (!snapshot) return found;
  const { meta, bytes } = snapshot;
  const what = `group ${id}, ${bytes} bytes, voters ${meta.configuration.voters.join(', ')}`;
  return [...found, { kind: 'snapshot', state: 'intact', index: meta.index, term: meta.term, note: what }];
}
