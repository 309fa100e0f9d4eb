import type { Operation } from './history.js';
import { describeOperation, isUnknown } from './history.js';
import { isReadOnly, simplify, step } from './register.js';
import type { Value } from './register.js';
import { hasWitness } from './witness.js';

/** Choices that are spent on finding an order, before all states that may be are gone through. */
const CHOICES_PER_CALL = 5;

/** A state of the search that explains what was seen so far. */
interface Config {
  readonly value: Value;
  /** Places of the calls under way that have taken place already, ascending. */
  readonly early: readonly number[];
  /** Places of the calls without an answer that have taken place, ascending. */
  readonly used: readonly number[];
}

/**
 * Where the calls on one key cease to have an order in which each takes place between its call and its return and does what its
 * caller saw (Herlihy and Wing's linearizability): the place of the first call whose return cannot be explained. Undefined: they
 * are linearizable.
 *
 * Goes through the returns in their order with all states that may be (just-in-time linearization, Lowe 2017). A state that needed
 * fewer of the calls without an answer than another stands for it too: what was not used may be used later, or never.
 */
export function firstUnexplained(operations: readonly Operation[]): number | undefined {
  const simple = simplify(operations);
  if (hasWitness(simple, CHOICES_PER_CALL * operations.length)) return undefined;
  const events: { readonly at: number; readonly isReturn: boolean; readonly place: number }[] = [];
  simple.forEach((operation, place) => {
    if (operation === undefined) return;
    events.push({ at: operation.call, isReturn: false, place });
    if (!isUnknown(operation)) events.push({ at: operation.return as number, isReturn: true, place });
  });
  // Who returns at the very time of another's call was still under way.
  events.sort((a, b) => a.at - b.at || Number(a.isReturn) - Number(b.isReturn) || a.place - b.place);

  const search = new Search(simple);
  for (const { isReturn, place } of events) {
    if (!isReturn) search.began(place);
    else if (!search.returned(place)) return place;
  }
  return undefined;
}

class Search {
  readonly #operations: readonly (Operation | undefined)[];
  readonly #underWay = new Set<number>();
  readonly #unanswered = new Set<number>();
  #configs = new Frontier();

  constructor(operations: readonly (Operation | undefined)[]) {
    this.#operations = operations;
    this.#configs.add({ value: null, early: [], used: [] });
  }

