interface Appointment {
  readonly at: number;
  /** Appointments of the same time are kept in the order in which they were made. */
  readonly order: number;
  readonly task: () => void;
}

/** Virtual time: what is to happen, soonest first (a binary heap). Milliseconds. */
export class Agenda {
  readonly #heap: Appointment[] = [];
  #order = 0;
  now = 0;
  /** Appointments kept so far. */
  steps = 0;

  after(delay: number, task: () => void): void {
    this.at(this.now + delay, task);
  }

  at(time: number, task: () => void): void {
    const appointment = { at: Math.max(time, this.now), order: this.#order++, task };
    let place = this.#heap.push(appointment) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(appointment, this.#heap[parent] as Appointment)) break;
      this.#heap[place] = this.#heap[parent] as Appointment;
      place = parent;
    }
    this.#heap[place] = appointment;
  }

  /** Keeps all appointments up to `time`, and those they make. */
  runUntil(time: number): void {
    while (this.#heap.length > 0 && (this.#heap[0] as Appointment).at <= time) {
      const next = this.#takeFirst();
      this.now = next.at;
      this.steps++;
      next.task();
    }
    this.now = time;
  }

  #takeFirst(): Appointment {
    const heap = this.#heap;
    const first = heap[0] as Appointment;
    const last = heap.pop() as Appointment;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Appointment, heap[child] as Appointment)) child++;
      if (!isBefore(heap[child] as Appointment, last)) break;
      heap[place] = heap[child] as Appointment;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(a: Appointment, b: Appointment): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
