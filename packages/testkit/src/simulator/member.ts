import { createNode } from '@raft/core';
import type { Address, LogBatch, NodeId, NodeStatus, RaftNode, RaftNodeOptions } from '@raft/core';
import type { Agenda } from './agenda.js';
import type { Coverage } from './coverage.js';
import type { Dice } from './dice.js';
import type { Disk, DiskOperation } from './disk.js';
import type { Victim } from './faults.js';
import type { Invariants } from './invariants.js';
import { watchMachine } from './machine.js';
import type { Machine } from './machine.js';
import type { Network } from './network.js';
import { Process } from './process.js';
import type { Profile } from './profile.js';
import { SimulatedStorage } from './storage.js';
import type { Trace } from './trace.js';
import { messageOf, must, Violation } from './violation.js';

export type SimulatedNode = RaftNode<Uint8Array, unknown, unknown, unknown>;

/** What a member lives in. */
export interface World {
  readonly application: { createMachine(): Machine };
  readonly agenda: Agenda;
  readonly coverage: Coverage;
  readonly invariants: Invariants;
  readonly network: Network;
  readonly profile: Profile;
  readonly trace: Trace;
  /** Whether it leads, and has fallen silent because there is nothing to do. */
  isResting(member: Member): boolean;
  /** The member's process ran in this step. */
  ran(member: Member): void;
  /** What must not be was found where it cannot be thrown. */
  violated(error: unknown): void;
}

/** A call whose connection ended before the answer. */
export class LostCallError extends Error {
  override readonly name = 'LostCallError';
  /** False: the call never reached the node. */
  readonly maybeDone: boolean;

  constructor(maybeDone: boolean) {
    super(maybeDone ? 'the connection was lost' : 'nobody is there');
    this.maybeDone = maybeDone;
  }
}

export const addressOf = (id: NodeId): Address => `node-${id}`;

export const addressesOf = (ids: readonly NodeId[]): Record<NodeId, Address> =>
  Object.fromEntries(ids.map((id) => [id, addressOf(id)]));

/** One node of the simulated cluster: its processes, one after the other, and its disk, which outlives them. */
export class Member implements Victim {
  readonly id: NodeId;
  readonly address: Address;
  readonly disk: Disk;
  readonly #world: World;
  readonly #dice: Dice;
  readonly #clockRate: number;
  /** Counts the processes. */
  life = 0;
  #state: 'up' | 'stopping' | 'down' = 'down';
  #process: Process;
  #node: SimulatedNode | undefined;
  #machine: Machine;
  /** Calls that wait for an answer of the present process. */
  readonly #calls = new Set<() => void>();
  /** A disk error was met in this life: the node may stop itself. */
  #mayFail = false;
  /** It was to be started again when it had met that error and not yet come to its end. */
  #isAwaited = false;

