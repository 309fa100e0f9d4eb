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
}
