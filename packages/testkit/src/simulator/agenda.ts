/** Something that will happen at a time, unless it is cancelled. */
export interface Appointment {
  readonly at: number;
  cancel(): void;
}

interface Planned extends Appointment {
  /** Appointments of the same time are kept in the order in which they were made. */
  readonly order: number;
  task: (() => void) | undefined;
}

/** Virtual time: what is to happen, soonest first (a binary heap). Milliseconds. */
export class Agenda {
  readonly #heap: Planned[] = [];
  #order = 0;
  now = 0;
  /** Appointments kept so far. */
  steps = 0;

  after(delay: number, task: () => void): Appointment {
    return this.at(this.now + delay, task);
  }

  at(time: number, task: () => void): Appointment {
    const planned: Planned = {
      at: Math.max(time, this.now),
      order: this.#order++,
      task,
      cancel() {
        planned.task = undefined;
      },
    };
    let place = this.#heap.push(planned) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(planned, this.#heap[parent] as Planned)) break;
      this.#heap[place] = this.#heap[parent] as Planned;
      place = parent;
    }
    this.#heap[place] = planned;
    return planned;
  }

  /** Whether something is to happen by `limit`. */
  isDue(limit: number): boolean {
    while (this.#heap[0]?.task === undefined && this.#heap.length > 0) this.#removeFirst();
    return (this.#heap[0]?.at ?? Number.POSITIVE_INFINITY) <= limit;
  }

  /** Keeps the next appointment, which is due. */
  keepNext(): void {
    const first = this.#heap[0] as Planned;
    this.#removeFirst();
    this.now = first.at;
    this.steps++;
    first.task?.();
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Planned, heap[child] as Planned)) child++;
      if (!isBefore(heap[child] as Planned, last)) break;
      heap[place] = heap[child] as Planned;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
