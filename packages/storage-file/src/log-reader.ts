import { StorageError } from '@raft/core';
import type { Entry, EntryType, LogIndex } from '@raft/core';
import type { FileSystem } from './file-system.js';
import { FileWindow } from './file-window.js';
import { FRAME_HEADER_BYTES, FrameType, payloadIsIntact, readHeader, readUint64 } from './frame.js';
import type { FrameHeader } from './frame.js';
import { ENTRY_HEADER_BYTES } from './group-encoder.js';
import { segmentPath } from './layout.js';
import type { LogState } from './log-state.js';
import type { IndexPoint, SparseIndex } from './sparse-index.js';
import { doing } from './storage-failure.js';
import { damaged } from './torn-write.js';

const smallestStepBytes = 64 * 1024;
const largestStepBytes = 1024 * 1024;

export interface LogReaderOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly salt: number;
  /** The log as it is on the disk. */
  readonly state: LogState;
  readonly index: SparseIndex;
}

/** Reads entries back from the segments, with their checksums. */
export class LogReader {
  readonly #options: LogReaderOptions;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** See `Storage.entries`. */
  async read(from: LogIndex, to: LogIndex, maxBytes: number): Promise<Entry[]> {
    const { index } = this.#options;
    for (;;) {
      const version = index.version;
      const entries = await this.#tryRead(from, to, maxBytes);
      // What was truncated in the meantime may have been read, and replaced.
      if (version === index.version) return entries;
    }
  }

  async #tryRead(from: LogIndex, to: LogIndex, maxBytes: number): Promise<Entry[]> {
    const { state } = this.#options;
    this.#refuseCompacted(from);
    const reading: Reading = { entries: [], next: from, last: Math.min(to, state.lastIndex), bytesLeft: maxBytes };
    while (reading.next <= reading.last && (reading.bytesLeft > 0 || reading.entries.length === 0)) {
      const found = this.#options.index.find(reading.next);
      if (found === undefined) break;
      const through = Math.min(found.through, reading.last);
      if (!(await this.#readFrom(found.point, through, reading))) break;
    }
    return reading.entries;
  }

  #refuseCompacted(from: LogIndex): void {
    const { firstIndex } = this.#options.state;
    if (from >= firstIndex) return;
    throw new StorageError('RAFT_STORAGE_COMPACTED', `entry ${from} is compacted: the log begins at ${firstIndex}`);
  }

  /** False when the bytes asked for are used up. */
  async #readFrom(point: IndexPoint, through: LogIndex, reading: Reading): Promise<boolean> {
    const { fileSystem, directory } = this.#options;
    const path = segmentPath(directory, point.segment);
    return doing(`read ${path}`, async () => {
      const file = await this.#openSegment(fileSystem, path, reading.next);
      try {
        const step = Math.min(Math.max(2 * reading.bytesLeft, smallestStepBytes), largestStepBytes);
        return await this.#readFrames(new FileWindow(file, await file.size(), step), path, point, through, reading);
      } finally {
        await file.close();
      }
    });
  }

  async #openSegment(fileSystem: FileSystem, path: string, next: LogIndex): ReturnType<FileSystem['open']> {
    try {
      return await fileSystem.open(path, 'read');
    } catch (error) {
      // The segment may have been compacted since its place was looked up.
      this.#refuseCompacted(next);
      throw error;
    }
  }

  async #readFrames(
    window: FileWindow,
    path: string,
    { segment, offset: start }: IndexPoint,
    through: LogIndex,
    reading: Reading,
  ): Promise<boolean> {
    for (let offset = start; reading.next <= through;) {
      const header = await this.#frameAt(window, segment, offset);
      if (header === undefined) {
        throw damaged({ path, brokenAt: offset, nextIndex: reading.next }, 'a record is not what was written', through);
      }
      const holdsNext = header.firstIndex <= reading.next && reading.next < header.firstIndex + header.count;
      if (holdsNext && !takeEntries(window.buffer, window.at(offset), header, through, reading)) return false;
      offset += header.length;
    }
    return true;
  }

  async #frameAt(window: FileWindow, segment: number, offset: number): Promise<FrameHeader | undefined> {
    const { salt } = this.#options;
    if (offset + FRAME_HEADER_BYTES > window.size) return undefined;
    await window.load(offset, FRAME_HEADER_BYTES);
    const header = readHeader(window.buffer, window.at(offset), segment, offset, salt);
    if (header?.type !== FrameType.batch || offset + header.length > window.size) return undefined;
    await window.load(offset, header.length);
    return payloadIsIntact(window.buffer, window.at(offset), header, salt) ? header : undefined;
  }
}

interface Reading {
  readonly entries: Entry[];
  next: LogIndex;
  readonly last: LogIndex;
  bytesLeft: number;
}

/** Takes the entries of a frame that are asked for; false when the next one does not fit any more. */
function takeEntries(buffer: Buffer, at: number, header: FrameHeader, through: LogIndex, reading: Reading): boolean {
  const payload = at + FRAME_HEADER_BYTES + header.controlBytes;
  // One copy for all entries of the frame: the window is used again.
  const copy = Buffer.from(buffer.subarray(payload, at + header.length));
  let offset = 0;
  for (let i = 0; i < header.count; i++) {
    const bytes = copy.readUInt32LE(offset);
    const index = header.firstIndex + i;
    if (index > through) return true;
    if (index >= reading.next) {
      if (reading.entries.length > 0 && bytes > reading.bytesLeft) return false;
      const data = copy.subarray(offset + ENTRY_HEADER_BYTES, offset + ENTRY_HEADER_BYTES + bytes);
      const type = copy[offset + 4] as EntryType;
      reading.entries.push({ index, term: readUint64(copy, offset + 8), type, data });
      reading.bytesLeft -= bytes;
      reading.next = index + 1;
    }
    offset += ENTRY_HEADER_BYTES + bytes;
  }
  return reading.bytesLeft > 0;
}
