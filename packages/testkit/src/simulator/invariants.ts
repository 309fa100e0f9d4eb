import { EntryType } from '@raft/core';
import type { Applied, Entry, LogBatch, LogIndex, Message, NodeId, NodeStatus, SnapshotMeta, Term } from '@raft/core';
import type { Content } from './content.js';
import type { Disk } from './disk.js';
import { isQuorum, isSame, Ledger } from './ledger.js';
import type { Membership } from './ledger.js';
import { digest } from './trace.js';
import { must } from './violation.js';

/** A command as the state machines were given it, and what they answered. */
export interface AppliedCommand {
  readonly index: LogIndex;
  readonly term: Term;
  readonly command: Uint8Array;
  readonly result: unknown;
}

/** Commands that a state machine was given, or the end of the snapshot that it was restored from. */
type Given =
  | { readonly entries: readonly Applied<Uint8Array>[]; readonly results: readonly unknown[] }
  | { readonly restoredTo: LogIndex };

/** A node as of its last step. */
interface Seen {
  term: Term;
  role: NodeStatus['role'];
  /** Undefined before the first step. */
  membership: Membership | undefined;
  commitIndex: LogIndex;
  /** What was checked against the ledger; less than `commitIndex` where the node's own log lags behind. */
  checkedIndex: LogIndex;
  appliedIndex: LogIndex;
  /** The last command that the state machine was given, or the end of the snapshot that it was restored from. */
  machineIndex: LogIndex;
  /** The disk was full: what is written is older than what the node knows. */
  isLagging: boolean;
  // What has happened in the present step.
  cutBack: readonly Entry[];
  sent: Message[];
  given: Given[];
}

/** Holds every step of every node against what is always true of Raft (paper, figure 3; thesis, sections 3.8 and 10.2.1). */
export class Invariants {
  readonly ledger: Ledger = new Ledger();
  readonly #disks: ReadonlyMap<NodeId, Disk>;
  readonly #seen = new Map<NodeId, Seen>();
  /** What became of the command at an index, the same on every node; undefined: it was not given to the machine. */
  readonly #outcomes: (number | undefined)[] = [];
  /** The commands that the state machines were given, in the log's order. */
  readonly commands: AppliedCommand[] = [];
  /** The index up to which each index has an outcome. */
  #outcomeIndex: LogIndex = 0;

  readonly #describe: (result: unknown) => string;

  /** `describe`: equal for equal results. */
  constructor(disks: ReadonlyMap<NodeId, Disk>, describe: (result: unknown) => string) {
    this.#disks = disks;
    this.#describe = describe;
  }

