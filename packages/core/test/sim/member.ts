import type { Effects } from '../../src/consensus/effects.js';
import type { Raft } from '../../src/consensus/raft.js';
import type { RaftOptions, ReadLevel } from '../../src/consensus/state.js';
import type { Message } from '../../src/messages.js';
import { EntryType } from '../../src/types.js';
import type { Entry, NodeId } from '../../src/types.js';
import type { Agenda } from './agenda.js';
import type { Checker } from './checker.js';
import type { Coverage } from './coverage.js';
import type { Dice } from './dice.js';
import { Disk } from './disk.js';
import { Host } from './host.js';
import type { Turn } from './host.js';
import { describeConfiguration, describeMessage, describeWrite } from './journal.js';
import type { Journal } from './journal.js';
import { observeTurn } from './observer.js';
import type { Profile } from './profile.js';
import { Streams } from './streams.js';

/** What a member lives in. */
export interface World {
  readonly agenda: Agenda;
  readonly checker: Checker;
  readonly coverage: Coverage;
  readonly journal: Journal | undefined;
  readonly profile: Profile;
  send(message: Message): void;
  /** The member has another disk. */
  replaced(member: Member): void;
  /** After each turn of each member. */
  turned(member: Member, turn: Turn): void;
}

/** One node of the simulated cluster: its process, which may die or sleep, its disk, which does not, and its clock. */
export class Member {
  readonly id: NodeId;
  disk: Disk;
  readonly #world: World;
  readonly #options: RaftOptions;
  readonly #dice: Dice;
  readonly #clock: { readonly offset: number; readonly rate: number };

  host: Host;
  isUp = true;
  isPaused = false;
  /** Commands in the log that nobody has been told about, by index. */
  readonly waiting = new Map<number, { readonly id: number; readonly term: number }>();
  /** Reads without an answer. */
  readonly reading = new Map<number, ReadLevel>();
  /** Tells a restarted process from the one before: what was begun by that one is nobody's. */
  #life = 0;
  #turnPlanned = false;
  #timerAt = Number.POSITIVE_INFINITY;
  #syncing = false;
  #stalls = 0;
  #full = false;
  /** Commands that were handed on, by the number of the question. */
  readonly #forwarded = new Map<number, number>();
  #streams!: Streams;
  #resending = false;

  constructor(id: NodeId, disk: Disk, dice: Dice, world: World) {
    const { raft, clockDrift } = world.profile;
    this.id = id;
    this.disk = disk;
    this.#dice = dice;
    this.#world = world;
    this.#options = { ...raft, id, priority: world.profile.priorities[id] ?? 1, random: dice.fork().random };
    this.#clock = { offset: dice.between(0, 1000), rate: dice.between(1 - clockDrift, 1 + clockDrift) };
    this.host = this.#start();
  }

  get isRunning(): boolean {
    return this.isUp && !this.isPaused;
  }

  receive(message: Message): void {
    if (!this.isUp) return;
    this.#world.journal?.note(this.#world.agenda.now, describeMessage(message));
    this.host.inbox.push(message);
    this.#planTurn();
  }

  propose(id: number, data: Uint8Array): void {
    const { role, leaderId } = this.host.raft;
    if (role === 'follower' && leaderId !== undefined && this.#dice.chance(0.3)) return this.#forward(id, data);
    this.host.proposals.push({ id, data });
    this.#planTurn();
  }

  /** Hands the command on to the leader. */
  #forward(id: number, data: Uint8Array): void {
    this.call((raft, now) => {
      const question = raft.forward([{ type: EntryType.command, data }], now);
      if (question !== undefined) this.#forwarded.set(question, id);
    });
  }

  read(id: number): void {
    const level = this.#dice.chance(0.3) ? 'lease' : 'linearizable';
    this.#world.checker.readBegan(id, level);
    this.reading.set(id, level);
    this.host.reads.push({ id, level });
    this.#planTurn();
  }

  /** Makes a call with the next turn. */
  call(make: (raft: Raft, now: number) => void): void {
    if (!this.isUp) return;
    this.host.calls.push(make);
    this.#planTurn();
  }

  takeSnapshot(): void {
    if (!this.isUp) return;
    const before = this.disk.snapshot;
    this.host.takeSnapshot();
    if (this.disk.snapshot !== before) this.#world.coverage.counts.snapshotsTaken++;
    this.#planTurn();
  }

