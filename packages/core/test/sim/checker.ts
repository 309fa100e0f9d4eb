import { sizeOf } from '../../src/consensus/log.js';
import type { Raft } from '../../src/consensus/raft.js';
import type { ActiveRole, ReadLevel } from '../../src/consensus/state.js';
import type { AppendEntries, Message } from '../../src/messages.js';
import type { LogBatch } from '../../src/storage.js';
import type { Configuration, Entry, LogIndex, NodeId, Term, TermRun } from '../../src/types.js';
import type { Disk } from './disk.js';
import type { Host, Turn } from './host.js';
import { isQuorum, Ledger } from './ledger.js';
import { must } from './violation.js';

/** A node as of its last turn. */
interface Seen {
  /** The log in memory, with what is compacted by now, but for what is behind the base. */
  log: Entry[];
  /** That of the whole cluster, or nothing for a node that has not got so far. */
  base: TermRun;
  term: Term;
  votedFor: NodeId | undefined;
  role: ActiveRole;
  configuration: Configuration;
  commitIndex: LogIndex;
  appliedIndex: LogIndex;
}

export interface Limits {
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly maxMessageBytes: number;
}

/** Holds every turn of every node against what is always true of Raft (paper, figure 3; thesis, sections 3.8, 6.4 and 10.2.1). */
export class Checker {
  readonly ledger: Ledger;
  readonly #disks: ReadonlyMap<NodeId, Disk>;
  readonly #limits: Limits;
  readonly #seen = new Map<NodeId, Seen>();
  /** The highest index whose success a client has been told. */
  ackedIndex: LogIndex = 0;
  readonly #reads = new Map<
    number,
    { readonly ackedIndex: LogIndex; readonly turn: number; readonly level: ReadLevel }
  >();
  #turns = 0;
  #largestMessageBytes = 1;

  constructor(base: TermRun, disks: ReadonlyMap<NodeId, Disk>, limits: Limits) {
    this.ledger = new Ledger(base);
    this.#disks = disks;
    this.#limits = limits;
  }

