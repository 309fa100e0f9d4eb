import type { EntryType, LogIndex, Term } from '../types.js';
import type { Waiter } from './waiters.js';

/** A command on its way into a log. */
export interface Proposal {
  readonly type: EntryType;
  readonly data: Uint8Array;
  waiter: Waiter<unknown>;
  /** `sent`: handed to the leader, which has not answered; `logged`: in a log at `index`, in `term`. */
  state: 'queued' | 'sent' | 'logged' | 'ended';
  index: LogIndex;
  term: Term;
  /** It entered the log of this node, which led in `term`. */
  isOwn: boolean;
  /** In which it was last handed to a leader. */
  question: Question | undefined;
}

/** Commands that were handed to a leader in one message. */
export interface Question {
  readonly id: number;
  readonly term: Term;
  readonly proposals: readonly Proposal[];
  /** Proposals that somebody still waits for. */
  waiting: number;
}