  /** A process begins on what its disk holds. */
  started(id: NodeId): void {
    const { hardState, snapshot } = this.#disk(id).durable;
    const commitIndex = Math.max(hardState.commitIndex, snapshot?.meta.index ?? 0);
    this.#seen.set(id, {
      term: hardState.term,
      role: 'follower',
      membership: undefined,
      commitIndex,
      checkedIndex: snapshot?.meta.index ?? 0,
      appliedIndex: 0,
      machineIndex: 0,
      isLagging: false,
      cutBack: [],
      sent: [],
      given: [],
    });
  }

  appending(id: NodeId, { hardState, resetTo, truncateFrom, entries }: LogBatch): void {
    const { written } = this.#disk(id);
    const before = written.hardState;
    if (hardState !== undefined) {
      must(hardState.term >= before.term, () => `the term of ${id} goes back from ${before.term} to ${hardState.term}`);
      must(
        hardState.term > before.term || before.votedFor === undefined || hardState.votedFor === before.votedFor,
        () => `${id} changes its vote from ${before.votedFor} to ${hardState.votedFor} in term ${hardState.term}`,
      );
    }
    const term = (hardState ?? before).term;
    const cutFrom = resetTo === undefined ? truncateFrom : resetTo.index + 1;
    if (cutFrom !== undefined) {
      const cutBack = written.entries.slice(Math.max(0, cutFrom - written.base.index - 1));
      for (const entry of cutBack) this.#checkCutBack(id, term, entry);
      this.#node(id).cutBack = cutBack;
    }
    // What lies before may have been refused for want of room, and its sender not know it yet: then this is refused too.
    const isLagging = resetTo === undefined && truncateFrom === undefined && this.#node(id).isLagging;
    const first = isLagging ? undefined : entries[0];
    let previous = first && this.#termBefore(written, first.index, resetTo?.index, resetTo?.term);
    for (const entry of entries) {
      this.ledger.enter(id, entry, previous);
      // Also in the step in which it is deposed.
      if (this.ledger.isLeader(entry.term, id)) this.ledger.leaderGrew(entry.term, entry.index);
      previous = entry.term;
    }
  }

  /** The batch was taken, or refused for want of room. */
  appended(id: NodeId, { entries, truncateFrom, resetTo }: LogBatch, isTaken: boolean): void {
    const seen = this.#node(id);
    if (!isTaken) seen.isLagging = true;
    else if (entries.length > 0 || truncateFrom !== undefined || resetTo !== undefined) seen.isLagging = false;
  }

  sending(id: NodeId, messages: readonly Message[]): void {
    this.#node(id).sent.push(...messages);
  }

  applied(id: NodeId, entries: readonly Applied<Uint8Array>[], results: readonly unknown[]): void {
    this.#node(id).given.push({ entries, results });
  }

  restored(id: NodeId): void {
    this.#node(id).given.push({ restoredTo: this.#disk(id).durable.snapshot?.meta.index ?? 0 });
  }

  /** After each step in which the node's process ran. */
  stepped(id: NodeId, status: NodeStatus): void {
    const seen = this.#node(id);
    const disk = this.#disk(id);
    const led = seen.role === 'leader' && status.role === 'leader' && seen.term === status.term;
    must(status.term >= seen.term, () => `the term of ${id} goes back from ${seen.term} to ${status.term}`);
    must(
      !led || seen.cutBack.length === 0,
      () => `Leader Append-Only: ${id} drops ${seen.cutBack.length} entries while it leads`,
    );
    if (status.role === 'leader') this.#checkLeader(id, status, led, disk);
    // One that is deposed in this step may have committed just before.
    const ledIn = status.role === 'leader' ? status.term : seen.role === 'leader' ? seen.term : undefined;
    this.#checkCommit(id, seen, status, ledIn, disk);
    this.#checkApplied(id, seen, status, disk);
    for (const message of seen.sent) this.#checkMessage(id, status, disk.durable, message);
    seen.sent = [];
    seen.cutBack = [];
    seen.term = status.term;
    seen.role = status.role;
    seen.membership = status.membership;
  }

  #disk(id: NodeId): Disk {
    return this.#disks.get(id) as Disk;
  }

  #node(id: NodeId): Seen {
    return this.#seen.get(id) as Seen;
  }

  #termBefore(
    log: Content,
    index: LogIndex,
    resetIndex: LogIndex | undefined,
    resetTerm: Term | undefined,
  ): Term | undefined {
    return index - 1 === resetIndex ? resetTerm : log.termAt(index - 1);
  }

  /** Who knows of the term in which an entry was committed cannot be told to drop it any more. */
  #checkCutBack(id: NodeId, term: Term, entry: Entry): void {
    const committed = this.ledger.committed(entry.index);
    const kept = committed === undefined || committed.entry.term !== entry.term || term < committed.byTerm;
    must(kept, () => `${id} drops the committed entry ${entry.index}:${entry.term} in term ${term}`);
  }

  #checkLeader(
    id: NodeId,
    { term, membership, lastIndex }: NodeStatus,
    led: boolean,
    { written, durable }: Disk,
  ): void {
    if (!led) {
      must(
        durable.hardState.term === term && durable.hardState.votedFor === id,
        () => `${id} leads in term ${term}: its disk knows nothing of it`,
      );
      this.ledger.vote(term, id, this.#disk(id).storeId, id);
      this.ledger.elect(term, id, membership, written, this.#node(id).isLagging);
    }
    // Its disk may refuse what it sends to the others at the same time.
    this.ledger.leaderGrew(term, lastIndex);
  }

  #checkCommit(id: NodeId, seen: Seen, status: NodeStatus, ledIn: Term | undefined, { written }: Disk): void {
    const { commitIndex } = status;
    must(commitIndex >= seen.commitIndex, () => `the commit index of ${id} goes back to ${commitIndex}`);
    must(commitIndex <= status.lastIndex, () => `the commit index of ${id} is past the end of its log`);
    seen.commitIndex = commitIndex;
    if (ledIn !== undefined && commitIndex > this.ledger.committedIndex) {
      const news: Entry[] = [];
      for (let index = this.ledger.committedIndex + 1; index <= commitIndex; index++)
        news.push(this.#entryToCommit(id, written, index));
      // A commit may bring the next configuration in the same step.
      const memberships = [seen.membership ?? status.membership, status.membership];
      this.ledger.commit(ledIn, news, ({ index, term }) =>
        memberships.some((membership) => isQuorum(membership, (voter) => this.#isDurable(voter, index, term))),
      );
    }
    must(
      commitIndex <= this.ledger.committedIndex,
      () => `${id} takes entry ${commitIndex} for committed, which no leader has committed`,
    );
    if (seen.isLagging) return;
    const until = Math.min(commitIndex, Math.max(written.lastIndex, written.snapshot?.meta.index ?? 0));
    for (let index = seen.checkedIndex + 1; index <= until; index++)
      this.ledger.checkCommitted(id, index, written.entry(index));
    seen.checkedIndex = Math.max(seen.checkedIndex, until);
  }

  /** Also what was acknowledged before the disk was replaced: a majority of the others still tells of it. */
  #isDurable(id: NodeId, index: LogIndex, term: Term): boolean {
    const disk = this.#disks.get(id);
    return disk?.durable.holds(index, term) === true || disk?.lost?.holds(index, term) === true;
  }

  /** A leader whose disk was full may commit, by the others' disks, what its own has not. */
  #entryToCommit(id: NodeId, written: Content, index: LogIndex): Entry {
    const own = written.entry(index);
    if (own !== undefined) return own;
    const others = [...this.#disks.values()].map(({ durable }) => durable.entry(index));
    const latest = others.reduce((a, b) => (b !== undefined && b.term >= (a?.term ?? 0) ? b : a), undefined);
    must(latest !== undefined, () => `${id} commits entry ${index}, which is on no disk`);
    return latest;
  }

  #checkApplied(id: NodeId, seen: Seen, status: NodeStatus, { durable }: Disk): void {
    const { appliedIndex } = status;
    for (const given of seen.given) {
      if ('restoredTo' in given) seen.machineIndex = Math.max(seen.machineIndex, given.restoredTo);
      else this.#checkGiven(id, seen, given.entries, given.results);
    }
    seen.given = [];
    must(appliedIndex >= seen.appliedIndex, () => `the applied index of ${id} goes back to ${appliedIndex}`);
    must(appliedIndex <= status.commitIndex, () => `${id} has applied ${appliedIndex}, which is not committed`);
    must(
      appliedIndex <= Math.max(durable.lastIndex, durable.snapshot?.meta.index ?? 0),
      () => `${id} has applied ${appliedIndex}, which is not on its disk`,
    );
    for (let index = seen.machineIndex + 1; index <= appliedIndex; index++) this.#settle(id, index, undefined);
    seen.machineIndex = Math.max(seen.machineIndex, appliedIndex);
    seen.appliedIndex = appliedIndex;
  }

  #checkGiven(id: NodeId, seen: Seen, entries: readonly Applied<Uint8Array>[], results: readonly unknown[]): void {
    entries.forEach(({ index, term, command }, place) => {
      must(index > seen.machineIndex, () => `${id} applies ${index} again, after ${seen.machineIndex}`);
      const known = this.ledger.committed(index)?.entry;
      must(known !== undefined, () => `${id} applies ${index}, which no leader has committed`);
      must(
        known.term === term && (known.type !== EntryType.command || isSame(known.data, command)),
        () => `State Machine Safety: ${id} applies ${index}:${term}, but ${index}:${known.term} is committed`,
      );
      for (let skipped = seen.machineIndex + 1; skipped < index; skipped++) this.#settle(id, skipped, undefined);
      if (index > this.#outcomeIndex) this.commands.push({ index, term, command, result: results[place] });
      this.#settle(id, index, (digest(command) ^ digest(this.#describe(results[place]))) >>> 0);
      seen.machineIndex = index;
    });
  }

  /** Commands of sessions in the log that were there before, and so were not given to the machines again. */
  repetitions = 0;

  /** What the first node found at an index, every other one must find. */
  #settle(id: NodeId, index: LogIndex, outcome: number | undefined): void {
    const type = this.ledger.committed(index)?.entry.type;
    must(type !== EntryType.command || outcome !== undefined, () => `${id} leaves out the command at ${index}`);
    if (index > this.#outcomeIndex) {
      must(
        index === this.#outcomeIndex + 1,
        () => `${id} applies ${index} before anybody has applied what precedes it`,
      );
      this.#outcomes[index] = outcome;
      this.#outcomeIndex = index;
      if (type === EntryType.sessionCommand && outcome === undefined) this.repetitions++;
      return;
    }
    must(
      this.#outcomes[index] === outcome,
      () => `State Machine Safety: the command at ${index} has another outcome on ${id} than elsewhere`,
    );
  }

  /** What a message promises must be on the disk when it leaves. */
  #checkMessage(id: NodeId, status: NodeStatus, durable: Content, message: Message): void {
    const { term, votedFor } = durable.hardState;
    must(message.from === id && message.to !== id, () => `${id} sends a message from ${message.from} to ${message.to}`);
    switch (message.type) {
      case 'requestVote':
        if (!message.preVote) this.#checkVote(id, message.term, id, term, votedFor);
        break;
      case 'requestVoteResponse':
        if (message.granted && !message.preVote) this.#checkVote(id, message.term, message.to, term, votedFor);
        if (!message.preVote || !message.granted) this.#checkTerm(id, message, term);
        break;
      case 'appendEntries':
        must(
          this.ledger.isLeader(message.term, id) && message.term === status.term,
          () => `${id} sends entries in term ${message.term} and does not lead`,
        );
        // One that is deposed in this step, and whose disk is full, tells of an entry in no other way.
        if (message.entries.at(-1)?.term === message.term)
          this.ledger.leaderGrew(message.term, message.prevLogIndex + message.entries.length);
        for (const entry of message.entries)
          this.ledger.enter(id, entry, entry.index === message.prevLogIndex + 1 ? message.prevLogTerm : undefined);
        this.#checkTerm(id, message, term);
        break;
      case 'appendEntriesResponse':
        this.#checkMatch(id, durable, message.term, message.matchIndex);
        this.#checkTerm(id, message, term);
        break;
      case 'installSnapshot':
        must(
          this.ledger.isLeader(message.term, id) && message.term === status.term,
          () => `${id} sends a snapshot in term ${message.term} and does not lead`,
        );
        this.#checkSnapshot(id, message.snapshot);
        this.#checkTerm(id, message, term);
        break;
      case 'installSnapshotResponse':
        must(
          message.outcome !== 'installed' ||
            message.index <= (durable.snapshot?.meta.index ?? 0) ||
            message.index <= status.commitIndex,
          () => `${id} says that it has installed snapshot ${message.index}, which its disk has not`,
        );
        this.#checkTerm(id, message, term);
        break;
      default:
    }
  }

  /** It ends at what is committed. */
  #checkSnapshot(id: NodeId, { index, term }: SnapshotMeta): void {
    const committed = this.ledger.committed(index)?.entry.term;
    must(
      committed === term,
      () => `${id} has a snapshot that ends at ${index}:${term}, but ${index}:${committed} is committed`,
    );
  }

  #checkTerm(id: NodeId, message: Message, durableTerm: Term): void {
    must(
      message.term <= durableTerm,
      () => `${id} tells of term ${message.term} (${message.type}), but its disk knows ${durableTerm}`,
    );
  }

  #checkVote(voter: NodeId, term: Term, candidate: NodeId, durableTerm: Term, durableVote: NodeId | undefined): void {
    must(
      durableTerm > term || (durableTerm === term && durableVote === candidate),
      () => `${voter} tells of its vote for ${candidate} in term ${term}, but its disk knows ${durableVote}`,
    );
    this.ledger.vote(term, voter, this.#disk(voter).storeId, candidate);
  }

  #checkMatch(id: NodeId, durable: Content, term: Term, matchIndex: LogIndex): void {
    if (matchIndex <= durable.base.index || matchIndex <= (durable.snapshot?.meta.index ?? 0)) return;
    const leaderTerm = this.ledger.leaderTermAt(term, matchIndex);
    must(
      leaderTerm === undefined || durable.termAt(matchIndex) === leaderTerm,
      () =>
        `${id} claims to match the leader of term ${term} up to ${matchIndex}:${leaderTerm}, ` +
        `but its disk has term ${durable.termAt(matchIndex)} there`,
    );
  }
}
