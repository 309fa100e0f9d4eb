import type { LogIndex } from '../types.js';

/** Waits for an index; `isOver` once nobody needs it any more. */
export interface AtIndex {
  readonly index: LogIndex;
  isOver: boolean;
}

/** Things that wait for the log to be applied up to an index each: a binary heap. Whoever gives up costs nothing for long. */
export class IndexQueue<T extends AtIndex> {
  #heap: T[] = [];
  #over = 0;

  /** Those that gave up and are still kept are among them: at most as many as the others. */
  get size(): number {
    return this.#heap.length;
  }

  add(item: T): void {
    let place = this.#heap.push(item) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#at(parent) <= item.index) break;
      this.#swap(place, parent);
      place = parent;
    }
  }

  giveUp(item: T): void {
    item.isOver = true;
    this.#over++;
    this.#tidy();
  }

  /** Takes out one that waits for `index` or an earlier one, the earliest first; undefined when there is none. */
  take(index: LogIndex): T | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.index <= index; first = this.#heap[0]) {
      this.#removeFirst();
      if (first.isOver) this.#over--;
      this.#tidy();
      if (!first.isOver) return first;
    }
    return undefined;
  }

  #tidy(): void {
    if (2 * this.#over <= this.#heap.length) return;
    const live = this.#heap.filter(({ isOver }) => !isOver);
    this.clear();
    for (const one of live) this.add(one);
  }

  clear(): void {
    this.#heap = [];
    this.#over = 0;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    for (let place = 0; ;) {
      const left = 2 * place + 1;
      const least = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(least) >= last.index) return;
      this.#swap(place, least);
      place = least;
    }
  }

  #at(place: number): LogIndex {
    return this.#heap[place]?.index ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b] as T, this.#heap[a] as T];
  }
}
