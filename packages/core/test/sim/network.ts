import type { Message } from '../../src/messages.js';
import type { NodeId } from '../../src/types.js';
import type { Agenda } from './agenda.js';
import type { Coverage } from './coverage.js';
import type { Dice } from './dice.js';

export interface NetworkProfile {
  readonly delayMs: { readonly min: number; readonly max: number };
  /** As a byte stream would: what is sent first arrives first. */
  readonly ordered: boolean;
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** Some messages arrive long after everything has moved on. */
  readonly lateRate: number;
  readonly lateMs: number;
}

interface Link {
  /** How many faults cut it at present. */
  cuts: number;
  /** When the last message on it arrives. */
  lastArrival: number;
}

/** Carries messages late, twice, out of order, or not at all. */
export class Network {
  readonly #agenda: Agenda;
  readonly #dice: Dice;
  readonly #coverage: Coverage;
  readonly #deliver: (message: Message) => void;
  readonly #links = new Map<string, Link>();
  profile: NetworkProfile;

  constructor(
    profile: NetworkProfile,
    parts: { agenda: Agenda; dice: Dice; coverage: Coverage; deliver: (message: Message) => void },
  ) {
    this.profile = profile;
    this.#agenda = parts.agenda;
    this.#dice = parts.dice;
    this.#coverage = parts.coverage;
    this.#deliver = parts.deliver;
  }

  send(message: Message): void {
    const { lossRate, duplicateRate } = this.profile;
    if (this.#dice.chance(lossRate)) this.#coverage.counts.messagesLost++;
    else this.#carry(message);
    if (!this.#dice.chance(duplicateRate)) return;
    this.#coverage.counts.messagesDuplicated++;
    this.#carry(message);
  }

  /** One way; undone by as many calls of `mend`. */
  cut(from: NodeId, to: NodeId): void {
    this.#link(from, to).cuts++;
  }

  mend(from: NodeId, to: NodeId): void {
    const link = this.#link(from, to);
    link.cuts = Math.max(0, link.cuts - 1);
  }

  isOpen(from: NodeId, to: NodeId): boolean {
    return this.#link(from, to).cuts === 0;
  }

  mendAll(): void {
    for (const link of this.#links.values()) link.cuts = 0;
  }

  #carry(message: Message): void {
    const { delayMs, lateRate, lateMs, ordered } = this.profile;
    const link = this.#link(message.from, message.to);
    const isLate = this.#dice.chance(lateRate);
    const delay = isLate ? this.#dice.between(delayMs.max, lateMs) : this.#dice.between(delayMs.min, delayMs.max);
    let arrival = this.#agenda.now + delay;
    if (arrival < link.lastArrival) {
      if (ordered) arrival = link.lastArrival;
      else this.#coverage.counts.messagesReordered++;
    }
    link.lastArrival = Math.max(link.lastArrival, arrival);
    this.#agenda.at(arrival, () => {
      if (link.cuts === 0) this.#deliver(message);
      else this.#coverage.counts.messagesCut++;
    });
  }

  #link(from: NodeId, to: NodeId): Link {
    const key = `${from}>${to}`;
    let link = this.#links.get(key);
    if (link === undefined) this.#links.set(key, (link = { cuts: 0, lastArrival: 0 }));
    return link;
  }
}
