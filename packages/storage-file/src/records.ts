import { configurationFromProto, configurationToProto, raftV1 } from '@raft/proto';
import type { HardState, SnapshotMeta, StoreIdentity, TermRun } from '@raft/core';

// The Protocol Buffers records of the files, as the core's types. They are read from frames whose checksums were right.

/** A place in the log: everything before it is durable. */
export interface LogPlace {
  readonly segment: number;
  readonly offset: number;
}

/** A snapshot that was made durable: the number in its file's name, and the last entry that it covers. */
export interface StoredSnapshot {
  readonly id: number;
  readonly last: TermRun;
}

export interface StoreRecord {
  readonly identity: StoreIdentity;
  readonly generation: number;
  readonly durable: LogPlace;
  readonly snapshot: StoredSnapshot | undefined;
  /** Written here when the disk was too full for the log. */
  readonly hardState: HardState | undefined;
  /** What the checksums of all other files start from. */
  readonly frameKey: string;
}

export interface SegmentRecord {
  readonly identity: StoreIdentity;
  readonly segmentBytes: number;
  readonly previousEnd: number;
  readonly hardState: HardState;
  readonly base: TermRun;
  readonly last: TermRun;
  /** See {@link StoreRecord.frameKey}. */
  readonly frameKey: string;
}

export interface ControlRecord {
  readonly hardState?: HardState | undefined;
  readonly resetTo?: TermRun | undefined;
  readonly truncateFrom?: number | undefined;
  readonly compactTo?: TermRun | undefined;
}

export interface SnapshotRecord {
  readonly identity: StoreIdentity;
  readonly meta: SnapshotMeta;
  readonly chunkBytes: number;
  /** See {@link StoreRecord.frameKey}. */
  readonly frameKey: string;
}

/** What a repair or a recovery does to the files of a directory. */
export interface DirectoryChange {
  /** A noun, for people. */
  readonly what: string;
  readonly files: readonly FileChange[];
}

export interface FileChange {
  readonly name: string;
  readonly removed: boolean;
  /** The file is made anew, of so many zeros, before the writes; 0: it is there. */
  readonly madeBytes: number;
  readonly writes: readonly FileWrite[];
}

export interface FileWrite {
  readonly offset: number;
  readonly data: Uint8Array;
  /** Bytes of zeros instead of `data`. */
  readonly zeros: number;
}

export function encodeStore({ identity, generation, durable, snapshot, hardState, frameKey }: StoreRecord): Uint8Array {
  return raftV1.StoreHeader.encode({
    identity,
    generation,
    durableSegment: durable.segment,
    durableOffset: durable.offset,
    snapshot: snapshot ?? null,
    hardState: hardState ? wireHardState(hardState) : null,
    frameKey: wireFrameKey(frameKey, identity),
  }).finish();
}

export function decodeStore(bytes: Uint8Array): StoreRecord {
  const record = raftV1.StoreHeader.decode(bytes);
  const identity = identityOf(record.identity);
  const { generation, snapshot } = record;
  const last = positionOf(snapshot?.last);
  return {
    identity,
    generation,
    durable: { segment: record.durableSegment, offset: record.durableOffset },
    snapshot: last && { id: snapshot?.id ?? 0, last },
    hardState: hardStateOf(record.hardState),
    frameKey: record.frameKey || identity.storeId,
  };
}

export function encodeSegment(record: SegmentRecord): Uint8Array {
  const { hardState, frameKey, ...rest } = record;
  const key = wireFrameKey(frameKey, record.identity);
  return raftV1.SegmentHeader.encode({ ...rest, hardState: wireHardState(hardState), frameKey: key }).finish();
}

export function decodeSegment(bytes: Uint8Array): SegmentRecord {
  const record = raftV1.SegmentHeader.decode(bytes);
  const identity = identityOf(record.identity);
  return {
    identity,
    frameKey: record.frameKey || identity.storeId,
    segmentBytes: record.segmentBytes,
    previousEnd: record.previousEnd,
    hardState: hardStateOf(record.hardState) ?? { term: 0, votedFor: undefined, commitIndex: 0 },
    base: positionOf(record.base) ?? { index: 0, term: 0 },
    last: positionOf(record.last) ?? { index: 0, term: 0 },
  };
}

