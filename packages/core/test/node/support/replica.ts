import { EntryType } from '../../../src/index.js';
import type { Applied, Codec, Entry, LogIndex } from '../../../src/index.js';
import { Applier } from '../../../src/node/applier.js';
import { encodeSessionCommand, encodeSessionEntry } from '../../../src/node/sessions/entries.js';
import type { SessionEntry } from '../../../src/node/sessions/entries.js';
import { Refused } from '../../../src/node/sessions/outcomes.js';
import { encodeSessions, SessionsReader } from '../../../src/node/sessions/snapshot.js';
import { SessionTable } from '../../../src/node/sessions/table.js';
import { textCodec } from './recorder.js';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** One replica of a log that the test writes: no consensus, no time. A command's result is `text@index`. */
export interface Replica {
  readonly table: SessionTable;
  readonly applied: Applied<string>[];
  /** Applies entries as one batch for each number in `sizes`, and the rest one by one; gives the outcomes as text. */
  apply(entries: readonly Entry[], sizes?: readonly number[]): string[];
  /** The blocks of the table as of the call. */
  snapshot(): Iterable<Uint8Array>;
}

/** Makes the table what the blocks say. */
export function restore(table: SessionTable, blocks: Iterable<Uint8Array>): void {
  const reader = new SessionsReader(table);
  for (const block of blocks) reader.take(block);
  reader.finish();
}

export function replica({
  resultCodec = textCodec,
  result = ({ command, index }) => `${command}@${index}`,
  from = 1,
  snapshot = [],
  maxResultBytes,
}: {
  readonly resultCodec?: Codec<string> | undefined | null;
  readonly result?: (entry: Applied<string>) => unknown;
  readonly from?: LogIndex;
  readonly snapshot?: Iterable<Uint8Array>;
  readonly maxResultBytes?: number;
} = {}): Replica {
  const table = new SessionTable(maxResultBytes);
  restore(table, snapshot);
  const applied: Applied<string>[] = [];
  const outcomes: string[] = [];
  let log: readonly Entry[] = [];
  let sizes: number[] = [];
  const machine = {
    codec: textCodec,
    ...(resultCodec === null ? {} : { resultCodec }),
    apply(entries: readonly Applied<string>[]) {
      applied.push(...entries);
      return entries.map((entry) => result(entry) as string);
    },
    query() {},
    async *snapshot() {},
    async restore() {},
  };
  const applier = new Applier<string, string>(machine, table, from - 1, {
    clock: { now: () => 0, setTimer: () => ({ cancel() {} }), defer: (task) => tasks.push(task) },
    entries: (first) => log.slice(first - from, first - from + Math.max(1, sizes.shift() ?? 1)),
    applied: (_, results) => void outcomes.push(...results.map(describe)),
    failed(error) {
      throw error;
    },
  });
  const tasks: (() => void)[] = [];
  return {
    table,
    applied,
    apply(entries, cuts = []) {
      log = [...log, ...entries];
      sizes = [...cuts];
      const before = outcomes.length;
      applier.advance(from - 1 + log.length);
      for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
      return outcomes.slice(before);
    },
    snapshot() {
      const blocks = encodeSessions(table);
      return { [Symbol.iterator]: () => blocks };
    },
  };
}

function describe(outcome: unknown): string {
  if (outcome instanceof Refused) return outcome.error.code;
  return outcome instanceof Uint8Array ? `bytes ${outcome.join()}` : String(outcome);
}

/** Writes a log, entry by entry, from index 1 on. */
export class Log {
  readonly entries: Entry[] = [];
  readonly #from: LogIndex;

  constructor(from: LogIndex = 1) {
    this.#from = from;
  }

  session(entry: SessionEntry): this {
    return this.add(EntryType.session, encodeSessionEntry(entry));
  }

  register(maxSessions = 100): this {
    return this.session({ kind: 'register', maxSessions });
  }

  command(id: LogIndex, sequence: number, text: string, firstUnacknowledged = 0): this {
    const command = bytesOf(text);
    return this.add(EntryType.sessionCommand, encodeSessionCommand({ id, sequence, firstUnacknowledged, command }));
  }

  plain(text: string): this {
    return this.add(EntryType.command, bytesOf(text));
  }

  add(type: EntryType, data: Uint8Array): this {
    this.entries.push({ index: this.#from + this.entries.length, term: 1, type, data });
    return this;
  }
}
