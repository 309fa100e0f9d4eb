import { basename } from 'node:path';
import type { StorageProblem, StorageRecord, Verification } from '@raft/core';
import type { Found } from './inspect-files.js';
import { tornPlace } from './inspect-files.js';
import { segmentName, snapshotName, storeFileName } from './layout.js';
import { restoredHardState } from './log-state.js';
import type { DamageError } from './storage-failure.js';

export async function verify(found: Found, records: AsyncIterable<StorageRecord>): Promise<Verification> {
  const { log, store, snapshot } = found;
  const { state } = log.builder;
  const hardState = restoredHardState(state, store?.record.hardState);
  const problems: StorageProblem[] = [];
  for (const damage of [found.storeDamage, found.logDamage, found.snapshotDamage]) {
    if (damage) problems.push(problemOf('corrupt', damage));
  }
  problems.push(...tornProblems(found), ...logProblems(found, hardState));
  let count = 0;
  const known = new Set(problems.map(({ file, offset }) => `${file} ${offset}`));
  for await (const record of records) {
    count++;
    if (record.state !== 'damaged' || known.has(`${record.file} ${record.offset}`)) continue;
    problems.push(recordProblem(found, record));
  }
  const { index: lastIndex, term: lastTerm } = state.last;
  return { records: count, problems, hardState, firstIndex: state.firstIndex, lastIndex, lastTerm, snapshot };
}

function problemOf(kind: StorageProblem['kind'], { place, what: message }: DamageError): StorageProblem {
  return { kind, file: basename(place.path), offset: place.offset, entries: place.entries, message };
}

function recordProblem({ logDamage }: Found, { kind, file, offset, size, note }: StorageRecord): StorageProblem {
  const isData = kind === 'chunk' || kind === 'snapshotEnd';
  const message = `${file}, offset ${offset}, ${size} bytes: ${note ?? 'damaged'}`;
  // When the log is whole, what is damaged lies behind the last record of a segment, where nothing was.
  const rest = logDamage ? 'corrupt' : 'torn';
  return { kind: isData ? 'snapshot' : rest, file, offset, entries: undefined, message };
}

function tornProblems(found: Found): StorageProblem[] {
  const torn = tornPlace(found);
  const problems: StorageProblem[] = (found.store?.repairs ?? []).map((message) => ({
    kind: 'torn',
    file: storeFileName,
    offset: undefined,
    entries: undefined,
    message,
  }));
  if (torn === undefined) return problems;
  const file = segmentName(torn.segment);
  const message = `${file}, offset ${torn.offset}: a write was cut off by a crash; nobody was told of it, and a start cuts it away`;
  return [...problems, { kind: 'torn', file, offset: torn.offset, entries: undefined, message }];
}

/** The log against hard state and snapshot. What was not read to its end is not compared. */
function logProblems(found: Found, hardState: { term: number; commitIndex: number }): StorageProblem[] {
  const { log, logDamage, snapshot, snapshotDamage, snapshotId, segments } = found;
  if (logDamage || segments.length === 0) return [];
  const { base, last } = log.builder.state;
  const problems: StorageProblem[] = [];
  const add = (kind: StorageProblem['kind'], file: string, message: string): void =>
    void problems.push({ kind, file, offset: undefined, entries: undefined, message });
  const logFile = segmentName(segments[0]!);
  if (last.term > hardState.term) {
    add(
      'corrupt',
      logFile,
      `the log ends in term ${last.term}, but the hard state knows of term ${hardState.term} only`,
    );
  }
  if (hardState.commitIndex > Math.max(last.index, snapshot?.index ?? 0)) {
    add('corrupt', logFile, `entry ${hardState.commitIndex} was committed, but the log ends at entry ${last.index}`);
  }
  if (snapshotDamage) return problems;
  const covered = snapshot?.index ?? 0;
  const snapshotFile = snapshotName(snapshotId);
  if (covered < base.index) {
    const missing = `entries ${covered + 1} to ${base.index} are neither in a snapshot nor in the log`;
    add('snapshot', snapshotId === 0 ? logFile : snapshotFile, missing);
  } else if (snapshot && snapshot.index <= last.index) {
    const term = log.builder.state.termOf(snapshot.index);
    if (term !== snapshot.term) {
      const message = `the snapshot ends with entry ${snapshot.index} of term ${snapshot.term}, which in the log has term ${term}`;
      add('corrupt', snapshotFile, message);
    }
  }
  return problems;
}
