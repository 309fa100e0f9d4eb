import type { Operation } from './history.js';
import { isUnknown } from './history.js';

/** What a key holds; null: it is not there. */
export type Value = string | null;

/**
 * What a key holds once the operation has taken place, given what it held; undefined when what the caller saw is impossible on it.
 * An operation whose answer is not known is possible on everything.
 */
export function step(operation: Operation, before: Value): Value | undefined {
  const { op, value = null, expected = null, output, ok } = operation;
  const isKnown = !isUnknown(operation);
  switch (op) {
    case 'get':
      return !isKnown || output === undefined || output === before ? before : undefined;
    case 'set':
      return value;
    case 'delete':
      return !isKnown || ok === undefined || ok === (before !== null) ? null : undefined;
    case 'cas': {
      const swaps = before === expected;
      if (isKnown && ok !== undefined && ok !== swaps) return undefined;
      if (isKnown && ok === false && output !== undefined && output !== before) return undefined;
      return swaps ? value : before;
    }
  }
}

/** Whether it surely leaves everything as it is. */
export function isReadOnly(operation: Operation): boolean {
  return operation.op === 'get' || (operation.ok === false && !isUnknown(operation));
}

/** Stands for all values that nobody asks for by name: they are alike. */
const UNSEEN = '\0unseen';

/**
 * The same calls for the search: undefined where one cannot matter, as a read without an answer, or a write without one whose
 * value nobody can have seen and which may as well never have been done. Values that nobody can have seen are made one.
 */
export function simplify(operations: readonly Operation[]): (Operation | undefined)[] {
  // Someone saw no more than that there was something, or something else.
  const isVague = operations.some(
    (operation) =>
      !isUnknown(operation) &&
      operation.ok !== undefined &&
      operation.output === undefined &&
      operation.op === (operation.ok ? 'delete' : 'cas'),
  );
  const seen = seenValues(operations, isVague);
  return operations.map((operation) => {
    const value = operation.op === 'delete' ? null : (operation.value ?? null);
    if (isUnknown(operation) && (isReadOnly(operation) || (!isVague && !seen.has(value)))) return undefined;
    return operation.op === 'set' && !seen.has(value) ? { ...operation, value: UNSEEN } : operation;
  });
}

/** The values that it makes a difference to find. */
function seenValues(operations: readonly Operation[], isVague: boolean): Set<Value> {
  const seen = new Set<Value>();
  for (const operation of operations) {
    if (isUnknown(operation)) continue;
    const { op, ok, output, expected } = operation;
    if (output !== undefined) seen.add(output);
    if (op === 'cas') seen.add(expected ?? null);
    if (op === 'delete' && ok === false) seen.add(null);
  }
  const swaps = operations.filter((operation) => operation.op === 'cas' && isUnknown(operation));
  for (let grew = true; grew;) {
    grew = false;
    for (const { value, expected = null } of swaps) {
      if (seen.has(expected) || !(isVague || seen.has(value ?? null))) continue;
      seen.add(expected);
      grew = true;
    }
  }
  return seen;
}
