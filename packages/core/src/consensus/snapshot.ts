import type { InstallSnapshot, InstallSnapshotResponse } from '../messages.js';

/** A piece of a snapshot that is about to be sent. */
export type SnapshotPiece = Pick<InstallSnapshot, 'snapshot' | 'streamId' | 'offset' | 'data' | 'checksum' | 'done'>;

/** What became of a piece that was received: `to` and `term` are those of the piece's sender. */
export type WrittenPiece = Pick<InstallSnapshotResponse, 'streamId' | 'index' | 'offset' | 'outcome' | 'to' | 'term'>;
