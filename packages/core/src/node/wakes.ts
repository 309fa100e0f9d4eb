import type { Raft } from '../consensus/raft.js';
import type { Transport } from '../transport.js';

// With thousands of groups that begin, or lose a process, all at once, elections would take longer than their timeouts, and none would end.

/** Elections of one process that may be under way at a time. */
const MAX_CAMPAIGNS = 64;
/** Groups that may be awake at a time because this process woke them. */
const MAX_AWAKE = 256;

/** The groups that share a transport wake in turns. */
class Turns {
  campaigns = 0;
  awake = 0;
  readonly #waiting = new Set<Wakes>();

  wait(one: Wakes): void {
    this.#waiting.add(one);
    this.next();
  }

  withdraw(one: Wakes): void {
    this.#waiting.delete(one);
  }

  /** Lets those go for whom there is room. */
  next(): void {
    for (const one of this.#waiting) {
      if (this.campaigns >= MAX_CAMPAIGNS || this.awake >= MAX_AWAKE) return;
      this.#waiting.delete(one);
      this.campaigns++;
      this.awake++;
      one.granted();
    }
  }
}

const turnsOf = new WeakMap<Transport, Turns>();

function turnsFor(transport: Transport): Turns {
  const known = turnsOf.get(transport) ?? new Turns();
  turnsOf.set(transport, known);
  return known;
}

/**
 * Lets a group wake by itself (`Raft.wakesAt`) when it is its turn. It campaigns until it knows a leader, and is awake until it rests, or
 * for an election timeout.
 */
export class Wakes {
  readonly #turns: Turns;
  readonly #maxMs: number;
  readonly #planTurn: () => void;
  #state: 'idle' | 'waiting' | 'granted' | 'campaigning' | 'awake' = 'idle';
  #until = Number.POSITIVE_INFINITY;

  constructor(transport: Transport, maxMs: number, planTurn: () => void) {
    this.#turns = turnsFor(transport);
    this.#maxMs = maxMs;
    this.#planTurn = planTurn;
  }

  /** When it wants to be called next. */
  get deadline(): number {
    return this.#until;
  }

  /** To be called in each turn, after the events and before the tick. */
  turn(raft: Raft, now: number): void {
    const isDue = now >= raft.wakesAt;
    if (this.#state === 'campaigning' && raft.leaderId !== undefined) this.#enter('awake');
    // A second campaign goes behind those of others.
    if (this.#until < Number.POSITIVE_INFINITY && (isDue || raft.isResting || now >= this.#until)) this.#enter('idle');
    if (!isDue) {
      if (this.#state === 'waiting' || this.#state === 'granted') this.#enter('idle');
    } else {
      if (this.#state === 'idle') this.#enter('waiting');
      if (this.#state === 'granted') this.#enter('campaigning', now + this.#maxMs);
      if (this.#state === 'campaigning' && raft.role === 'leader') this.#enter('awake');
    }
    raft.hold(this.#state === 'waiting');
  }

  granted(): void {
    this.#state = 'granted';
    this.#planTurn();
  }

  stop(): void {
    this.#enter('idle');
  }

  #enter(state: 'idle' | 'waiting' | 'campaigning' | 'awake', until: number = this.#until): void {
    const before = this.#state;
    this.#state = state;
    this.#until = state === 'idle' ? Number.POSITIVE_INFINITY : until;
    const turns = this.#turns;
    if (before === 'waiting') turns.withdraw(this);
    if (state === 'waiting') return turns.wait(this);
    if (state === 'campaigning' || before === 'waiting' || before === 'idle') return;
    if (before !== 'awake') turns.campaigns--;
    if (state === 'idle') turns.awake--;
    turns.next();
  }
}
