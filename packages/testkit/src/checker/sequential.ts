import type { Operation } from './history.js';
import { describeOperation, isUnknown } from './history.js';
import { step } from './register.js';
import type { Value } from './register.js';

/** What the log says took place, in its order. */
export interface Write {
  readonly index: number;
  readonly key: string;
  /** What the key holds from then on; null: nothing. */
  readonly value: Value;
}

/** A call of a history of which it is known where in the log it took place, or at least not before. */
export interface PlacedOperation extends Operation {
  /** Of a write: its place in the log. Of a read: absent. */
  readonly index?: number;
  /** Of a read: it must show all writes up to here. Default 0. */
  readonly atLeast?: number;
}

/**
 * Whether reads of single replicas are sequentially consistent: all clients see the writes in the log's order, each client sees
 * its own calls in the order in which it made them, and a read that asked for a place in the log sees at least that (thesis,
 * section 6.4; Lamport 1979). A client here is whoever was promised such an order: one caller of `local` reads on one node, or one
 * caller of `atLeast` reads on any. Gives what is wrong, a line each.
 */
export function checkSequential(history: readonly PlacedOperation[], writes: readonly Write[]): string[] {
  const keys = writesByKey(writes);
  const problems: string[] = [];
  /** What each client has surely seen, as a place in the log. */
  const seen = new Map<string, number>();
  for (const operation of history.toSorted((a, b) => a.call - b.call)) {
    if (isUnknown(operation) || operation.outcome === 'fail') continue;
    const before = seen.get(operation.client) ?? 0;
    if (operation.index !== undefined) {
      if (operation.index <= before)
        problems.push(
          `${describeOperation(operation)} took place at ${operation.index}, but ${before} was seen before`,
        );
      seen.set(operation.client, Math.max(before, operation.index));
    } else if (operation.op === 'get') {
      const from = Math.max(before, operation.atLeast ?? 0);
      const place = firstPlace(operation, keys.get(operation.key) ?? [], from);
      if (place === undefined)
        problems.push(`${describeOperation(operation)} is not what any replica held at ${from} of the log or later`);
      seen.set(operation.client, place ?? from);
    }
  }
  return problems;
}

/** In the log's order. */
export function writesByKey(writes: readonly Write[]): Map<string, Write[]> {
  const keys = new Map<string, Write[]>();
  for (const write of writes.toSorted((a, b) => a.index - b.index)) {
    const onKey = keys.get(write.key);
    if (onKey === undefined) keys.set(write.key, [write]);
    else onKey.push(write);
  }
  return keys;
}

/** The earliest place in the log, from `from` on, at which the key held what was read. */
export function firstPlace(read: Operation, writes: readonly Write[], from: number): number | undefined {
  const past = writes.findLast((write) => write.index <= from);
  if (step(read, past?.value ?? null) !== undefined) return from;
  return writes.find((write) => write.index > from && step(read, write.value) !== undefined)?.index;
}