  began(place: number): void {
    (isUnknown(this.#operation(place)) ? this.#unanswered : this.#underWay).add(place);
  }

  /** False when no state is left in which this call can have returned. */
  returned(place: number): boolean {
    const after = new Frontier();
    const visited = new Frontier();
    const stack = [...this.#configs.all()];
    for (let config = stack.pop(); config !== undefined; config = stack.pop()) {
      if (config.early.includes(place)) after.add({ ...config, early: without(config.early, place) });
      else if (visited.add(config)) stack.push(...this.#next(this.#readAll(config, place), place, after));
    }
    this.#underWay.delete(place);
    this.#configs = after;
    return after.size > 0;
  }

  #operation(place: number): Operation {
    return this.#operations[place] as Operation;
  }

  /** Reads that are possible here may take place here: they change nothing, and are done with. */
  #readAll(config: Config, last: number): Config {
    let { early } = config;
    for (const place of this.#underWay) {
      const operation = this.#operation(place);
      if (place === last || !isReadOnly(operation) || early.includes(place)) continue;
      if (step(operation, config.value) !== undefined) early = withOne(early, place);
    }
    return { ...config, early };
  }

  /** Where one more call leads; when it is `last`, it goes to `after` and no further. */
  #next(config: Config, last: number, after: Frontier): Config[] {
    const value = step(this.#operation(last), config.value);
    if (value !== undefined) {
      after.add({ ...config, value });
      if (isReadOnly(this.#operation(last))) return [];
    }
    const next: Config[] = [];
    for (const place of this.#underWay) {
      const operation = this.#operation(place);
      if (place === last || isReadOnly(operation) || config.early.includes(place)) continue;
      const changed = step(operation, config.value);
      if (changed !== undefined) next.push({ ...config, value: changed, early: withOne(config.early, place) });
    }
    if (value === undefined || this.#waitsForValue(config, last)) next.push(...this.#nextUnanswered(config));
    return next;
  }

  /** Calls without an answer are made use of only where one with an answer may need the value. */
  #waitsForValue(config: Config, last: number): boolean {
    for (const place of this.#underWay) {
      if (place === last || config.early.includes(place)) continue;
      if (step(this.#operation(place), config.value) === undefined) return true;
    }
    return false;
  }

  /** Of those that would do the same, the first stands for the others. */
  #nextUnanswered(config: Config): Config[] {
    const next: Config[] = [];
    const values = new Set<Value>();
    for (const place of this.#unanswered) {
      if (config.used.includes(place)) continue;
      const { op, value = null } = this.#operation(place);
      const changed = step(this.#operation(place), config.value);
      if (changed === undefined || changed === config.value) continue;
      if (op !== 'cas' && values.has(value)) continue;
      if (op !== 'cas') values.add(value);
      next.push({ ...config, value: changed, used: withOne(config.used, place) });
    }
    return next;
  }
}

/** States, without those that another stands for. */
class Frontier {
  readonly #byKey = new Map<string, Config[]>();
  size = 0;

  /** False when another stands for it. */
  add(config: Config): boolean {
    const key = `${config.early.join()}|${config.value === null ? '' : `=${config.value}`}`;
    const alike = this.#byKey.get(key);
    if (alike?.some((other) => includesAll(config.used, other.used)) === true) return false;
    const rest = (alike ?? []).filter((other) => !includesAll(other.used, config.used));
    this.#byKey.set(key, [...rest, config]);
    this.size++;
    return true;
  }

  *all(): Iterable<Config> {
    for (const configs of this.#byKey.values()) yield* configs;
  }
}

const without = (places: readonly number[], place: number): number[] => places.filter((other) => other !== place);

const withOne = (places: readonly number[], place: number): number[] => [...places, place].sort((a, b) => a - b);

const includesAll = (all: readonly number[], some: readonly number[]): boolean =>
  some.every((place) => all.includes(place));

/** A key whose calls have no order that explains them. */
export interface Anomaly {
  readonly key: string;
  /** Few of its calls that cannot be explained even when everything else is forgotten; no single one can be left out. */
  readonly counterexample: readonly Operation[];
  /** For people: what cannot be explained, a line each. */
  readonly report: string;
}

/** Checks each key by itself, which is enough (locality). Empty when the history is linearizable. */
export function checkLinearizable(history: readonly Operation[]): Anomaly[] {
  return [...byKey(history.filter(({ outcome }) => outcome !== 'fail'))].flatMap(([key, operations]) => {
    const place = firstUnexplained(operations);
    if (place === undefined) return [];
    const counterexample = shorten(operations, operations[place] as Operation);
    const lines = counterexample.map((operation) => `  ${describeOperation(operation)}`);
    return [{ key, counterexample, report: `no order explains these calls on ${key}:\n${lines.join('\n')}` }];
  });
}

function byKey(history: readonly Operation[]): Map<string, Operation[]> {
  const keys = new Map<string, Operation[]>();
  for (const operation of history) {
    const operations = keys.get(operation.key);
    if (operations === undefined) keys.set(operation.key, [operation]);
    else operations.push(operation);
  }
  return keys;
}

/** Checks that are spent on making a counterexample shorter, at most. */
const MAX_CHECKS = 3000;

/**
 * Forgets as much as it can with the rest still unexplained. It only ever weakens: reads are left out, writes lose their answer and
 * are then left out where nobody can have seen them. What is left is therefore wrong in itself.
 */
function shorten(operations: readonly Operation[], last: Operation): Operation[] {
  const until = last.return as number;
  let rest = operations.flatMap((operation) => {
    if (operation.call > until) return [];
    return (operation.return ?? Number.POSITIVE_INFINITY) > until ? forget(operation) : [operation];
  });
  let checks = 0;
  const isWrong = (fewer: readonly Operation[]): boolean => {
    checks++;
    return firstUnexplained(fewer) !== undefined;
  };
  // Half of it at a time first, then less.
  for (
    let size = Math.ceil(rest.length / 2);
    size >= 1 && checks < MAX_CHECKS;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < rest.length && checks < MAX_CHECKS;) {
      const chunk = rest.slice(from, from + size);
      const weaker = [...rest.slice(0, from), ...chunk.flatMap(forget), ...rest.slice(from + size)];
      const fewer = simplify(weaker).flatMap((operation, place) => (operation && weaker[place]) ?? []);
      if (fewer.length + certain(fewer) < rest.length + certain(rest) && isWrong(fewer)) rest = fewer;
      else from += size;
    }
  }
  return rest.sort((a, b) => a.call - b.call);
}

const certain = (operations: readonly Operation[]): number =>
  operations.filter((operation) => !isUnknown(operation)).length;

/** The call as if no answer had come; nothing where that says nothing. */
function forget(operation: Operation): Operation[] {
  if (isReadOnly(operation)) return [];
  const { client, op, key, value, expected, call } = operation;
  return [
    {
      client,
      op,
      key,
      call,
      return: null,
      outcome: 'unknown',
      ...(value === undefined ? {} : { value }),
      ...(expected === undefined ? {} : { expected }),
    },
  ];
}
