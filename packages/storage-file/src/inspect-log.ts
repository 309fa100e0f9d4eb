import type { EntryType, StorageRecord } from '@raft/core';
import type { FileSystem } from './file-system.js';
import { FileWindow } from './file-window.js';
import { FRAME_HEADER_BYTES, FrameType, payloadIsIntact, readHeader, readUint64 } from './frame.js';
import type { FrameHeader } from './frame.js';
import { ENTRY_HEADER_BYTES } from './group-encoder.js';
import { segmentName, segmentPath } from './layout.js';
import { PREAMBLE_BYTES } from './preamble.js';
import { decodeControl, decodeSegment } from './records.js';
import type { LogPlace } from './records.js';
import { doing, storageError } from './storage-failure.js';

export interface LogRecordsOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly ids: readonly number[];
  readonly salt: number;
  /** From here on it is a torn write. */
  readonly torn: LogPlace | undefined;
}

type State = StorageRecord['state'];

/** All that lies in the segments, frame by frame; what is no frame is one record up to the next intact frame. */
export async function* logRecords(options: LogRecordsOptions): AsyncGenerator<StorageRecord> {
  let previous: number | undefined;
  for (const id of options.ids) {
    const path = segmentPath(options.directory, id);
    const file = await doing(`open ${path}`, () => options.fileSystem.open(path, 'read'));
    try {
      previous = yield* segmentRecords(options, id, new FileWindow(file, await file.size()), previous);
    } catch (error) {
      throw storageError(error, `read ${path}`);
    } finally {
      await file.close();
    }
  }
}

/** Returns the checksum of the last frame. */
async function* segmentRecords(
  { salt, torn }: LogRecordsOptions,
  id: number,
  window: FileWindow,
  before: number | undefined,
): AsyncGenerator<StorageRecord, number | undefined> {
  const file = segmentName(id);
  const end = (await window.lastNonZero(0)) + 1;
  let previous = before;
  // The preamble is no frame, and has no checksum; a damaged one is told by the examination of the log.
  for (let offset = PREAMBLE_BYTES; offset < end;) {
    const isTorn = torn !== undefined && torn.segment === id && offset >= torn.offset;
    const header = await intactFrame(window, id, offset, salt);
    if (header === undefined) {
      const next = await nextFrame(window, id, offset + 8, end, salt);
      const note = isTorn ? 'a write that was cut off' : 'no record: its checksum or its place is wrong';
      const state = isTorn ? 'torn' : 'damaged';
      yield { kind: 'unknown', file, offset, size: next - offset, state, note };
      offset = next;
      previous = undefined;
      continue;
    }
    const follows = previous === undefined || header.previous === previous;
    const state: State = isTorn ? 'torn' : follows ? 'intact' : 'damaged';
    const at = window.at(offset);
    const frame = Buffer.from(window.buffer.subarray(at, at + header.length));
    yield* frameRecords(
      { file, offset, state, note: follows ? undefined : 'does not follow the one before' },
      header,
      frame,
    );
    offset += header.length;
    previous = header.headerCrc;
  }
  return previous;
}

interface Place {
  readonly file: string;
  readonly offset: number;
  readonly state: State;
  readonly note: string | undefined;
}

function* frameRecords(place: Place, header: FrameHeader, frame: Buffer): Generator<StorageRecord> {
  const size = FRAME_HEADER_BYTES + header.controlBytes;
  try {
    const control = frame.subarray(FRAME_HEADER_BYTES, size);
    if (header.type === FrameType.segment) {
      const { identity, last, hardState } = decodeSegment(control);
      const { clusterId, nodeId, groupId } = identity;
      const note = place.note ?? `cluster ${clusterId}, node ${nodeId}, group ${groupId}, term ${hardState.term}`;
      yield { kind: 'segment', ...place, size: header.length, index: last.index, term: last.term, note };
      return;
    }
    if (header.type !== FrameType.batch) throw new RangeError(`a record of type ${header.type} is no part of a log`);
    if (header.controlBytes > 0) yield* controlRecords(place, control, size);
    yield* entryRecords(place, header, frame, size);
  } catch (error) {
    const note = `its checksum is right, its content is not: ${(error as Error).message}`;
    yield { kind: 'unknown', ...place, size: header.length, state: 'damaged', note };
  }
}

function* controlRecords(place: Place, bytes: Buffer, size: number): Generator<StorageRecord> {
  const { hardState, resetTo, truncateFrom, compactTo } = decodeControl(bytes);
  if (hardState) {
    const { term, votedFor, commitIndex } = hardState;
    const note =
      place.note ?? `${votedFor === undefined ? 'no vote' : `voted for ${votedFor}`}, commit index ${commitIndex}`;
    yield { kind: 'hardState', ...place, size, term, note };
  }
  if (resetTo) yield { kind: 'reset', ...place, size, ...resetTo };
  if (truncateFrom !== undefined) yield { kind: 'truncate', ...place, size, index: truncateFrom };
  if (compactTo) yield { kind: 'compact', ...place, size, ...compactTo };
}

function* entryRecords(place: Place, header: FrameHeader, frame: Buffer, start: number): Generator<StorageRecord> {
  let at = start;
  for (let i = 0; i < header.count; i++) {
    const size = ENTRY_HEADER_BYTES + (at + ENTRY_HEADER_BYTES <= frame.length ? frame.readUInt32LE(at) : frame.length);
    if (at + size > frame.length) throw new RangeError('an entry is longer than its record');
    const type = frame[at + 4] as EntryType;
    const index = header.firstIndex + i;
    yield { kind: 'entry', ...place, offset: place.offset + at, size, index, term: readUint64(frame, at + 8), type };
    at += size;
  }
}

async function intactFrame(
  window: FileWindow,
  segment: number,
  offset: number,
  salt: number,
): Promise<FrameHeader | undefined> {
  const left = window.size - offset;
  if (left < FRAME_HEADER_BYTES) return undefined;
  await window.load(offset, FRAME_HEADER_BYTES);
  const header = readHeader(window.buffer, window.at(offset), segment, offset, salt);
  if (!header || header.length > left) return undefined;
  await window.load(offset, header.length);
  return payloadIsIntact(window.buffer, window.at(offset), header, salt) ? header : undefined;
}

async function nextFrame(
  window: FileWindow,
  segment: number,
  from: number,
  end: number,
  salt: number,
): Promise<number> {
  for (let offset = from; offset < end; offset += 8) {
    if (await intactFrame(window, segment, offset, salt)) return offset;
  }
  return end;
}
