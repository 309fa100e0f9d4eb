import { Raft } from '../../src/consensus/raft.js';
import type { Effects } from '../../src/consensus/effects.js';
import type { LoadRequest, RaftOptions } from '../../src/consensus/state.js';
import type { Message } from '../../src/messages.js';
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
  readonly reads: number[] = [];
  /** The last write that the disk has reported as durable. */
  persisted = 0;
  #persistedSeen = 0;

  constructor(options: RaftOptions, disk: Disk, now: number) {
    this.id = options.id;
    this.disk = disk;
    this.appliedIndex = disk.base.index;
    this.raft = new Raft(options, disk.restore(), now);
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
      () => this.#handPersisted(now),
      () => this.#handLoaded(now),
      () => ignoreTime || this.#tick(now),
      () => this.#handProposals(now, proposed, refused),
      () => this.#handReads(now),
    ];
    if (!onTime) this.raft.wake(now);
    for (const step of dice?.shuffled(steps) ?? steps) step();
    const effects = this.raft.flush(now);
    if (effects.write !== undefined) this.disk.append(effects.write.sequence, effects.write.batch);
    return { effects, proposed, refused, applied: this.#apply() };
  }

  #handMessages(now: number): void {
    for (const message of this.inbox.splice(0)) this.raft.receive(message, now);
  }

  #handPersisted(now: number): void {
    if (this.persisted <= this.#persistedSeen) return;
    this.#persistedSeen = this.persisted;
    this.raft.persisted(this.persisted, now);
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
    for (const id of this.reads.splice(0)) this.raft.read(id, 'linearizable', now);
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
