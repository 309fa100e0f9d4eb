import type { Operation } from '../../../src/index.js';

type Value = string | null;

/** What an operation does to a value, and whether it fits: written plainly, apart from the checker's own. */
function apply(operation: Operation, value: Value): Value | undefined {
  const answered = operation.return !== null;
  if (operation.op === 'get') return answered && operation.output !== value ? undefined : value;
  if (operation.op === 'set') return operation.value;
  if (operation.op === 'delete') {
    if (answered && operation.ok !== undefined && operation.ok !== (value !== null)) return undefined;
    return null;
  }
  const swapped = value === operation.expected;
  if (answered && operation.ok !== swapped) return undefined;
  if (answered && !swapped && operation.output !== undefined && operation.output !== value) return undefined;
  return swapped ? operation.value : value;
}

/** Tries every order of every choice of the calls that may or may not have been done. */
export function isLinearizableByBruteForce(operations: readonly Operation[]): boolean {
  const end = (operation: Operation): number => operation.return ?? Number.POSITIVE_INFINITY;
  function search(left: readonly Operation[], value: Value): boolean {
    if (left.every((operation) => operation.return === null)) return true;
    return left.some((operation) => {
      if (left.some((other) => end(other) < operation.call)) return false;
      const after = apply(operation, value);
      return (
        after !== undefined &&
        search(
          left.filter((other) => other !== operation),
          after,
        )
      );
    });
  }
  return search(operations, null);
}
