/** One call on one key of the map, as its caller saw it; a line of a history file. Times in nanoseconds. */
export interface Operation {
  /** Who called. A client's calls follow each other: none begins before the one before has returned or was given up. */
  readonly client: string;
  readonly op: 'get' | 'set' | 'delete' | 'cas';
  readonly key: string;
  /** What was to be written, by a set and a compare-and-set. */
  readonly value?: string;
  /** What a compare-and-set expected; null: that the key is not there. */
  readonly expected?: string | null;
  /** What a get found, or a refused compare-and-set; null: the key is not there. Absent when it is not known. */
  readonly output?: string | null;
  /** Whether a compare-and-set swapped; whether a delete found something. Absent when it is not known. */
  readonly ok?: boolean;
  readonly call: number;
  /** Null: no answer came, so it may have been done at any time since the call, or never. */
  readonly return: number | null;
  /** `fail`: certainly not done, and so of no account. Default `ok`, or `unknown` without a return. */
  readonly outcome?: 'ok' | 'fail' | 'unknown';
}