  constructor(id: NodeId, disk: Disk, dice: Dice, world: World) {
    const { clockDrift } = world.profile;
    this.id = id;
    this.address = addressOf(id);
    this.disk = disk;
    this.#world = world;
    this.#dice = dice;
    this.#clockRate = dice.between(1 - clockDrift, 1 + clockDrift);
    this.#process = this.#newProcess();
    this.#machine = world.application.createMachine();
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  get isRunning(): boolean {
    return this.isUp && !this.#process.isPaused;
  }

  /** Undefined while it is down. */
  get status(): NodeStatus | undefined {
    return this.#state === 'down' ? undefined : this.#node?.status();
  }

  /** What its state machine holds. */
  get machine(): Machine {
    return this.#machine;
  }

  get pendingCalls(): number {
    return this.#calls.size;
  }

  start(): void {
    const { agenda, profile, network, invariants } = this.#world;
    this.#process = this.#newProcess();
    this.#state = 'up';
    this.#mayFail = false;
    this.#isAwaited = false;
    this.#machine = this.#world.application.createMachine();
    this.life++;
    if (this.disk.durable.snapshot !== undefined) this.#world.coverage.counts.startsFromSnapshot++;
    invariants.started(this.id);
    const process = this.#process;
    const transport = network.transport(this.id, this.address, process);
    const node: SimulatedNode = createNode<Uint8Array, unknown, unknown, unknown>({
      id: this.id,
      storage: new SimulatedStorage(this.disk, process, agenda, this.#watchStorage()),
      transport,
      stateMachine: watchMachine(this.#machine, {
        applied: (entries, results) => invariants.applied(this.id, entries, results),
        restored: () => invariants.restored(this.id),
      }),
      ...(profile.voters.includes(this.id) ? { bootstrap: addressesOf(profile.voters) } : {}),
      ...profile.node,
      priority: profile.priorities[this.id] ?? 1,
      clock: process,
      random: this.#dice.fork().random,
      logger: (level, message) => this.#note(() => `${level}: ${message}`),
    } satisfies RaftNodeOptions<Uint8Array, unknown, unknown, unknown>);
    this.#node = node;
    node.on('snapshot', ({ source, index }) => {
      this.#world.coverage.counts[source === 'taken' ? 'snapshotsTaken' : 'snapshotsInstalled']++;
      this.#note(() => `snapshot ${index} ${source}`);
    });
    node.on('fatal', ({ error }) => agenda.after(0, () => this.#ended(process, error)));
    process.run('arrival', () => {
      void transport.start();
      node.start().catch((error: unknown) => {
        this.#note(() => `does not start: ${String(error)}`);
        agenda.after(0, () => this.#ended(process, error));
      });
    });
  }

  /** The process has come to its end by itself, which only a disk error excuses. */
  #ended(process: Process, why: unknown): void {
    if (process !== this.#process || this.#state !== 'up') return;
    this.#note(() => 'ends');
    if (!this.#mayFail) {
      const message = `${this.id} stopped itself, and its disk had not failed: ${messageOf(why)}`;
      this.#world.violated(new Violation(message, { cause: why }));
    }
    this.#kill();
    if (this.#isAwaited) return this.restart();
    const { life } = this;
    this.#world.agenda.after(this.#dice.within(this.#world.profile.node.electionTimeoutMs), () => {
      if (life === this.life) this.restart();
    });
  }

  /** Puts a call to the node through; ends as the call does, or with {@link LostCallError}. */
  call<T>(make: (node: SimulatedNode) => Promise<T>): Promise<T> {
    const node = this.#node;
    if (node === undefined || !this.isUp) return Promise.reject(new LostCallError(false));
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new LostCallError(true));
      this.#calls.add(lost);
      const end = (): void => void this.#calls.delete(lost);
      this.#process.run('arrival', () => void make(node).then(resolve, reject).finally(end));
    });
  }