  fillDisk(isFull: boolean): void {
    this.#full = isFull;
    this.disk.isFull = isFull;
  }

  /** Comes back with an empty disk. */
  wipe(): void {
    this.crash();
    const hardState = { term: 0, votedFor: undefined, commitIndex: 0 };
    const storeId = `${this.disk.storeId}'`;
    this.disk = new Disk(
      { storeId, base: { index: 0, term: 0 }, configuration: undefined, hardState, entries: [] },
      this.disk,
    );
    this.disk.isFull = this.#full;
    this.#world.replaced(this);
    this.restart();
  }

  crash(): void {
    if (!this.isUp) return;
    const { counts } = this.#world.coverage;
    counts.crashes++;
    if (this.host.raft.role === 'leader') counts.leadersCrashed++;
    const unsynced = this.disk.unsynced.length;
    const survivors = this.#dice.whole(0, unsynced);
    if (survivors < unsynced) counts.writesLost++;
    if (survivors > 0) counts.unreportedWritesSurvived++;
    if (survivors > 0 && survivors < unsynced) counts.writesTorn++;
    this.disk.crash(survivors);
    this.#note(`crashes; ${survivors} of ${unsynced} unsynced writes survive`);
    this.isUp = false;
    this.isPaused = false;
    this.waiting.clear();
    this.#forwarded.clear();
    this.reading.clear();
  }

  restart(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.host = this.#start();
    this.#note(`restarts in term ${this.host.raft.term}, commit ${this.host.raft.commitIndex}`);
  }

  /** Nothing runs; what comes is queued. */
  pause(): void {
    if (!this.isRunning) return;
    this.#world.coverage.counts.pauses++;
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#planTurn();
  }

  stallDisk(): void {
    this.#world.coverage.counts.diskStalls++;
    this.#stalls++;
  }

  freeDisk(): void {
    this.#stalls = Math.max(0, this.#stalls - 1);
    this.#sync();
  }

  #start(): Host {
    this.#life++;
    this.#turnPlanned = false;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#syncing = false;
    const host = new Host(this.#options, this.disk, this.#now());
    this.#resending = false;
    this.#streams = new Streams(host, (message) => this.#world.send(message));
    this.#world.checker.started(host);
    this.#planTurn();
    return host;
  }

