import { Raft } from '../../src/consensus/raft.js';
import type { Effects } from '../../src/consensus/effects.js';
import type { LoadRequest, RaftOptions, ReadLevel } from '../../src/consensus/state.js';
import type { InstallSnapshot, Message } from '../../src/messages.js';
import type { Entry, LogIndex, NodeId, Term } from '../../src/types.js';
import type { Dice } from './dice.js';
import type { Disk } from './disk.js';
import { must } from './violation.js';

export interface Proposed {
  readonly id: number;
  readonly index: LogIndex;
  readonly term: Term;
}

/** What one turn has brought about. */
export interface Turn {
  readonly effects: Effects;
  /** Commands that entered the log. */
  readonly proposed: readonly Proposed[];
  /** Commands that were refused. */
  readonly refused: readonly { readonly id: number; readonly why: string }[];
  readonly applied: readonly Entry[];
  /** A snapshot of the leader that has taken the machine this far. */
  readonly installed: LogIndex | undefined;
}

export interface TurnOptions {
  readonly dice?: Dice | undefined;
  readonly ignoreTime?: boolean;
  readonly onTime?: boolean;
}

/**
 * Does with a {@link Raft} what `node/node.ts` does: gathers what comes, and at each turn hands it over, flushes once and applies.
 * When a turn comes, and what becomes of its effects, is for the owner to say.
 */
export class Host {
  readonly id: NodeId;
  readonly disk: Disk;
  readonly raft: Raft;
  appliedIndex: LogIndex;

  readonly inbox: Message[] = [];
  readonly loaded: { readonly request: LoadRequest; readonly entries: readonly Entry[] }[] = [];
  readonly proposals: { readonly id: number; readonly data: Uint8Array }[] = [];
  readonly reads: { readonly id: number; readonly level: ReadLevel }[] = [];
  /** Other calls, each to be made once. */
  readonly calls: ((raft: Raft, now: number) => void)[] = [];
  /** The last write that the disk has reported as durable. */
  persisted = 0;
  #persistedSeen = 0;
  /** The first write that the disk has refused since the last turn. */
  refused: number | undefined;
  /** The stream that is being received, and the byte that it wants next. */
  #stream: { readonly id: number; readonly from: NodeId; readonly term: Term; offset: number } | undefined;
  #installed: LogIndex | undefined;

  constructor(options: RaftOptions, disk: Disk, now: number) {
    this.id = options.id;
    this.disk = disk;
    const initial = disk.restore();
    this.appliedIndex = disk.snapshot?.index ?? 0;
    this.raft = new Raft({ ...options, storeId: disk.storeId }, initial, now);
  }

  /**
   * With `dice`, the kinds of events are handed over in any order: nothing says that a host must keep one. With `ignoreTime`,
   * deadlines pass unnoticed; with `onTime`, the host has not been away, however much time has passed.
   */
  turn(now: number, { dice, ignoreTime = false, onTime = ignoreTime }: TurnOptions = {}): Turn {
    const proposed: Proposed[] = [];
    const refused: { id: number; why: string }[] = [];
    const steps = [
      () => this.#handMessages(now),
      () => (this.#handPersisted(now), this.#handRefused(now)),
      () => this.#handLoaded(now),
      () => ignoreTime || this.#tick(now),
      () => this.#handProposals(now, proposed, refused),
      () => this.#handReads(now),
      () => this.#handCalls(now),
    ];
    if (!onTime) this.raft.wake(now);
    for (const step of dice?.shuffled(steps) ?? steps) step();
    const effects = this.raft.flush(now);
    if (effects.write !== undefined) this.disk.append(effects.write.sequence, effects.write.batch);
    if (effects.compactTo !== undefined) this.disk.compact(effects.compactTo);
    const installed = this.#installed;
    this.#installed = undefined;
    const applied = this.#apply();
    for (const piece of effects.chunks) this.#take(piece);
    return { effects, proposed, refused, applied, installed };
  }

  #handMessages(now: number): void {
    for (const message of this.inbox.splice(0)) this.raft.receive(message, now);
  }

  #handPersisted(now: number): void {
    if (this.persisted <= this.#persistedSeen) return;
    this.#persistedSeen = this.persisted;
    this.raft.persisted(this.persisted, now);
  }

  #handRefused(now: number): void {
    if (this.refused !== undefined) this.raft.storageFull(this.refused, now);
    this.refused = undefined;
  }

  #handCalls(now: number): void {
    for (const call of this.calls.splice(0)) call(this.raft, now);
  }

  /** Takes a snapshot of what is applied; it is on the disk at once, and told with the next turn. */
  takeSnapshot(): void {
    const index = this.appliedIndex;
    const term = this.raft.termAt(index);
    if (term === undefined || index <= (this.disk.snapshot?.index ?? 0)) return;
    const { configuration, index: configurationIndex } = this.raft.configurationAt(index);
    const meta = { index, term, configuration, configurationIndex };
    this.disk.snapshot = meta;
    this.calls.push((raft, now) => raft.snapshotTaken(meta, now));
  }

  /** Writes a piece of the leader's snapshot. The last one makes the whole visible, and the machine takes its state. */
  #take({ from, term, streamId, offset, data, done, snapshot }: InstallSnapshot): void {
    const stream = this.#stream;
    const isCurrent = stream?.id === streamId && stream.from === from && stream.term === term;
    if (!isCurrent) this.#stream = { id: streamId, from, term, offset: 0 };
    const current = this.#stream as { offset: number };
    const answer = { to: from, term, streamId, index: snapshot.index };
    if (offset === current.offset) current.offset += data.length;
    if (!done || offset + data.length !== current.offset) {
      this.calls.push((raft, now) =>
        raft.chunkReceived({ ...answer, offset: current.offset, outcome: 'continue' }, now),
      );
      return;
    }
    if (snapshot.index > (this.disk.snapshot?.index ?? 0)) this.disk.snapshot = snapshot;
    this.calls.push((raft, now) => {
      // The machine may have come further by itself meanwhile.
      if (snapshot.index > this.appliedIndex) this.#installed = this.appliedIndex = snapshot.index;
      raft.snapshotInstalled(snapshot, now);
      raft.chunkReceived({ ...answer, offset: current.offset, outcome: 'installed' }, now);
    });
  }

  #handLoaded(now: number): void {
    for (const { request, entries } of this.loaded.splice(0)) this.raft.entriesLoaded(request, entries, now);
  }

  #tick(now: number): void {
    if (now >= this.raft.deadline) this.raft.tick(now);
  }

  #handProposals(now: number, proposed: Proposed[], refused: { id: number; why: string }[]): void {
    for (const { id, data } of this.proposals.splice(0)) {
      const why = this.raft.refusal(data.length);
      if (why === undefined) proposed.push({ id, index: this.raft.propose(data, now), term: this.raft.term });
      else refused.push({ id, why });
    }
  }

  #handReads(now: number): void {
    for (const { id, level } of this.reads.splice(0)) this.raft.read(id, level, now);
  }

  #apply(): Entry[] {
    const applied: Entry[] = [];
    const to = this.raft.applicableIndex;
    while (this.appliedIndex < to) {
      const from = this.appliedIndex + 1;
      const cached = this.raft.cachedEntries(from, to, Number.POSITIVE_INFINITY);
      const entries = cached ?? this.disk.read(from, to, Number.POSITIVE_INFINITY);
      must(
        entries.length > 0,
        () => `${this.id} is to apply entry ${from}, which is neither in memory nor on its disk`,
      );
      applied.push(...entries);
      this.appliedIndex += entries.length;
    }
    return applied;
  }
}
