import { describeOperation, isUnknown } from './history.js';
import type { PlacedOperation, Write } from './sequential.js';
import { firstPlace, writesByKey } from './sequential.js';

interface Finished {
  readonly return: number;
  /** It showed, or made, the state as of here. */
  readonly place: number;
}

/**
 * Whether a history is linearizable when the order of the writes is known: each write's `index` is its place in the log. A call has to
 * take place behind all that had returned when it was made. Gives what is wrong, a line each. Fast, and for any data: a key stands for
 * whatever a read shows, and `writes` says what it shows from which place in the log on.
 */
export function checkLogOrder(history: readonly PlacedOperation[], writes: readonly Write[]): string[] {
  const keys = writesByKey(writes);
  const finished: Finished[] = [];
  const problems: string[] = [];
  const calls = history
    .filter((operation) => (operation.index === undefined ? !isUnknown(operation) : operation.outcome !== 'fail'))
    .toSorted((a, b) => a.call - b.call);
  for (const operation of calls) {
    let before = 0;
    for (const one of finished) if (one.return < operation.call) before = Math.max(before, one.place);
    const { index } = operation;
    const place = index ?? firstPlace(operation, keys.get(operation.key) ?? [], before);
    const what = describeOperation(operation);
    if (index !== undefined && index <= before)
      problems.push(`${what} took place at ${index}, but what had returned before shows the log up to ${before}`);
    if (place === undefined) problems.push(`${what} is not what the log up to ${before} leads to, or later ones`);
    else if (index === undefined && place >= firstCalledAfter(calls, operation.return as number))
      problems.push(`${what} shows the log up to ${place}, part of which was written later`);
    if (!isUnknown(operation)) finished.push({ return: operation.return as number, place: place ?? before });
  }
  return problems;
}

/** The first place that a later write took. */
function firstCalledAfter(history: readonly PlacedOperation[], time: number): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { call, index } of history) if (index !== undefined && call > time) first = Math.min(first, index);
  return first;
}
