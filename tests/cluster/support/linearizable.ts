/** One call on one key, as its caller saw it. */
export interface Operation {
  readonly calledAt: number;
  /** Infinity: its outcome is not known; it may have been done at any time since the call, or never. */
  readonly returnedAt: number;
  /** The value afterwards, given the value before; undefined when this outcome is impossible on that value. */
  readonly apply: (value: string) => string | undefined;
  readonly name: string;
}

/** What a key holds before it is first written. */
export const nothing = '';

/**
 * Whether there is an order of the operations in which each takes place between its call and its return and does what it
 * said (Wing and Gong; with Lowe's memory of visited states). Meant for some hundred operations with few at a time.
 */
export function isLinearizable(operations: readonly Operation[]): boolean {
  const sorted = operations.toSorted((a, b) => a.calledAt - b.calledAt);
  const isDone = sorted.map(() => false);
  const visited = new Set<string>();

  function search(value: string, from: number): boolean {
    let first = from;
    while (isDone[first] === true) first++;
    const { next, ahead } = lookAhead(sorted, isDone, first);
    if (next.every((i) => sorted[i]?.returnedAt === Infinity)) return true;
    const state = `${first}|${ahead.join()}|${value}`;
    if (visited.has(state)) return false;
    visited.add(state);
    for (const i of next) {
      const after = sorted[i]?.apply(value);
      if (after === undefined) continue;
      isDone[i] = true;
      if (search(after, first)) return true;
      isDone[i] = false;
    }
    return false;
  }

  return search(nothing, 0);
}

/** `next`: those that may take place next, as they were called before any that is left returned; `ahead`: those done among them. */
function lookAhead(
  sorted: readonly Operation[],
  isDone: readonly boolean[],
  first: number,
): { next: number[]; ahead: number[] } {
  const next: number[] = [];
  const ahead: number[] = [];
  let firstReturn = Infinity;
  for (let i = first; i < sorted.length; i++) {
    const { calledAt, returnedAt } = sorted[i] as Operation;
    if (calledAt > firstReturn) break;
    if (isDone[i] === true) {
      ahead.push(i);
    } else {
      next.push(i);
      firstReturn = Math.min(firstReturn, returnedAt);
    }
  }
  return { next: next.filter((i) => (sorted[i] as Operation).calledAt <= firstReturn), ahead };
}
