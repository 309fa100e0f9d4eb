import type { Configuration, Entry, LogIndex, NodeId, Term, TermRun } from '../../src/types.js';
import { must } from './violation.js';

/** Room for a million entries a term. */
const keyOf = (term: Term, index: LogIndex): number => term * 2 ** 20 + index;

interface Leadership {
  readonly id: NodeId;
  /** The terms of the leader's log when it was elected, from the base on; what follows is of its own term. */
  readonly electedTerms: readonly Term[];
  lastIndex: LogIndex;
  round: number;
  /** The turn in which each follower last answered. */
  readonly answeredAt: Map<NodeId, number>;
}

/** Plainly counted: more than half of the voters, and in a joint phase of the outgoing voters too. */
export function isQuorum({ voters, outgoing }: Configuration, has: (id: NodeId) => boolean): boolean {
  return [voters, outgoing].every((set) => set.length === 0 || set.filter(has).length * 2 > set.length);
}

/** What all nodes together have done so far, and what therefore none may do any more (paper, figure 3). */
export class Ledger {
  readonly base: TermRun;
  readonly #entries = new Map<number, { readonly entry: Entry; readonly previousTerm: Term }>();
  /** By the voter and its storage. */
  readonly #votes = new Map<Term, Map<string, NodeId>>();
  readonly #leaderships = new Map<Term, Leadership>();
  readonly #committed: { readonly entry: Entry; readonly byTerm: Term }[] = [];

  constructor(base: TermRun) {
    this.base = base;
  }

  get committedIndex(): LogIndex {
    return this.base.index + this.#committed.length;
  }

  get terms(): number {
    return this.#leaderships.size;
  }

  committed(index: LogIndex): { readonly entry: Entry; readonly byTerm: Term } | undefined {
    return this.#committed[index - this.base.index - 1];
  }

  /** All that is committed, from the base on. */
  committedUpTo(index: LogIndex): Entry[] {
    return this.#committed.slice(0, Math.max(0, index - this.base.index)).map(({ entry }) => entry);
  }

  /** Log Matching: an entry of some index and term is one entry, and so, by induction, is all before it. */
  enter(id: NodeId, entry: Entry, previousTerm: Term): void {
    const key = keyOf(entry.term, entry.index);
    const known = this.#entries.get(key);
    if (known === undefined) this.#entries.set(key, { entry, previousTerm });
    else {
      const same = known.entry.data === entry.data && known.entry.type === entry.type;
      must(same, () => `Log Matching: ${id} holds another entry ${entry.index} of term ${entry.term}`);
      must(
        known.previousTerm === previousTerm,
        () => `Log Matching: before ${entry.index}:${entry.term} ${id} has ${previousTerm}, not ${known.previousTerm}`,
      );
    }
  }

  /** One vote a term, across restarts too; a wiped storage has forgotten those before. */
  vote(term: Term, voter: NodeId, storeId: string, candidate: NodeId): void {
    const votes = this.#votes.get(term) ?? new Map<string, NodeId>();
    this.#votes.set(term, votes);
    const key = `${voter}/${storeId}`;
    const before = votes.get(key);
    must(
      before === undefined || before === candidate,
      () => `${voter} votes for ${before} and ${candidate} in term ${term}`,
    );
    votes.set(key, candidate);
  }

  /** Election Safety and Leader Completeness. `log` holds what follows the base. */
  elect(term: Term, id: NodeId, configuration: Configuration, log: readonly Entry[]): void {
    const other = this.#leaderships.get(term)?.id;
    must(other === undefined, () => `Election Safety: ${other} and ${id} lead in term ${term}`);
    const votes = this.#votes.get(term) ?? new Map<string, NodeId>();
    const hasVote = (store: string | undefined, voter: NodeId): boolean =>
      [...votes].some(([key, candidate]) => {
        const counts = store === undefined ? key.startsWith(`${voter}/`) : key === `${voter}/${store}`;
        return counts && candidate === id;
      });
    must(
      isQuorum(configuration, (voter) => hasVote(configuration.stores[voter], voter)),
      () => `${id} leads in term ${term} without the votes of a quorum`,
    );
    for (const { entry, byTerm } of this.#committed) {
      const own = log[entry.index - this.base.index - 1];
      must(
        byTerm >= term || own?.term === entry.term,
        () =>
          `Leader Completeness: ${id} leads in term ${term} without the committed entry ${entry.index}:${entry.term}`,
      );
    }
    const electedTerms = log.filter((entry) => entry.term < term).map((entry) => entry.term);
    this.#leaderships.set(term, {
      id,
      electedTerms,
      lastIndex: this.base.index + log.length,
      round: 0,
      answeredAt: new Map(),
    });
  }

  leaderGrew(term: Term, lastIndex: LogIndex): void {
    const leadership = this.#leaderships.get(term);
    if (leadership !== undefined) leadership.lastIndex = lastIndex;
  }

  /** The term of that entry in the log of the leader of `term`; undefined when it has no such entry. */
  leaderTermAt(term: Term, index: LogIndex): Term | undefined {
    const leadership = this.#leaderships.get(term);
    if (leadership === undefined || index > leadership.lastIndex) return undefined;
    return index === this.base.index ? this.base.term : (leadership.electedTerms[index - this.base.index - 1] ?? term);
  }

  beginRound(term: Term, round: number): void {
    const leadership = this.#leaderships.get(term);
    if (leadership !== undefined) leadership.round = Math.max(leadership.round, round);
  }

  /** An answer to a round that this leader has not begun would let reads pass that nobody has confirmed. */
  answer(id: NodeId, term: Term, round: number, turn: number): void {
    const leadership = this.#leaderships.get(term);
    const begun = leadership?.round ?? 0;
    must(round <= begun, () => `${id} answers round ${round} in term ${term}, whose leader has begun ${begun}`);
    leadership?.answeredAt.set(id, turn);
  }

  /** The turn in which `id` last answered the leader of `term`; -1: never. */
  answeredAt(term: Term, id: NodeId): number {
    return this.#leaderships.get(term)?.answeredAt.get(id) ?? -1;
  }

  /** A leader commits: only an entry of its own term (paper, figure 8), and only what the disks of a quorum hold. */
  commit(term: Term, entry: Entry, log: readonly Entry[], durable: boolean): void {
    must(
      entry.term === term,
      () => `figure 8: the leader of term ${term} commits ${entry.index}:${entry.term} by itself`,
    );
    must(durable, () => `the leader of term ${term} commits ${entry.index}, which no quorum has on its disks`);
    for (const [later, { id }] of this.#leaderships) {
      must(
        later <= term || this.leaderTermAt(later, entry.index) === term,
        () => `Leader Completeness: ${id} leads in term ${later} without the committed entry ${entry.index}:${term}`,
      );
    }
    for (let index = this.committedIndex + 1; index <= entry.index; index++)
      this.#committed.push({ entry: log[index - this.base.index - 1] as Entry, byTerm: term });
  }

  /** State Machine Safety. */
  checkCommitted(id: NodeId, entry: Entry): void {
    const known = this.committed(entry.index)?.entry;
    must(known !== undefined, () => `${id} takes entry ${entry.index} for committed, which no leader has committed`);
    must(
      known.term === entry.term && known.data === entry.data,
      () =>
        `State Machine Safety: ${id} has ${entry.index}:${entry.term} where ${known.index}:${known.term} is committed`,
    );
  }
}
