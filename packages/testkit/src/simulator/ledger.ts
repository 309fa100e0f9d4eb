import type { Entry, LogIndex, NodeId, NodeStatus, Term, TermRun } from '@raft/core';
import type { Content } from './content.js';
import { must } from './violation.js';

/** Room for a million entries a term. */
const keyOf = (term: Term, index: LogIndex): number => term * 1_048_576 + index;

interface Leadership {
  readonly id: NodeId;
  /** The terms of the leader's log when it was elected, as far as it had not been compacted; what follows is of its own term. */
  readonly electedTerms: readonly TermRun[];
  readonly electedIndex: LogIndex;
  /** Its disk was full, so what it had in its log cannot be seen there. */
  readonly isVague: boolean;
  lastIndex: LogIndex;
}

export type Membership = NodeStatus['membership'];

/** Plainly counted: more than half of the voters, and in a joint phase of the outgoing voters too. */
export function isQuorum({ voters, outgoing }: Membership, has: (id: NodeId) => boolean): boolean {
  return [voters, outgoing].every((set) => set.length === 0 || set.filter(has).length * 2 > set.length);
}

/** What all nodes together have done so far, and what therefore none may do any more (paper, figure 3). */
export class Ledger {
  readonly #entries = new Map<number, { readonly entry: Entry; readonly previousTerm: Term | undefined }>();
  /** By term, then by voter and its storage: one that was wiped has forgotten its votes. */
  readonly #votes = new Map<Term, Map<string, NodeId>>();
  readonly #leaderships = new Map<Term, Leadership>();
  readonly #committed: { readonly entry: Entry; readonly byTerm: Term }[] = [];
  /** Entries of earlier leaders that became committed with one of a later leader. */
  oldTermsCommitted = 0;

  get committedIndex(): LogIndex {
    return this.#committed.length;
  }

  /** Terms in which votes were given and nobody came to lead. */
  get termsWithoutLeader(): number {
    return [...this.#votes.keys()].filter((term) => !this.#leaderships.has(term)).length;
  }

  committed(index: LogIndex): { readonly entry: Entry; readonly byTerm: Term } | undefined {
    return this.#committed[index - 1];
  }

  /** Log Matching: an entry of some index and term is one entry, and so, by induction, is all before it. */
  enter(id: NodeId, entry: Entry, previousTerm: Term | undefined): void {
    const key = keyOf(entry.term, entry.index);
    const known = this.#entries.get(key);
    if (known === undefined) {
      this.#entries.set(key, { entry, previousTerm });
      return;
    }
    const same = known.entry.type === entry.type && isSame(known.entry.data, entry.data);
    must(same, () => `Log Matching: ${id} holds another entry ${entry.index} of term ${entry.term}`);
    must(
      known.previousTerm === previousTerm || known.previousTerm === undefined || previousTerm === undefined,
      () => `Log Matching: before ${entry.index}:${entry.term} ${id} has ${previousTerm}, not ${known.previousTerm}`,
    );
  }

  /** One vote a term, across restarts too. */
  vote(term: Term, voter: NodeId, storeId: string, candidate: NodeId): void {
    const votes = this.#votes.get(term) ?? new Map<string, NodeId>();
    this.#votes.set(term, votes);
    const key = `${voter}@${storeId}`;
    const before = votes.get(key);
    must(
      before === undefined || before === candidate,
      () => `${voter} votes for ${before} and ${candidate} in term ${term}`,
    );
    votes.set(key, candidate);
  }

  /** Election Safety and Leader Completeness. */
  elect(term: Term, id: NodeId, membership: Membership, log: Content, isVague: boolean): void {
    const { stores } = log.configuration();
    const other = this.#leaderships.get(term)?.id;
    must(other === undefined, () => `Election Safety: ${other} and ${id} lead in term ${term}`);
    const votes = [...(this.#votes.get(term) ?? [])].filter(([, candidate]) => candidate === id).map(([key]) => key);
    // A vote counts only with the storage that the voter was admitted with.
    const hasVote = (voter: NodeId): boolean =>
      votes.some((key) =>
        stores[voter] === undefined ? key.startsWith(`${voter}@`) : key === `${voter}@${stores[voter]}`,
      );
    must(isQuorum(membership, hasVote), () => `${id} leads in term ${term} without the votes of a quorum`);
    for (const { entry, byTerm } of this.#committed) {
      must(
        isVague || byTerm >= term || log.holds(entry.index, entry.term),
        () =>
          `Leader Completeness: ${id} leads in term ${term} without the committed entry ${entry.index}:${entry.term}`,
      );
    }
    const electedTerms = log.terms().filter((run) => run.term < term);
    const ownFrom = log.terms().find((run) => run.term >= term)?.index;
    this.#leaderships.set(term, {
      id,
      electedTerms,
      isVague,
      electedIndex: ownFrom === undefined ? log.lastIndex : ownFrom - 1,
      lastIndex: log.lastIndex,
    });
  }

  leaderGrew(term: Term, lastIndex: LogIndex): void {
    const leadership = this.#leaderships.get(term);
    if (leadership !== undefined) leadership.lastIndex = Math.max(leadership.lastIndex, lastIndex);
  }

  isLeader(term: Term, id: NodeId): boolean {
    return this.#leaderships.get(term)?.id === id;
  }

  /** The term of that entry in the log of the leader of `term`; `none`: it has no such entry; undefined: it cannot be told. */
  leaderTermAt(term: Term, index: LogIndex): Term | 'none' | undefined {
    const leadership = this.#leaderships.get(term);
    if (leadership === undefined || index > leadership.lastIndex) return 'none';
    if (leadership.isVague) return undefined;
    if (index > leadership.electedIndex) return term;
    return leadership.electedTerms.findLast((run) => run.index <= index)?.term;
  }

  /** A leader commits: only an entry of its own term (paper, figure 8), and only what the disks of a quorum hold. */
  commit(term: Term, entries: readonly Entry[], isDurable: (entry: Entry) => boolean): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    must(last.term === term, () => `figure 8: the leader of term ${term} commits ${last.index}:${last.term} by itself`);
    must(isDurable(last), () => `the leader of term ${term} commits ${last.index}, which no quorum has on its disks`);
    for (const [later, { id }] of this.#leaderships) {
      const there = later <= term ? term : this.leaderTermAt(later, last.index);
      must(
        there === term || there === undefined,
        () => `Leader Completeness: ${id} leads in term ${later} without the committed entry ${last.index}:${term}`,
      );
    }
    for (const entry of entries) {
      if (entry.term < term) this.oldTermsCommitted++;
      this.#committed.push({ entry, byTerm: term });
    }
  }

  /** State Machine Safety. */
  checkCommitted(id: NodeId, index: LogIndex, entry: Entry | undefined): void {
    const known = this.committed(index)?.entry;
    must(known !== undefined, () => `${id} takes entry ${index} for committed, which no leader has committed`);
    if (entry === undefined) return;
    must(
      known.term === entry.term && isSame(known.data, entry.data),
      () => `State Machine Safety: ${id} has ${index}:${entry.term} where ${index}:${known.term} is committed`,
    );
  }
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let place = 0; place < a.length; place++) if (a[place] !== b[place]) return false;
  return true;
}
