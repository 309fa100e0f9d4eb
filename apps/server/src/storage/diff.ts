import type { Entry, LogIndex, StorageInspector, Term } from '@raft/core';
import { exitCodes } from '../usage-error.js';
import type { Print, StorageOptions } from './options.js';

interface Side {
  readonly directory: string;
  readonly nodeId: string | undefined;
  readonly clusterId: string | undefined;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** What is wrong with it: then the log may have gone on behind its last entry. */
  readonly damage: string | null;
}

/** The first place where the logs are not the same; the next ones follow from it. */
interface Parting {
  readonly index: LogIndex;
  readonly what: 'term' | 'type' | 'data';
  readonly left: string;
  readonly right: string;
}

/** Where the logs of two nodes part. 1 when they do, when one is damaged, and when they have no entry in common to tell it from. */
export async function diff(
  left: StorageInspector,
  right: StorageInspector,
  { directory, other, asJson }: StorageOptions,
  print: Print,
): Promise<number> {
  const sides = [await sideOf(left, directory), await sideOf(right, other)] as const;
  const from = Math.max(sides[0].firstIndex, sides[1].firstIndex);
  const to = Math.min(sides[0].lastIndex, sides[1].lastIndex);
  const parting = from > to ? undefined : await findParting(left, right, from, to);
  const same = from > to ? undefined : { from, to: parting === undefined ? to : parting.index - 1 };
  if (asJson)
    await print(JSON.stringify({ left: sides[0], right: sides[1], same: same ?? null, parting: parting ?? null }));
  else for (const line of describe(sides, from, to, parting)) await print(line);
  const isSame = from <= to && parting === undefined && sides.every(({ damage }) => damage === null);
  return isSame ? exitCodes.done : exitCodes.failed;
}

async function sideOf(inspector: StorageInspector, directory: string): Promise<Side> {
  const { firstIndex, lastIndex, lastTerm, problems } = await inspector.verify();
  const { nodeId, clusterId } = inspector.identity ?? {};
  const damage = problems.find(({ kind }) => kind === 'corrupt')?.message ?? null;
  return { directory, nodeId, clusterId, firstIndex, lastIndex, lastTerm, damage };
}

async function findParting(
  left: StorageInspector,
  right: StorageInspector,
  from: LogIndex,
  to: LogIndex,
): Promise<Parting | undefined> {
  const others = right.entries(from)[Symbol.asyncIterator]();
  try {
    for await (const one of left.entries(from)) {
      const { value: other } = (await others.next()) as { value: Entry };
      const what = (['term', 'type'] as const).find((field) => one[field] !== other[field]);
      if (what !== undefined) return { index: one.index, what, left: String(one[what]), right: String(other[what]) };
      if (Buffer.compare(one.data, other.data) !== 0) {
        return {
          index: one.index,
          what: 'data',
          left: `${one.data.length} bytes`,
          right: `${other.data.length} bytes`,
        };
      }
      // What lies behind is not compared, and may be damaged.
      if (one.index === to) return undefined;
    }
    return undefined;
  } finally {
    await others.return?.();
  }
}

function describe(sides: readonly [Side, Side], from: LogIndex, to: LogIndex, parting: Parting | undefined): string[] {
  const lines = sides.flatMap(({ directory, nodeId, clusterId, firstIndex, lastIndex, lastTerm, damage }) => {
    const whose = nodeId === undefined ? 'identity damaged' : `node ${nodeId} of cluster ${clusterId}`;
    const log =
      lastIndex < firstIndex ? 'no entries' : `entries ${firstIndex} to ${lastIndex}, the last of term ${lastTerm}`;
    return [
      `${directory}: ${whose}, ${log}`,
      ...(damage === null ? [] : [`DAMAGED, only what is before is compared: ${damage}`]),
    ];
  });
  if (from > to) return [...lines, 'they have no entry in common, so nothing can be compared'];
  if (parting === undefined) {
    const ahead =
      sides[0].lastIndex === sides[1].lastIndex
        ? ''
        : `; one goes on to ${Math.max(...sides.map(({ lastIndex }) => lastIndex))}`;
    return [...lines, `the same from ${from} to ${to}${ahead}`];
  }
  const { index, what, left, right } = parting;
  if (index > from) lines.push(`the same from ${from} to ${index - 1}`);
  lines.push(`they part at entry ${index}: its ${what} is ${left} in the first, ${right} in the second`);
  if (sides[0].clusterId !== sides[1].clusterId)
    lines.push('they are of two clusters, which may have nothing in common');
  else if (what !== 'term')
    lines.push('one index and term with different content can never be: one of them is damaged');
  return lines;
}