  /** A node was made from what its disk holds. */
  started({ id, raft, disk, appliedIndex }: Host): void {
    const { term, votedFor, commitIndex } = disk.hardState;
    must(raft.term === term && raft.votedFor === votedFor, () => `${id} restarts with another term or vote`);
    must(raft.role === 'follower', () => `${id} starts as ${raft.role}`);
    must(
      raft.commitIndex === Math.max(commitIndex, disk.base.index, disk.snapshot?.index ?? 0) &&
        raft.lastIndex === disk.lastIndex,
      () => `${id} restarts with another commit index or log than its disk has`,
    );
    const base = disk.base.index < this.ledger.base.index ? disk.base : this.ledger.base;
    const log = [...this.ledger.committedUpTo(disk.base.index), ...disk.entries];
    log.forEach((entry, place) => this.ledger.enter(id, entry, log[place - 1]?.term ?? base.term));
    this.#seen.set(id, {
      log,
      base,

      term,
      votedFor,
      role: 'follower',
      configuration: raft.configuration,
      commitIndex: raft.commitIndex,
      appliedIndex,
    });
  }

  turned(host: Host, turn: Turn): void {
    this.#turns++;
    const seen = this.#seen.get(host.id) as Seen;
    const led = seen.role === 'leader' && host.raft.role === 'leader' && seen.term === host.raft.term;
    // One that is deposed in this turn may have committed just before.
    const ledIn = host.raft.role === 'leader' ? host.raft.term : seen.role === 'leader' ? seen.term : undefined;
    this.#followLog(host, seen, led);
    if (turn.effects.write !== undefined) this.#checkWrite(host.id, seen, turn.effects.write.batch);
    this.#checkTerm(host, seen);
    if (host.raft.role === 'leader') this.#checkLeader(host, seen, led);
    else if (seen.role === 'leader' && host.raft.term === ledIn) this.ledger.leaderGrew(ledIn, host.raft.lastIndex);
    this.#checkCommit(host, seen, ledIn);
    this.#checkApplied(host, seen, turn);
    // One that is removed tells what is committed, and whom it asks to take over, as it goes.
    const goes = turn.effects.messages.some(({ type, term }) => type === 'timeoutNow' && term === seen.term);
    for (const message of turn.effects.messages) this.#checkMessage(host, seen, message, goes);
    this.#checkWindows(host);
    for (const { id, index } of turn.effects.reads)
      this.#checkRead(host, id, index, { ledIn, before: seen.configuration });
    seen.role = host.raft.role;
    seen.configuration = host.raft.configuration;
  }

  acknowledged(index: LogIndex): void {
    this.ackedIndex = Math.max(this.ackedIndex, index);
  }

  readBegan(id: number, level: ReadLevel = 'linearizable'): void {
    this.#reads.set(id, { ackedIndex: this.ackedIndex, turn: this.#turns, level });
  }

  /** What was dropped, and what was appended, since the last turn. */
  #followLog({ id, raft }: Host, seen: Seen, led: boolean): void {
    this.#followReset(id, raft, seen, led);
    const { base, log } = seen;
    for (let last = log.at(-1); last !== undefined && raft.termAt(last.index) !== last.term; last = log.at(-1)) {
      if (last.index < raft.firstIndex) break;
      must(!led, () => `Leader Append-Only: ${id} drops entry ${last?.index} while it leads`);
      this.#checkTruncated(id, raft.term, last);
      log.pop();
    }
    const from = base.index + log.length + 1;
    const news = raft.cachedEntries(from, raft.lastIndex, Number.POSITIVE_INFINITY) ?? [];
    for (const entry of news) {
      must(entry.index === base.index + log.length + 1, () => `${id} appends entry ${entry.index} after a gap`);
      this.ledger.enter(id, entry, log.at(-1)?.term ?? base.term);
      log.push(entry);
    }
    const lastTerm = log.at(-1)?.term ?? base.term;
    must(
      raft.lastIndex === base.index + log.length && raft.termAt(raft.lastIndex) === lastTerm,
      () =>
        `${id} says its log ends at ${raft.lastIndex}, but it was seen to end at ${base.index + log.length}:${lastTerm}`,
    );
  }

  /** A snapshot that has taken the place of a log that does not hold its last entry. */
  #followReset(id: NodeId, raft: Raft, seen: Seen, led: boolean): void {
    const index = raft.firstIndex - 1;
    const own = index === seen.base.index ? seen.base.term : seen.log[index - seen.base.index - 1]?.term;
    const term = raft.termAt(index) as Term;
    if (index < this.ledger.base.index || own === term) return;
    must(!led, () => `Leader Append-Only: ${id} drops its log while it leads`);
    must(
      index <= this.ledger.committedIndex &&
        (this.ledger.committed(index)?.entry.term ?? this.ledger.base.term) === term,
      () => `${id} takes a snapshot that ends with ${index}:${term}, which is not committed`,
    );
    seen.base = this.ledger.base;
    seen.log = this.ledger.committedUpTo(index);
  }

  /** What is handed to the disk is what is in memory. */
  #checkWrite(id: NodeId, { log, base }: Seen, { entries, resetTo, truncateFrom }: LogBatch): void {
    must(
      entries.every((entry) => entry === log[entry.index - base.index - 1]),
      () => `${id} writes other entries than it has`,
    );
    must(resetTo === undefined || truncateFrom === undefined, () => `${id} resets its log and truncates it`);
  }

  /** Who knows of the term in which an entry was committed cannot be told to drop it any more. */
  #checkTruncated(id: NodeId, term: Term, entry: Entry): void {
    const committed = this.ledger.committed(entry.index);
    const kept = committed === undefined || committed.entry.term !== entry.term || term < committed.byTerm;
    must(kept, () => `${id} drops the committed entry ${entry.index}:${entry.term} in term ${term}`);
  }

  #checkTerm({ id, raft }: Host, seen: Seen): void {
    must(raft.term >= seen.term, () => `the term of ${id} goes back from ${seen.term} to ${raft.term}`);
    const voteKept = raft.term > seen.term || seen.votedFor === undefined || raft.votedFor === seen.votedFor;
    must(voteKept, () => `${id} changes its vote from ${seen.votedFor} to ${raft.votedFor} in term ${raft.term}`);
    const asked = raft.votedFor === undefined ? undefined : this.#disks.get(raft.votedFor);
    must(
      asked === undefined || asked.before !== undefined || asked.hardState.term >= raft.term || raft.votedFor === id,
      () => `${id} votes for ${raft.votedFor} in term ${raft.term}, who has not asked for votes in that term`,
    );
    seen.term = raft.term;
    seen.votedFor = raft.votedFor;
  }

  #checkLeader({ id, raft, disk }: Host, seen: Seen, led: boolean): void {
    if (!led) {
      const { term, votedFor } = disk.hardState;
      must(
        term === raft.term && votedFor === id,
        () => `${id} leads in term ${raft.term}: its disk knows nothing of it`,
      );
      this.ledger.vote(raft.term, id, disk.storeId, id);
      this.ledger.elect(raft.term, id, raft.configuration, seen.log);
    }
    this.ledger.leaderGrew(raft.term, raft.lastIndex);
  }

  #checkCommit({ id, raft }: Host, seen: Seen, ledIn: Term | undefined): void {
    const { base } = seen;
    must(raft.commitIndex >= seen.commitIndex, () => `the commit index of ${id} goes back to ${raft.commitIndex}`);
    must(raft.commitIndex <= raft.lastIndex, () => `the commit index of ${id} is past the end of its log`);
    const news = seen.log.slice(Math.max(0, seen.commitIndex - base.index), raft.commitIndex - base.index);
    const own = raft.role === 'leader' ? news.at(-1) : news.findLast((entry) => entry.term === ledIn);
    if (ledIn !== undefined && own !== undefined && own.index > this.ledger.committedIndex) {
      const holds = (disk: Disk | undefined): boolean =>
        disk !== undefined && (disk.termAt(own.index) === own.term || holds(disk.before));
      // Of two configurations, one entered after it, the older may have been the one that counted.
      const durable = [raft.configuration, raft.configurationAt(own.index).configuration].some((configuration) =>
        isQuorum(configuration, (voter) => holds(this.#disks.get(voter))),
      );
      this.ledger.commit(ledIn, own, seen.log, durable);
    }
    for (const entry of news) this.ledger.checkCommitted(id, entry);
    seen.commitIndex = raft.commitIndex;
  }

  #checkApplied({ id, disk, appliedIndex }: Host, seen: Seen, { applied, installed }: Turn): void {
    if (installed !== undefined) {
      must(installed > seen.appliedIndex, () => `${id} installs ${installed} over ${seen.appliedIndex}`);
      seen.appliedIndex = installed;
    }
    for (const entry of applied) {
      must(entry.index === ++seen.appliedIndex, () => `${id} applies ${entry.index} instead of ${seen.appliedIndex}`);
      this.ledger.checkCommitted(id, entry);
      const isDurable = disk.termAt(entry.index) === entry.term || entry.index <= (disk.snapshot?.index ?? 0);
      must(isDurable, () => `${id} applies ${entry.index}, which is not on its disk`);
    }
    must(appliedIndex === seen.appliedIndex, () => `${id} miscounts what it has applied`);
  }

  #checkWindows({ id, raft }: Host): void {
    const { maxInflightMessages, maxInflightBytes } = this.#limits;
    for (const [peer, { inflightMessages, inflightBytes, matchIndex, nextIndex }] of raft.progress) {
      // The message that reaches the limit may pass it.
      must(
        inflightMessages <= maxInflightMessages && inflightBytes < maxInflightBytes + this.#largestMessageBytes,
        () => `${id} has ${inflightMessages} messages, ${inflightBytes} bytes in flight to ${peer}`,
      );
      must(
        matchIndex < nextIndex && nextIndex <= raft.lastIndex + 1,
        () => `${id} takes ${peer} to match up to ${matchIndex} and sends ${nextIndex} next`,
      );
    }
  }

  /** A linearizable read: nothing acknowledged before is missed, and a quorum has followed this leader since (thesis, 6.4). */
  #checkRead(
    { id, raft }: Host,
    read: number,
    index: LogIndex | undefined,
    { ledIn, before }: { readonly ledIn: Term | undefined; readonly before: Configuration },
  ): void {
    const began = this.#reads.get(read);
    must(began !== undefined, () => `read ${read} is answered twice, or was never asked`);
    this.#reads.delete(read);
    if (index === undefined) return;
    must(
      index >= began.ackedIndex,
      () => `read ${read} may be answered at ${index}, but ${began.ackedIndex} was acknowledged before it began`,
    );
    // What a follower was told is held against what was acknowledged only, and so is what a lease allows.
    if (ledIn === undefined || began.level === 'lease') return;
    const hasAnswered = (voter: NodeId): boolean => voter === id || this.ledger.answeredAt(ledIn, voter) > began.turn;
    // One that was changed in this turn may have counted before.
    const wasAsked = [raft.configuration, before].some((one) => isQuorum(one, hasAnswered));
    must(wasAsked, () => `read ${read} may be answered, but no quorum was asked`);
  }

  /** What a message promises must be on the disk when it leaves. */
  #checkMessage({ id, raft, disk }: Host, seen: Seen, message: Message, goes: boolean): void {
    const { term, votedFor } = disk.hardState;
    must(message.from === id && message.to !== id, () => `${id} sends a message from ${message.from} to ${message.to}`);
    const asksForPreVote = message.type === 'requestVote' && message.preVote;
    const grantsPreVote = message.type === 'requestVoteResponse' && message.preVote && message.granted;
    must(
      asksForPreVote || grantsPreVote || message.term <= term,
      () => `${id} tells of term ${message.term}, but its disk knows ${term}`,
    );
    switch (message.type) {
      case 'requestVote':
        if (!message.preVote) this.#checkVote(id, message.term, id, term, votedFor);
        break;
      case 'requestVoteResponse':
        if (message.granted && !message.preVote) this.#checkVote(id, message.term, message.to, term, votedFor);
        break;
      case 'appendEntries':
        must(
          (raft.role === 'leader' || goes) && message.term === raft.term,
          () => `${id} sends entries and does not lead`,
        );
        this.#checkEntries(id, seen, message);
        this.ledger.beginRound(message.term, message.round);
        break;
      case 'appendEntriesResponse':
        this.#checkMatch(id, disk, message.term, message.matchIndex);
        this.ledger.answer(id, message.term, message.round, this.#turns);
        break;
      default:
    }
  }

  #checkVote(voter: NodeId, term: Term, candidate: NodeId, durableTerm: Term, durableVote: NodeId | undefined): void {
    must(
      durableTerm > term || durableVote === candidate,
      () => `${voter} tells of its vote for ${candidate} in term ${term}, but its disk knows ${durableVote}`,
    );
    this.ledger.vote(term, voter, this.#disks.get(voter)?.storeId ?? '', candidate);
  }

  #checkEntries(id: NodeId, { log, base }: Seen, { prevLogIndex, prevLogTerm, entries }: AppendEntries): void {
    const first = prevLogIndex - base.index;
    const isHeartbeatOnly = prevLogIndex === 0 && entries.length === 0;
    must(
      isHeartbeatOnly ||
        ((first === 0 ? base.term : log[first - 1]?.term) === prevLogTerm &&
          entries.every((entry, place) => entry === log[first + place])),
      () => `${id} sends entries after ${prevLogIndex} that are not those of its log`,
    );
    const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    must(
      entries.length <= 1 || bytes <= this.#limits.maxMessageBytes,
      () => `${id} sends ${entries.length} entries of ${bytes} bytes in a message`,
    );
    this.#largestMessageBytes = Math.max(this.#largestMessageBytes, bytes);
  }

  #checkMatch(id: NodeId, disk: Disk, term: Term, matchIndex: LogIndex): void {
    if (matchIndex <= Math.max(disk.base.index, disk.snapshot?.index ?? 0)) return;
    const leaderTerm = this.ledger.leaderTermAt(term, matchIndex);
    must(
      leaderTerm !== undefined && disk.termAt(matchIndex) === leaderTerm,
      () =>
        `${id} claims to match the leader of term ${term} up to ${matchIndex}:${leaderTerm}, ` +
        `but its disk has term ${disk.termAt(matchIndex)} there`,
    );
  }

  /** Everything in memory against everything that was seen; too slow for each turn. */
  checkWholeLog({ id, raft }: Host): void {
    const { log, base } = this.#seen.get(id) as Seen;
    for (const entry of log)
      if (entry.index >= raft.firstIndex - 1)
        must(raft.termAt(entry.index) === entry.term, () => `${id} forgets the term of entry ${entry.index}`);
    for (let from = raft.lastIndex; from >= raft.firstIndex; from--) {
      const cached = raft.cachedEntries(from, from, 1);
      if (cached === undefined) break;
      must(cached[0] === log[from - base.index - 1], () => `${id} has another entry ${from} in memory`);
    }
  }
}
