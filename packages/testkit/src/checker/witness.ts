import type { Operation } from './history.js';
import { isUnknown } from './history.js';
import { isReadOnly, step } from './register.js';
import type { Value } from './register.js';

/** A state of the search. */
interface Frame {
  /** The call that led here; undefined at the beginning. */
  readonly place: number | undefined;
  readonly before: Value;
  /** Reads that took place at once. */
  readonly reads: readonly number[];
  /** Writes that may come next, the most promising first. */
  readonly writes: readonly number[];
  nextWrite: number;
  nextUnknown: number;
}

/**
 * Looks for one order that explains the calls on one key, one choice after the other, and takes back the last that led nowhere (Wing and
 * Gong 1993; what was tried is remembered as by Lowe 2017). True: there is one. False says nothing: `budget` choices were made, or
 * nothing was left to try. A long history that is linearizable, as most are, takes about as many choices as it has writes.
 */
export function hasWitness(operations: readonly (Operation | undefined)[], budget: number): boolean {
  return new Search(operations).find(budget);
}

class Search {
  readonly #operations: readonly (Operation | undefined)[];
  readonly #isDone: Uint8Array;
  readonly #unknown: readonly number[];
  readonly #needs: Tally;
  readonly #makes: Tally;
  readonly #byCall: Cursor;
  readonly #byReturn: Cursor;
  /** Adds up to what tells a set of calls from others. Two that look alike can only mean that an order is not found. */
  #code = 0;
  readonly #codes: Float64Array;
  readonly #tried = new Set<string>();
  #value: Value = null;

  constructor(operations: readonly (Operation | undefined)[]) {
    this.#operations = operations;
    this.#isDone = new Uint8Array(operations.length);
    const places = [...operations.keys()].filter((place) => operations[place] !== undefined);
    const isOpen = (place: number): boolean => isUnknown(this.#at(place));
    const byCall = places.toSorted((a, b) => this.#at(a).call - this.#at(b).call);
    const known = byCall.filter((place) => !isOpen(place));
    this.#unknown = byCall.filter(isOpen);
    this.#needs = new Tally(known, (place) => neededBy(this.#at(place)));
    this.#makes = new Tally(byCall, (place) => madeBy(this.#at(place)));
    this.#byCall = new Cursor(known, this.#isDone);
    this.#byReturn = new Cursor(
      known.toSorted((a, b) => this.#returnOf(a) - this.#returnOf(b)),
      this.#isDone,
    );
    let seed = 1;
    this.#codes = Float64Array.from(operations, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed;
    });
  }

  find(budget: number): boolean {
    const frames = [this.#enter(undefined, null)];
    for (let choices = 0; choices < budget;) {
      if (this.#byReturn.first === undefined) return true;
      const frame = frames.at(-1);
      if (frame === undefined) return false;
      const place = this.#choose(frame);
      if (place === undefined) this.#leave(frames.pop() as Frame);
      else {
        choices++;
        frames.push(this.#enter(place, this.#value));
      }
    }
    return false;
  }

  #at(place: number): Operation {
    return this.#operations[place] as Operation;
  }

  #returnOf(place: number): number {
    return this.#at(place).return as number;
  }

  /** The first return that is still to come: what is called later cannot take place before it. */
  #deadline(): number {
    const { first } = this.#byReturn;
    return first === undefined ? Number.POSITIVE_INFINITY : this.#returnOf(first);
  }

  #enter(place: number | undefined, before: Value): Frame {
    if (place !== undefined) {
      this.#value = step(this.#at(place), before) as Value;
      this.#mark(place, 1);
    }
    const reads = this.#readAll();
    return { place, before, reads, writes: this.#writes(), nextWrite: 0, nextUnknown: 0 };
  }

