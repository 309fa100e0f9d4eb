import type { Raft } from '../consensus/raft.js';
import type { Transport } from '../transport.js';

// With thousands of groups that begin, or lose a process, all at once, elections would take longer than their timeouts, and none would end.

/** Elections of one process that may be under way at a time. */
const MAX_CAMPAIGNS = 64;
/** Groups that may be awake at a time because this process woke them by an election. */
const MAX_AWAKE = 256;
/** Resting leaders that may look for lost members at a time, or be awake for having found one. Elections do not wait for them. */
const MAX_LOOKS = 64;

function firstOf<T>(set: ReadonlySet<T>): T | undefined {
  const [first] = set;
  return first;
}

class Turns {
  campaigns = 0;
  awake = 0;
  readonly #maxCampaigns: number;
  readonly #maxAwake: number;
  /** Those that somebody waits for go first. */
  readonly #wanted = new Set<Wakes>();
  readonly #waiting = new Set<Wakes>();

  constructor(maxCampaigns: number, maxAwake: number) {
    this.#maxCampaigns = maxCampaigns;
    this.#maxAwake = maxAwake;
  }

  wait(one: Wakes): void {
    this.#waiting.add(one);
    this.next();
  }

  hurry(one: Wakes): void {
    if (this.#waiting.delete(one)) this.#wanted.add(one);
  }

  withdraw(one: Wakes): void {
    this.#wanted.delete(one);
    this.#waiting.delete(one);
  }

  /** Lets those go for whom there is room. */
  next(): void {
    while (this.campaigns < this.#maxCampaigns && this.awake < this.#maxAwake) {
      const one = firstOf(this.#wanted) ?? firstOf(this.#waiting);
      if (one === undefined) return;
      this.withdraw(one);
      this.campaigns++;
      this.awake++;
      one.granted();
    }
  }
}

interface Queues {
  readonly elections: Turns;
  readonly looks: Turns;
}

/** The groups that share a transport wake in turns. */
const queuesOf = new WeakMap<Transport, Queues>();

function queuesFor(transport: Transport): Queues {
  const known = queuesOf.get(transport) ?? {
    elections: new Turns(MAX_CAMPAIGNS, MAX_AWAKE),
    looks: new Turns(MAX_LOOKS, MAX_LOOKS),
  };
  queuesOf.set(transport, known);
  return known;
}

/**
 * Lets a group wake by itself (`Raft.wakesAt`) when it is its turn. It campaigns until it knows a leader, or looks until it is answered, and
 * is awake until it rests; all in all not longer than an election timeout.
 */
export class Wakes {
  readonly #queues: Queues;
  #turns: Turns;
  readonly #maxMs: number;
  readonly #planTurn: () => void;
  #state: 'idle' | 'waiting' | 'granted' | 'campaigning' | 'awake' = 'idle';
  #until = Number.POSITIVE_INFINITY;

  constructor(transport: Transport, maxMs: number, planTurn: () => void) {
    this.#queues = queuesFor(transport);
    this.#turns = this.#queues.elections;
    this.#maxMs = maxMs;
    this.#planTurn = planTurn;
  }

  /** When it wants to be called next. */
  get deadline(): number {
    return this.#until;
  }

  /** To be called in each turn, after the events and before the tick. `isWanted`: somebody waits for the group. */
  turn(raft: Raft, now: number, isWanted: boolean): void {
    const isDue = now >= raft.wakesAt;
    const isLed = raft.role === 'leader' ? !raft.isResting : raft.leaderId !== undefined;
    if (this.#state === 'campaigning' && isLed) this.#enter('awake');
    // A second campaign goes behind those of others.
    if (isDue || now >= this.#until) this.#giveUp();
    if (this.#state === 'awake' && raft.isResting) this.#enter('idle');
    if (!isDue) {
      if (this.#state === 'waiting' || this.#state === 'granted') this.#enter('idle');
    } else {
      if (this.#state === 'idle') {
        this.#turns = raft.role === 'leader' ? this.#queues.looks : this.#queues.elections;
        this.#enter('waiting');
      }
      if (this.#state === 'granted') this.#enter('campaigning', now + this.#maxMs);
    }
    if (isWanted && this.#state === 'waiting') this.#turns.hurry(this);
    raft.hold(this.#state === 'waiting');
  }

  granted(): void {
    this.#state = 'granted';
    this.#planTurn();
  }

  stop(): void {
    this.#enter('idle');
  }

  #giveUp(): void {
    if (this.#state === 'campaigning' || this.#state === 'awake') this.#enter('idle');
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
