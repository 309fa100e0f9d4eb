import type { LogIndex } from '../../types.js';

/** As many items are copied at most when one of them is taken out that a view shows. */
const SEGMENT_ITEMS = 128;

interface Segment<T> {
  /** Ascending. */
  readonly indexes: LogIndex[];
  readonly items: T[];
  /** How many views there were when it was made: later ones may show it. */
  readonly views: number;
}

/** Items by index, added at the end and taken out anywhere. What it holds at one instant can be looked at while it goes on. */
export class Series<T> {
  /** None is empty. */
  #segments: Segment<T>[] = [];
  /** Where each segment began: a list of its own, as it is searched much. */
  readonly #starts: LogIndex[] = [];
  #views = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#segments[0]?.items[0];
  }

  get firstIndex(): LogIndex | undefined {
    return this.#segments[0]?.indexes[0];
  }

  get(index: LogIndex): T | undefined {
    const segment = this.#segments[lastUpTo(this.#starts, index)];
    return segment?.items[placeOf(segment.indexes, index)];
  }

  /** Throws when `index` does not follow all others. */
  add(index: LogIndex, item: T): void {
    const last = this.#segments.at(-1);
    if (last !== undefined && (last.indexes.at(-1) as LogIndex) >= index) {
      throw new Error(`index ${index} is out of order`);
    }
    this.#size++;
    if (last === undefined || last.items.length >= SEGMENT_ITEMS) {
      this.#starts.push(index);
      this.#segments.push({ indexes: [index], items: [item], views: this.#views });
      return;
    }
    const { indexes, items } = this.#own(this.#segments.length - 1, last);
    indexes.push(index);
    items.push(item);
  }

  /** Gives what it takes out, if it was there. */
  delete(index: LogIndex): T | undefined {
    const number = lastUpTo(this.#starts, index);
    const segment = this.#segments[number];
    const place = segment === undefined ? -1 : placeOf(segment.indexes, index);
    if (segment === undefined || place < 0) return undefined;
    const item = segment.items[place];
    this.#size--;
    if (segment.items.length === 1) {
      this.#segments.splice(number, 1);
      this.#starts.splice(number, 1);
      return item;
    }
    const { indexes, items } = this.#own(number, segment);
    remove(indexes, place);
    remove(items, place);
    return item;
  }

  /** In order; nothing may change meanwhile. */
  [Symbol.iterator](): Iterator<readonly [LogIndex, T]> {
    return pairsOf(this.#segments);
  }

  /** What it holds now, in order, whatever becomes of it: segments are copied when they change afterwards. */
  view(): Iterable<readonly [LogIndex, T]> {
    this.#views++;
    return pairsOf(this.#segments.slice());
  }

  /** A copy in place of one that a view may show. */
  #own(number: number, segment: Segment<T>): Segment<T> {
    if (segment.views === this.#views) return segment;
    const { indexes, items } = segment;
    return (this.#segments[number] = { indexes: indexes.slice(), items: items.slice(), views: this.#views });
  }
}

/** −1 when it is not there. */
function placeOf(indexes: readonly LogIndex[], index: LogIndex): number {
  const place = lastUpTo(indexes, index);
  return indexes[place] === index ? place : -1;
}

/** Where the last of ascending numbers is that is not above `limit`; −1 when there is none. */
function lastUpTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Like `splice`, which makes a list of what it takes out. */
function remove(list: unknown[], place: number): void {
  for (let next = place + 1; next < list.length; next++) list[next - 1] = list[next];
  list.pop();
}

function* pairsOf<T>(segments: readonly Segment<T>[]): Generator<readonly [LogIndex, T]> {
  for (const { indexes, items } of segments) {
    for (const [place, index] of indexes.entries()) yield [index, items[place] as T];
  }
}