  crash(): void {
    if (this.#state === 'down') return;
    const { counts } = this.#world.coverage;
    counts.crashes++;
    if (this.status?.role === 'leader') {
      counts.leadersCrashed++;
      if (this.#world.isResting(this)) counts.leadersLostAtRest++;
    }
    this.#note(() => 'crashes');
    this.#kill();
  }

  stop(): void {
    const node = this.#node;
    if (!this.isUp || node === undefined) return;
    this.#world.coverage.counts.stops++;
    this.#state = 'stopping';
    this.#note(() => 'is told to stop');
    const process = this.#process;
    const ended = (): void => {
      if (process === this.#process && this.#state === 'stopping')
        this.#world.agenda.after(0, () => this.#stopped(process));
    };
    process.run('arrival', () => void node.stop().then(ended, ended));
  }

  #stopped(process: Process): void {
    if (process !== this.#process || this.#state !== 'stopping') return;
    must(this.#calls.size === 0, () => `${this.id} stopped, and ${this.#calls.size} callers wait`);
    this.#note(() => 'has stopped');
    this.#kill();
  }

  restart(): void {
    if (this.#state === 'up') {
      this.#isAwaited = this.#mayFail;
      return;
    }
    if (this.#state === 'stopping') this.crash();
    this.start();
    this.#note(() => `restarts in term ${this.disk.durable.hardState.term}`);
  }

  pause(): void {
    if (!this.isRunning) return;
    const { counts } = this.#world.coverage;
    counts.pauses++;
    if (this.#world.isResting(this)) counts.leadersLostAtRest++;
    this.#process.pause();
    this.#world.network.paused(this.id, this.#process);
  }

  resume(): void {
    if (this.#process.isPaused) this.#process.resume();
  }

  jump(ms: number): void {
    this.#process.jump(ms);
  }

  #newProcess(): Process {
    const { agenda, profile } = this.#world;
    const process: Process = new Process(
      agenda,
      this.#dice.fork(),
      { clockRate: this.#clockRate, turnDelayMs: profile.turnDelayMs },
      () => this.#world.ran(this),
    );
    return process;
  }

  #kill(): void {
    const { counts } = this.#world.coverage;
    this.#state = 'down';
    this.#process.kill();
    this.#world.network.ended(this.id);
    const { lost, survived, torn } = this.disk.crash();
    if (lost > 0) counts.writesLost++;
    if (survived > 0) counts.unreportedWritesSurvived++;
    if (torn) counts.writesTorn++;
    if (lost + survived > 0) this.#note(() => `${survived} of ${lost + survived} unsynced writes survive`);
    for (const lostCall of this.#calls) lostCall();
    this.#calls.clear();
  }

  #watchStorage(): ConstructorParameters<typeof SimulatedStorage>[3] {
    const { invariants, coverage } = this.#world;
    return {
      appending: (batch) => {
        if (batch.truncateFrom !== undefined) {
          coverage.counts.truncations++;
          if (this.disk.unsynced > 0) coverage.counts.truncationsUnderWrite++;
        }
        if (batch.resetTo !== undefined) coverage.counts.logsReset++;
        this.#note(() => `writes${describeBatch(batch)}`);
        this.#guard(() => invariants.appending(this.id, batch));
      },
      appended: (batch) => invariants.appended(this.id, batch, true),
      refused: (batch) => {
        coverage.counts.writesRefusedByFullDisk++;
        invariants.appended(this.id, batch, false);
        // It cannot start where there is no room for its first entry.
        if (this.#node?.status().state !== 'running') this.#mayFail = true;
        this.#note(() => 'its disk is full and refuses that');
      },
      snapshotRefused: () => void coverage.counts.snapshotsRefusedByFullDisk++,
      failed: (operation) => {
        this.#mayFail = true;
        coverage.counts[errorsAt(operation)]++;
        this.#note(() => `its disk fails at ${operation}`);
      },
      compacting: () => void coverage.counts.compactions++,
      readRot: () => void coverage.counts.rotRead++,
    };
  }

  /** The node would take an error for the storage's. */
  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#world.violated(error);
    }
  }

  #note(text: () => string): void {
    this.#world.trace.note(this.#world.agenda.now, () => `${this.id}  ${text()}`);
  }
}

const errorsAt = (operation: DiskOperation): `errorsAt${Capitalize<DiskOperation>}` =>
  `errorsAt${operation[0]?.toUpperCase()}${operation.slice(1)}` as `errorsAt${Capitalize<DiskOperation>}`;

function describeBatch({ hardState, resetTo, truncateFrom, entries }: LogBatch): string {
  const first = entries[0];
  const last = entries.at(-1);
  return [
    hardState === undefined
      ? ''
      : ` term ${hardState.term}, vote ${hardState.votedFor ?? '-'}, commit ${hardState.commitIndex}`,
    resetTo === undefined ? '' : ` reset to ${resetTo.index}:${resetTo.term}`,
    truncateFrom === undefined ? '' : ` truncate from ${truncateFrom}`,
    first === undefined || last === undefined ? '' : ` +${first.index}:${first.term}..${last.index}:${last.term}`,
  ].join('');
}
