import { EntryType } from '@raft/core';
import type { IndexRange, StorageInspector, StorageRecord, Verification } from '@raft/core';
import { exitCodes } from '../usage-error.js';
import type { Print, StorageOptions } from './options.js';

const typeNames = new Map<number | undefined, string>(Object.entries(EntryType).map(([name, type]) => [type, name]));

/** A line for each record; damaged ones make the exit code 1. */
export async function dump(inspector: StorageInspector, { asJson }: StorageOptions, print: Print): Promise<number> {
  if (!asJson) await print(line(['FILE', 'OFFSET', 'SIZE', 'STATE', 'KIND', 'INDEX', 'TERM', 'TYPE', 'NOTE']));
  let damaged = 0;
  for await (const record of inspector.records()) {
    if (record.state === 'damaged') damaged++;
    await print(asJson ? JSON.stringify({ ...record, type: typeNames.get(record.type) }) : describeRecord(record));
  }
  return damaged === 0 ? exitCodes.done : exitCodes.failed;
}

function describeRecord({ file, offset, size, state, kind, index, term, type, note }: StorageRecord): string {
  const number = (value: number | undefined): string => (value === undefined ? '-' : String(value));
  const numbers = [number(index), number(term), typeNames.get(type) ?? '-'];
  return line([file, String(offset), String(size), state, kind, ...numbers, note ?? '']);
}

/** Columns that a stream of lines can have: they grow where something is longer. */
function line(cells: readonly string[]): string {
  const widths = [24, 10, 8, 8, 10, 10, 6, 14];
  return cells
    .map((cell, at) => cell.padEnd(widths[at] ?? 0))
    .join(' ')
    .trimEnd();
}

/** 1 when something is wrong that the next start does not mend by itself. */
export async function verify(inspector: StorageInspector, { asJson }: StorageOptions, print: Print): Promise<number> {
  const found = await inspector.verify();
  const { identity } = inspector;
  const isBad = found.problems.some(({ kind }) => kind !== 'torn');
  if (asJson) await print(JSON.stringify({ ok: !isBad, identity: identity ?? null, ...found }));
  else for (const text of describeVerification(inspector, found)) await print(text);
  return isBad ? exitCodes.failed : exitCodes.done;
}

const advice: Readonly<Record<Verification['problems'][number]['kind'], string>> = {
  torn: 'nothing that was acknowledged is missing, and the next start cuts it off',
  snapshot: 'the log is whole: the node fetches a snapshot from the others',
  corrupt: 'a start refuses: let the node come back empty from the others, or see `storage repair`',
};

function describeIdentity({ identity }: StorageInspector, { problems }: Verification): string {
  if (identity) return `node ${identity.nodeId} of cluster ${identity.clusterId}, store ${identity.storeId}`;
  return problems.length === 0 ? 'none yet: nothing was ever written' : 'damaged';
}

function describeVerification(inspector: StorageInspector, found: Verification): string[] {
  const { hardState, snapshot, firstIndex, lastIndex, lastTerm, problems } = found;
  return [
    `identity   ${describeIdentity(inspector, found)}`,
    `hard state term ${hardState.term}, vote for ${hardState.votedFor ?? 'nobody'}, commit index ${hardState.commitIndex}`,
    `log        ${lastIndex < firstIndex ? 'empty' : `entries ${firstIndex} to ${lastIndex}, the last of term ${lastTerm}`}`,
    `snapshot   ${snapshot === undefined ? 'none' : `index ${snapshot.index}, term ${snapshot.term}`}`,
    ...problems.map(
      ({ kind, message }) => `${kind === 'torn' ? 'torn      ' : 'DAMAGED   '} ${message}; ${advice[kind]}`,
    ),
    `${counted(found.records, 'record')}, ${problems.length === 0 ? 'all is well' : counted(problems.length, 'problem')}`,
  ];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

export function describeRange({ from, to }: IndexRange): string {
  if (to === undefined) return `entries from ${from} on`;
  return from === to ? `entry ${from}` : `entries ${from} to ${to}`;
}