  #leave({ place, before, reads }: Frame): void {
    for (const read of reads) this.#mark(read, 0);
    if (place !== undefined) this.#mark(place, 0);
    this.#value = before;
  }

  #mark(place: number, done: 0 | 1): void {
    this.#isDone[place] = done;
    const isAnswered = !isUnknown(this.#at(place));
    this.#code += (done === 1 ? 1 : -1) * (this.#codes[place] as number);
    const change = done === 1 ? -1 : 1;
    if (isAnswered) this.#needs.add(neededBy(this.#at(place)), change);
    this.#makes.add(madeBy(this.#at(place)), change);
    if (done === 1 || !isAnswered) return;
    this.#byCall.backTo(place);
    this.#byReturn.backTo(place);
  }

  /** Calls with an answer that may take place now. */
  #underWay(): number[] {
    const deadline = this.#deadline();
    return this.#byCall.while((place) => this.#at(place).call <= deadline);
  }

  /** Who returns first goes first, unless it waits for a value: then those that make it. */
  #writes(): number[] {
    const { first } = this.#byReturn;
    if (first === undefined) return [];
    const writes = this.#underWay().filter((place) => !isReadOnly(this.#at(place)));
    writes.sort((a, b) => this.#returnOf(a) - this.#returnOf(b));
    const goal = neededBy(this.#at(first));
    if (goal === undefined || goal === this.#value) return writes;
    const deadline = this.#deadline();
    const unknown = this.#unknown.filter(
      (place) => this.#isDone[place] === 0 && this.#at(place).call <= deadline && madeBy(this.#at(place)) === goal,
    );
    const makers = writes.filter((place) => madeBy(this.#at(place)) === goal);
    return [...makers, ...unknown, ...writes.filter((place) => !makers.includes(place))];
  }

  /** What can be read now may be read now, as it changes nothing. That may let later calls in. */
  #readAll(): number[] {
    const done: number[] = [];
    for (let isMore = true; isMore;) {
      isMore = false;
      for (const place of this.#underWay()) {
        if (!isReadOnly(this.#at(place)) || step(this.#at(place), this.#value) === undefined) continue;
        isMore ||= place === this.#byReturn.first;
        this.#mark(place, 1);
        done.push(place);
      }
    }
    return done;
  }

  /** The next write that is possible here and leads to where nobody has been. Those without an answer come last. */
  #choose(frame: Frame): number | undefined {
    while (frame.nextWrite < frame.writes.length) {
      const place = frame.writes[frame.nextWrite++] as number;
      if (this.#isNew(place)) return place;
    }
    const deadline = this.#deadline();
    while (frame.nextUnknown < this.#unknown.length) {
      const place = this.#unknown[frame.nextUnknown++] as number;
      if (this.#at(place).call > deadline) break;
      const made = madeBy(this.#at(place));
      if (this.#isDone[place] === 0 && made !== undefined && this.#needs.of(made) > 0 && this.#isNew(place))
        return place;
    }
    return undefined;
  }

  /** Whether it would overwrite what others still need, and nobody could make again. */
  #loses(place: number, after: Value): boolean {
    const now = this.#value;
    if (after === now) return false;
    const operation = this.#at(place);
    const ownNeed = !isUnknown(operation) && neededBy(operation) === now ? 1 : 0;
    const ownMake = madeBy(operation) === now ? 1 : 0;
    return this.#needs.of(now) > ownNeed && this.#makes.of(now) === ownMake;
  }

  #isNew(place: number): boolean {
    const value = step(this.#at(place), this.#value);
    if (value === undefined || this.#loses(place, value)) return false;
    const key = `${this.#code + (this.#codes[place] as number)} ${value}`;
    if (this.#tried.has(key)) return false;
    this.#tried.add(key);
    return true;
  }
}

/** The only value on which the call can have its answer; undefined: there is none, or more than one. */
function neededBy({ op, ok, output, expected = null }: Operation): Value | undefined {
  if (op === 'get') return output;
  if (op === 'cas') return ok === true ? expected : ok === false ? output : undefined;
  return op === 'delete' && ok === false ? null : undefined;
}

/** What the key may hold afterwards that it did not hold before. */
function madeBy(operation: Operation): Value | undefined {
  if (isReadOnly(operation)) return undefined;
  return operation.op === 'delete' ? null : (operation.value ?? null);
}

/** How many of the calls that are not done have to do with a value. */
class Tally {
  readonly #counts = new Map<Value, number>();

  constructor(places: readonly number[], valueOf: (place: number) => Value | undefined) {
    for (const place of places) this.add(valueOf(place), 1);
  }

  of(value: Value): number {
    return this.#counts.get(value) ?? 0;
  }

  add(value: Value | undefined, change: number): void {
    if (value !== undefined) this.#counts.set(value, this.of(value) + change);
  }
}

/** Goes through places in an order, past those that are done. */
class Cursor {
  readonly #places: readonly number[];
  readonly #isDone: Uint8Array;
  readonly #positions: ReadonlyMap<number, number>;
  #start = 0;

  constructor(places: readonly number[], isDone: Uint8Array) {
    this.#places = places;
    this.#isDone = isDone;
    this.#positions = new Map(places.map((place, position) => [place, position]));
  }

  get first(): number | undefined {
    while (this.#isDone[this.#places[this.#start] as number] === 1) this.#start++;
    return this.#places[this.#start];
  }

  /** From the first on, while the condition holds. */
  while(condition: (place: number) => boolean): number[] {
    if (this.first === undefined) return [];
    const found: number[] = [];
    for (let position = this.#start; position < this.#places.length; position++) {
      const place = this.#places[position] as number;
      if (!condition(place)) break;
      if (this.#isDone[place] === 0) found.push(place);
    }
    return found;
  }

  /** It is not done any more. */
  backTo(place: number): void {
    this.#start = Math.min(this.#start, this.#positions.get(place) as number);
  }
}
