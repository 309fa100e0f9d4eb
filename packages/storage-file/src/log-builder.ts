import type { Entry, LogIndex, TermRun } from '@raft/core';
import { EntryType } from '@raft/core';
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, readUint64 } from './frame.js';
import type { FrameHeader } from './frame.js';
import { ENTRY_HEADER_BYTES } from './group-encoder.js';
import type { FrameSpot } from './group-encoder.js';
import { LogState } from './log-state.js';
import { decodeControl } from './records.js';
import type { ControlRecord } from './records.js';
import { SparseIndex } from './sparse-index.js';

interface Staged {
  control: ControlRecord;
  first: LogIndex;
  count: number;
  readonly runs: TermRun[];
  readonly spots: FrameSpot[];
  readonly configurations: Entry[];
}

/** Makes the state of the log anew from its frames. A batch counts once its last frame was seen. */
export class LogBuilder {
  readonly state: LogState = new LogState();
  readonly index: SparseIndex = new SparseIndex();
  configurations: Entry[] = [];
  #staged: Staged | undefined;

  /** Takes in a frame of type `batch`. Throws InvalidArgumentError or RangeError when it makes no sense at this place. */
  frame(header: FrameHeader, buffer: Buffer, at: number): void {
    if (header.type !== FrameType.batch) throw new RangeError(`a frame of type ${header.type} is no part of a log`);
    const payload = at + FRAME_HEADER_BYTES;
    if (header.flags & FrameFlag.firstOfBatch) {
      const control =
        header.controlBytes > 0 ? decodeControl(buffer.subarray(payload, payload + header.controlBytes)) : {};
      this.#staged = { control, first: header.firstIndex, count: 0, runs: [], spots: [], configurations: [] };
    }
    const staged = this.#staged;
    if (!staged || header.firstIndex !== staged.first + staged.count) {
      throw new RangeError('a frame does not continue the batch that it belongs to');
    }
    this.#entries(staged, header, buffer, payload + header.controlBytes, at + header.length);
    if (header.flags & FrameFlag.lastOfBatch) this.#commit(staged, header.segment);
  }

  #entries(staged: Staged, header: FrameHeader, buffer: Buffer, start: number, end: number): void {
    if (header.count > 0) staged.spots.push({ index: header.firstIndex, offset: header.offset });
    let at = start;
    for (let i = 0; i < header.count; i++) {
      const bytes = at + ENTRY_HEADER_BYTES <= end ? buffer.readUInt32LE(at) : end;
      if (at + ENTRY_HEADER_BYTES + bytes > end) throw new RangeError('an entry is longer than its frame');
      const index = header.firstIndex + i;
      const term = readUint64(buffer, at + 8);
      if (staged.runs.at(-1)?.term !== term) staged.runs.push({ index, term });
      if (buffer[at + 4] === EntryType.configuration) {
        const data = new Uint8Array(buffer.subarray(at + ENTRY_HEADER_BYTES, at + ENTRY_HEADER_BYTES + bytes));
        staged.configurations.push({ index, term, type: EntryType.configuration, data });
      }
      at += ENTRY_HEADER_BYTES + bytes;
    }
    staged.count += header.count;
  }

  #commit({ control, first, count, runs, spots, configurations }: Staged, segment: number): void {
    this.#staged = undefined;
    const change = { ...control, first, count, runs };
    this.state.check(change);
    this.state.apply(change);
    const { resetTo, truncateFrom, compactTo } = control;
    if (resetTo) this.configurations = [];
    if (truncateFrom !== undefined) this.configurations = this.configurations.filter((one) => one.index < truncateFrom);
    this.configurations.push(...configurations);
    if (compactTo) this.configurations = this.configurations.filter((one) => one.index > compactTo.index);
    indexChange(this.index, this.state, change, segment, spots);
  }
}

/** Brings the index to where the state is after a change. */
export function indexChange(
  index: SparseIndex,
  state: LogState,
  { resetTo, truncateFrom, compactTo }: ControlRecord,
  segment: number,
  spots: readonly FrameSpot[],
): void {
  if (resetTo) index.clear();
  if (truncateFrom !== undefined) index.truncate(truncateFrom);
  for (const spot of spots) index.add(spot.index, segment, spot.offset);
  if (compactTo) index.compact(state.firstIndex, state.lastIndex);
}
