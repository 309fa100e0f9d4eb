import type { ClassicLevel } from 'classic-level';
import { EntryType, StorageError } from '@raft/core';
import type { Entry, LogIndex, Term, TermRun } from '@raft/core';
import { corrupt } from './failure.js';
import type { Group } from './group.js';
import type { GroupKeys } from './keys.js';
import { decodeEntry } from './records.js';
import type { GroupRecord, StoredEntry } from './records.js';

const readBytes = 1024 * 1024;
/** Of one step of an iterator, whatever their size. */
const readCount = 4096;

export interface LogSource {
  readonly path: string;
  readonly level: ClassicLevel<Buffer, Buffer>;
  readonly salt: number;
}

/** See `Storage.entries`. */
export async function readEntries(
  source: LogSource,
  group: Group,
  from: LogIndex,
  to: LogIndex,
  maxBytes: number,
): Promise<Entry[]> {
  // What is under way may have replaced entries already, which it has not told of.
  while (group.rewriting) await group.rewriting;
  const { firstIndex, lastIndex } = group.state;
  if (from < firstIndex) {
    throw new StorageError('RAFT_STORAGE_COMPACTED', `entry ${from} is gone: the log begins at ${firstIndex}`);
  }
  const end = Math.min(to, lastIndex);
  if (from > end) return [];
  const termOf = termsFrom(group, from);
  const found: Entry[] = [];
  let bytes = 0;
  for await (const some of storedEntries(source, group.keys, from, end, maxBytes)) {
    for (const { entry } of some) {
      const next = from + found.length;
      if (entry.index !== next) throw damagedEntry(source.path, group.id, next, 'is missing');
      if (entry.term !== termOf(next))
        throw damagedEntry(source.path, group.id, next, 'is not the one that was written');
      bytes += entry.data.length;
      if (found.length > 0 && bytes > maxBytes) return found;
      found.push(entry);
    }
    if (bytes >= maxBytes) return found;
  }
  if (from + found.length <= end) throw damagedEntry(source.path, group.id, from + found.length, 'is missing');
  return found;
}

/** Tells the terms of consecutive entries, as the log is now. */
function termsFrom(group: Group, from: LogIndex): (index: LogIndex) => Term {
  let term = group.state.termOf(from);
  const later = group.state.terms.filter((run) => run.index > from);
  let at = 0;
  return (index) => {
    if (later[at]?.index === index) term = later[at++]!.term;
    return term;
  };
}

/** What the entries of a group tell of the log, each of them looked at. */
export async function scanEntries(
  source: LogSource,
  keys: GroupKeys,
  groupId: string,
  { base, last }: GroupRecord,
): Promise<{ terms: TermRun[]; configurations: Entry[] }> {
  const terms: TermRun[] = [{ index: base.index, term: base.term }];
  const configurations: Entry[] = [];
  let { index, term } = base;
  for await (const some of storedEntries(source, keys, base.index + 1, undefined, readBytes)) {
    for (const { entry, previousTerm } of some) {
      if (entry.index > last.index) throw damagedEntry(source.path, groupId, entry.index, 'is beyond the end');
      if (entry.index !== index + 1) throw damagedEntry(source.path, groupId, index + 1, 'is missing');
      if (previousTerm !== term) throw damagedEntry(source.path, groupId, index, 'is not the one that was written');
      if (entry.term !== term) terms.push({ index: entry.index, term: entry.term });
      ({ index, term } = entry);
      if (entry.type === EntryType.configuration) configurations.push(entry);
    }
  }
  if (index !== last.index) throw damagedEntry(source.path, groupId, index + 1, 'is missing');
  if (term !== last.term) throw damagedEntry(source.path, groupId, index, 'is not the one that was written');
  return { terms, configurations };
}

/** Entries in the order of their keys, intact, some at a time. `chunkBytes`: of one read. */
async function* storedEntries(
  source: LogSource,
  keys: GroupKeys,
  from: LogIndex,
  to: LogIndex | undefined,
  chunkBytes: number,
): AsyncGenerator<StoredEntry[]> {
  const { level, salt, path } = source;
  // Made before anything is awaited: it shows the database as it is now.
  const iterator = level.iterator({
    ...keys.entries(from, to),
    highWaterMarkBytes: Math.max(1, Math.min(chunkBytes, readBytes)),
    fillCache: false,
  });
  try {
    for (;;) {
      const pairs = await iterator.nextv(readCount);
      if (pairs.length === 0) return;
      yield pairs.map(([key, value]) => {
        const index = keys.indexOf(key);
        const stored = decodeEntry(salt, key, index, value);
        if (stored === undefined) throw corrupt(`${path} is damaged: entry ${index} is not what was written`);
        return stored;
      });
    }
  } finally {
    await iterator.close();
  }
}

function damagedEntry(path: string, groupId: string, index: LogIndex, what: string): StorageError {
  return corrupt(`${path} is damaged: entry ${index} of group ${groupId} ${what}`);
}
