/** `isOver` once nobody needs it any more. */
export interface Awaited {
  isOver: boolean;
}

/** Things that wait for a time, or for an index to be applied, each: a binary heap. Whoever gives up costs nothing for long. */
export class DueQueue<T extends Awaited> {
  readonly #dueOf: (item: T) => number;
  #heap: T[] = [];
  #over = 0;

  /** `dueOf`: what an item waits for; it does not change while it waits. */
  constructor(dueOf: (item: T) => number) {
    this.#dueOf = dueOf;
  }

  /** Those that gave up and are still kept are among them: at most as many as the others. */
  get size(): number {
    return this.#heap.length;
  }

  /** What the earliest waits for, or one before that gave up; Infinity when there is none. */
  get next(): number {
    return this.#at(0);
  }

  add(item: T): void {
    const due = this.#dueOf(item);
    let place = this.#heap.push(item) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#at(parent) <= due) break;
      this.#swap(place, parent);
      place = parent;
    }
  }

  giveUp(item: T): void {
    item.isOver = true;
    this.#over++;
    this.#tidy();
  }

  /** Takes out one that waits for `reached` or less, the earliest first; undefined when there is none. */
  take(reached: number): T | undefined {
    for (let first = this.#heap[0]; first !== undefined && this.next <= reached; first = this.#heap[0]) {
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
    const due = this.#dueOf(last);
    for (let place = 0; ;) {
      const left = 2 * place + 1;
      const least = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(least) >= due) return;
      this.#swap(place, least);
      place = least;
    }
  }

  #at(place: number): number {
    const item = this.#heap[place];
    return item === undefined ? Number.POSITIVE_INFINITY : this.#dueOf(item);
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b] as T, this.#heap[a] as T];
  }
}
