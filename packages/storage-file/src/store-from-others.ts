import type { FileSystem } from './file-system.js';
import { FRAME_HEADER_BYTES, FrameType, payloadIsIntact, readHeader, saltOf } from './frame.js';
import { segmentPath, snapshotPath } from './layout.js';
import { PREAMBLE_BYTES, readPreamble, segmentMagic, snapshotMagic } from './preamble.js';
import { decodeSegment, decodeSnapshot } from './records.js';
import type { StoreRecord } from './records.js';
import { placeOf } from './snapshot-reader.js';
import { doing } from './storage-failure.js';
import { newRecord } from './store-file.js';
import type { StoreContent } from './store-file.js';

type Owner = Pick<StoreRecord, 'identity' | 'frameKey'>;

/** Headers are much smaller. */
const headBytes = 64 * 1024;

/**
 * Whose data a directory holds, when its store's file does not tell: every segment and snapshot begins with it, and with what
 * its checksums start from. The newest is believed. How far the log was durable is told by none of them.
 */
export async function storeFromOthers(
  fileSystem: FileSystem,
  directory: string,
  segments: readonly number[],
  snapshotId: number,
): Promise<StoreContent | undefined> {
  for (const id of segments.toReversed()) {
    const owner = ownerInSegment(await headOf(fileSystem, segmentPath(directory, id)), id);
    if (owner) return contentOf(owner);
  }
  if (snapshotId === 0) return undefined;
  const owner = ownerInSnapshot(await headOf(fileSystem, snapshotPath(directory, snapshotId)));
  return owner && contentOf(owner);
}

function contentOf({ identity, frameKey }: Owner): StoreContent {
  return { record: newRecord(identity, frameKey), mark: 'damaged', repairs: [] };
}

async function headOf(fileSystem: FileSystem, path: string): Promise<Buffer> {
  return doing(`read ${path}`, async () => {
    const file = await fileSystem.open(path, 'read');
    try {
      const head = Buffer.alloc(Math.min(headBytes, await file.size()));
      await file.read(head, 0);
      return head;
    } finally {
      await file.close();
    }
  });
}

function ownerInSegment(head: Buffer, id: number): Owner | undefined {
  if (readPreamble(head, segmentMagic) === undefined) return undefined;
  return ownerIn(head, decodeSegment, ({ frameKey }) => {
    const header = readHeader(head, PREAMBLE_BYTES, id, PREAMBLE_BYTES, saltOf(frameKey));
    return header?.type === FrameType.segment && payloadIsIntact(head, PREAMBLE_BYTES, header, saltOf(frameKey));
  });
}

function ownerInSnapshot(head: Buffer): Owner | undefined {
  const preamble = readPreamble(head, snapshotMagic);
  if (preamble === undefined) return undefined;
  return ownerIn(head, decodeSnapshot, ({ frameKey }) => {
    const salt = saltOf(frameKey, preamble.extra);
    const { segment, offset } = placeOf(PREAMBLE_BYTES);
    const header = readHeader(head, PREAMBLE_BYTES, segment, offset, salt);
    return header?.type === FrameType.snapshot && payloadIsIntact(head, PREAMBLE_BYTES, header, salt);
  });
}

/** What the checksum starts from lies under it: so it is read first, and believed when the checksum is right. */
function ownerIn<T extends Owner>(
  head: Buffer,
  decode: (bytes: Buffer) => T,
  isIntact: (owner: T) => boolean,
): Owner | undefined {
  const payload = PREAMBLE_BYTES + FRAME_HEADER_BYTES;
  if (head.length < payload) return undefined;
  const controlBytes = head.readUInt32LE(PREAMBLE_BYTES + 28);
  try {
    const owner = decode(head.subarray(payload, payload + controlBytes));
    return isIntact(owner) ? owner : undefined;
  } catch {
    // What is no record cannot be read as one.
    return undefined;
  }
}