  #now(): number {
    return this.#clock.offset + this.#world.agenda.now * this.#clock.rate;
  }

  #note(text: string): void {
    this.#world.journal?.note(this.#world.agenda.now, `${this.id}  ${text}`);
  }

  /** Runs `task` later unless this process has died by then. */
  #later(delay: number, task: () => void): void {
    const life = this.#life;
    this.#world.agenda.after(delay, () => {
      if (this.isUp && life === this.#life) task();
    });
  }

  #delay({ min, max }: { readonly min: number; readonly max: number }): number {
    return this.#dice.between(min, max);
  }

  #planTurn(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    this.#later(this.#delay(this.#world.profile.turnDelayMs), () => {
      this.#turnPlanned = false;
      if (!this.isPaused) this.#turn();
    });
  }

  #turn(): void {
    const { host } = this;
    const { role, commitIndex, configuration } = host.raft;
    const before = { role, commitIndex, configuration };
    const turn = host.turn(this.#now(), { dice: this.#world.profile.shuffled ? this.#dice : undefined });
    const { effects } = turn;
    if (effects.write !== undefined) this.#note(describeWriteOf(effects.write, this.#world.journal));
    if (effects.roleChange !== undefined) {
      const { role, term, reason } = effects.roleChange;
      this.#note(`is ${role} in term ${term}: ${reason}`);
    }
    if (host.raft.configuration !== before.configuration) this.#note(describeConfiguration(host.raft));
    this.#world.checker.turned(host, turn);
    observeTurn(this, turn, before, this.#world.coverage);
    for (const message of effects.messages) this.#world.send(message);
    for (const request of effects.loads) this.#load(request);
    this.#carryOut(effects);
    for (const { id, index } of effects.reads) {
      const isAtOnce = index !== undefined && this.reading.get(id) === 'lease' && turn.effects.messages.length === 0;
      if (isAtOnce) this.#world.coverage.counts.leaseReads++;
      this.reading.delete(id);
    }
    for (const { id, index, term } of turn.proposed) this.waiting.set(index, { id, term });
    this.#acknowledge(turn.applied);
    this.#sync();
    this.#armTimer();
    this.#world.turned(this, turn);
  }

  #carryOut(effects: Effects): void {
    for (const request of effects.snapshotsToSend) this.#streams.begin(request);
    for (const answer of effects.snapshotAcks) this.#streams.acknowledged(answer);
    this.#resend();
    for (const { id, index, accepted, term } of effects.forwarded) {
      const command = this.#forwarded.get(id);
      this.#forwarded.delete(id);
      if (command !== undefined && accepted > 0 && index > this.host.appliedIndex)
        this.waiting.set(index, { id: command, term });
    }
    if (this.#world.profile.hasStores && this.host.raft.role === 'leader' && this.#dice.chance(0.1)) this.#readmit();
    // Somewhat later than they could.
    if (this.host.calls.length > 0) this.#planTurn();
  }

  #resend(): void {
    if (this.#resending || this.#streams.peers.length === 0) return;
    this.#resending = true;
    this.#later(this.#world.profile.raft.electionTimeoutMs.min, () => {
      this.#resending = false;
      for (const peer of this.#streams.peers) this.#streams.sendPiece(peer);
      if (this.host.calls.length > 0) this.#planTurn();
      this.#resend();
    });
  }

  #readmit(): void {
    const change = this.host.raft.readmission;
    if (change === undefined) return;
    this.call((raft, now) => raft.changeMembership(change, now));
  }

  /** Success is told for the caller's own entry only. */
  #acknowledge(applied: readonly Entry[]): void {
    for (const { index, term } of applied) {
      if (this.waiting.get(index)?.term === term) {
        this.#world.checker.acknowledged(index);
        this.#world.coverage.counts.proposalsAcknowledged++;
      }
      this.waiting.delete(index);
    }
  }

  /** One sync at a time; what is written meanwhile shares the next. */
  #sync(): void {
    const count = this.disk.unsynced.length;
    if (this.#syncing || this.#stalls > 0 || count === 0 || !this.isUp) return;
    this.#syncing = true;
    this.#later(this.#delay(this.#world.profile.syncMs), () => {
      let sequence = 0;
      let refused: number | undefined;
      for (let left = count; left > 0 && refused === undefined; left--) {
        const isRefused = this.disk.isFull && (this.disk.unsynced[0]?.batch.entries.length ?? 0) > 0;
        if (isRefused) refused = this.disk.refuse();
        else sequence = this.disk.sync();
      }
      this.#syncing = false;
      if (refused !== undefined) {
        // Nothing is handed over between the refusal and the news of it.
        this.#world.coverage.counts.writesRefused++;
        this.host.refused = refused;
        this.host.persisted = Math.max(this.host.persisted, sequence);
        if (!this.isPaused) this.#turn();
        return this.#sync();
      }
      this.#later(this.#dice.between(0, 0.5), () => {
        this.host.persisted = Math.max(this.host.persisted, sequence);
        this.#planTurn();
      });
      this.#sync();
    });
  }

  #load(request: Effects['loads'][number]): void {
    this.#later(this.#delay(this.#world.profile.loadMs), () => {
      const { counts } = this.#world.coverage;
      counts.loads++;
      if (this.host.raft.role !== 'leader') counts.lateLoads++;
      this.host.loaded.push({ request, entries: this.disk.read(request.from, request.to, request.maxBytes) });
      this.#planTurn();
    });
  }

  #armTimer(): void {
    const at = (this.host.raft.deadline - this.#clock.offset) / this.#clock.rate;
    if (at >= this.#timerAt) return;
    this.#timerAt = at;
    const lateness = this.#dice.between(0.001, 0.5);
    this.#later(at - this.#world.agenda.now + lateness, () => {
      if (this.#timerAt === at) this.#timerAt = Number.POSITIVE_INFINITY;
      this.#planTurn();
    });
  }
}

function describeWriteOf(write: NonNullable<Effects['write']>, journal: Journal | undefined): string {
  return journal === undefined ? '' : describeWrite(write);
}