/** Empty when the batch does nothing but append. */
export function encodeControl(record: ControlRecord): Uint8Array {
  const { hardState, resetTo, truncateFrom, compactTo } = record;
  if (!hardState && !resetTo && truncateFrom === undefined && !compactTo) return nothing;
  return raftV1.BatchControl.encode({
    hardState: hardState ? wireHardState(hardState) : null,
    resetTo: resetTo ?? null,
    truncateFrom: truncateFrom ?? 0,
    compactTo: compactTo ?? null,
  }).finish();
}

export function decodeControl(bytes: Uint8Array): ControlRecord {
  const record = raftV1.BatchControl.decode(bytes);
  return {
    hardState: hardStateOf(record.hardState),
    resetTo: positionOf(record.resetTo),
    truncateFrom: record.truncateFrom || undefined,
    compactTo: positionOf(record.compactTo),
  };
}

export function encodeSnapshot({ identity, meta, chunkBytes, frameKey }: SnapshotRecord): Uint8Array {
  const { index, term, configuration, configurationIndex } = meta;
  return raftV1.SnapshotHeader.encode({
    identity,
    last: { index, term },
    configuration: configurationToProto(configuration),
    configurationIndex,
    chunkBytes,
    frameKey: wireFrameKey(frameKey, identity),
  }).finish();
}

export function decodeSnapshot(bytes: Uint8Array): SnapshotRecord {
  const record = raftV1.SnapshotHeader.decode(bytes);
  const { index, term } = positionOf(record.last) ?? { index: 0, term: 0 };
  const { configurationIndex } = record;
  const meta = { index, term, configuration: configurationFromProto(record.configuration), configurationIndex };
  const identity = identityOf(record.identity);
  return { identity, meta, chunkBytes: record.chunkBytes, frameKey: record.frameKey || identity.storeId };
}

export function encodeChange({ what, files }: DirectoryChange): Uint8Array {
  return raftV1.DirectoryChange.encode({
    what,
    files: files.map((file) => ({ ...file, writes: [...file.writes] })),
  }).finish();
}

export function decodeChange(bytes: Uint8Array): DirectoryChange {
  const { what, files } = raftV1.DirectoryChange.decode(bytes);
  return {
    what,
    files: files.map(({ name, removed, madeBytes, writes }) => ({
      name: name ?? '',
      removed: removed ?? false,
      madeBytes: madeBytes ?? 0,
      writes: (writes ?? []).map(({ offset, data, zeros }) => ({
        offset: offset ?? 0,
        data: data ?? new Uint8Array(),
        zeros: zeros ?? 0,
      })),
    })),
  };
}

const nothing = new Uint8Array();

/** Most stores never change their id, and have it for a key. */
function wireFrameKey(frameKey: string, { storeId }: StoreIdentity): string {
  return frameKey === storeId ? '' : frameKey;
}

function wireHardState({ term, votedFor, commitIndex }: HardState): raftV1.HardState.$Properties {
  return { term, votedFor: votedFor ?? '', commitIndex };
}

function hardStateOf(record: raftV1.HardState.$Properties | null | undefined): HardState | undefined {
  if (!record) return undefined;
  return { term: record.term ?? 0, votedFor: record.votedFor || undefined, commitIndex: record.commitIndex ?? 0 };
}

function positionOf(record: raftV1.LogPosition.$Properties | null | undefined): TermRun | undefined {
  return record ? { index: record.index ?? 0, term: record.term ?? 0 } : undefined;
}

function identityOf(record: raftV1.StoreIdentity.$Properties | null | undefined): StoreIdentity {
  const { clusterId = '', nodeId = '', groupId = '', storeId = '' } = record ?? {};
  return { clusterId: clusterId ?? '', nodeId: nodeId ?? '', groupId: groupId ?? '', storeId: storeId ?? '' };
}
