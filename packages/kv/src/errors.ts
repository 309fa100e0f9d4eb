import { type LogIndex, RaftError } from '@raft/core';

/** A watch cannot go on without a gap: changes since the revision that was asked for are remembered no more. */
export class HistoryGoneError extends RaftError {
  /** The least revision from which a watch can go on: list what is there first, as changes before it were missed. */
  readonly oldest: LogIndex;

  constructor(from: LogIndex, oldest: LogIndex) {
    super(
      'RAFT_HISTORY_GONE',
      `changes from revision ${from} on are remembered no more: read what is there, and watch from revision ${oldest} or later`,
    );
    this.oldest = oldest;
  }
}
