import type { Clock } from '../clock.js';
import type { Applied, StateMachine } from '../state-machine.js';
import { EntryType } from '../types.js';
import type { Entry, LogIndex } from '../types.js';
import { outcomesOf } from './sessions/outcomes.js';
import type { Outcome } from './sessions/outcomes.js';
import type { SessionTable, Step } from './sessions/table.js';

/** Entries, and bytes of them, applied at a stretch, before other work of the event loop gets its turn. */
const APPLY_ENTRIES = 1024;
const APPLY_BYTES = 1024 * 1024;

export interface ApplierHost<Result> {
  readonly clock: Clock;
  /** From memory when at hand, from the storage otherwise. */
  entries(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] | Promise<readonly Entry[]>;
  /** `outcomes` belong to the entries of types `command`, `session` and `sessionCommand` among `entries`, in order. */
  applied(entries: readonly Entry[], outcomes: readonly Outcome<Result>[]): void;
  failed(error: unknown): void;
}

/** Feeds committed entries to the state machine: in order, each once, in batches, one batch at a time. */
export class Applier<Command, Result> {
  readonly #machine: StateMachine<Command, Result, never, unknown>;
  readonly #sessions: SessionTable;
  readonly #host: ApplierHost<Result>;
  #target: LogIndex;
  #busy = false;
  #paused = false;
  #stopped = false;
  /** A batch is with the machine; `#resting` is done when it comes back. */
  #applying = false;
  #resting: (() => void)[] = [];
  appliedIndex: LogIndex;

  constructor(
    machine: StateMachine<Command, Result, never, unknown>,
    sessions: SessionTable,
    appliedIndex: LogIndex,
    host: ApplierHost<Result>,
  ) {
    this.#machine = machine;
    this.#sessions = sessions;
    this.#host = host;
    this.appliedIndex = appliedIndex;
    this.#target = appliedIndex;
  }

  /** Entries up to `index` may be applied. */
  advance(index: LogIndex): void {
    if (index > this.#target) this.#target = index;
    if (!this.#busy && this.appliedIndex < this.#target) this.#step();
  }

  /** Runs `task` while no batch is with the machine: now, or before the next one. */
  betweenBatches(task: () => void): void {
    if (this.#applying) this.#resting.push(task);
    else task();
  }

  /** Resolves when the machine applies nothing, and will not until `resume`. */
  pause(): Promise<void> {
    this.#paused = true;
    return new Promise((resolve) => this.betweenBatches(resolve));
  }

  /** The machine was restored to what it is at `appliedIndex`, or is at least there. */
  resume(appliedIndex: LogIndex): void {
    this.#paused = false;
    this.appliedIndex = Math.max(this.appliedIndex, appliedIndex);
    this.advance(this.appliedIndex);
  }

  stop(): void {
    this.#stopped = true;
    this.#rest();
  }

  #rest(): void {
    this.#applying = false;
    for (const task of this.#resting.splice(0)) task();
  }

  /** Applies without a promise where neither the log nor the machine needs one. */
  #step(): void {
    if (this.#stopped || this.#paused) return;
    try {
      const from = this.appliedIndex + 1;
      const to = Math.min(this.#target, this.appliedIndex + APPLY_ENTRIES);
      const entries = this.#host.entries(from, to, APPLY_BYTES);
      if (!(entries instanceof Promise)) return this.#apply(entries);
      // A snapshot may have taken the place of what was to be loaded.
      const isWanted = (): boolean => !this.#paused && from === this.appliedIndex + 1;
      const loading = entries.catch((error: unknown) => {
        if (isWanted()) throw error;
        return [];
      });
      this.#wait(loading, (loaded) => void (isWanted() && this.#apply(loaded)));
    } catch (error) {
      this.#host.failed(error);
    }
  }

  #apply(entries: readonly Entry[]): void {
    this.#check(entries);
    const commands: Applied<Command>[] = [];
    const steps: Step[] = [];
    for (const entry of entries) {
      const { type, index, term, data } = entry;
      if (type === EntryType.command) {
        commands.push({ index, term, command: this.#decode(data) });
      } else if (type === EntryType.session || type === EntryType.sessionCommand) {
        const step = this.#sessions.begin(entry);
        steps.push(step);
        if (step.kind === 'run') commands.push({ index, term, command: this.#decode(step.command) });
      }
    }
    this.#applying = true;
    const results = commands.length === 0 ? [] : this.#machine.apply(commands);
    const finish = (all: readonly Result[]): void => this.#finish(entries, commands.length, steps, all);
    if (results instanceof Promise) this.#wait(results, finish);
    else finish(results);
  }

  /** A storage that errs must not make this replica another than the others. */
  #check(entries: readonly Entry[]): void {
    const from = this.appliedIndex + 1;
    const inOrder = entries.every((entry, i) => entry.index === from + i);
    if (entries.length > 0 && inOrder && from + entries.length - 1 <= this.#target) return;
    const got = entries.length === 0 ? 'none' : `${entries[0]?.index} to ${entries.at(-1)?.index}`;
    throw new Error(`entries ${from} to ${this.#target} were asked of the log, but it gave ${got}`);
  }

  #decode(data: Uint8Array): Command {
    return this.#machine.codec === undefined ? (data as Command) : this.#machine.codec.decode(data);
  }

  #finish(entries: readonly Entry[], commands: number, steps: readonly Step[], results: readonly Result[]): void {
    if (results.length !== commands) {
      throw new Error(`the state machine gave ${results.length} results for ${commands} commands`);
    }
    const { resultCodec } = this.#machine;
    const outcomes = steps.length === 0 ? results : outcomesOf(this.#sessions, resultCodec, entries, steps, results);
    this.appliedIndex += entries.length;
    this.#rest();
    this.#host.applied(entries, outcomes);
    if (this.appliedIndex >= this.#target) return;
    this.#busy = true;
    this.#host.clock.defer(() => {
      this.#busy = false;
      this.#step();
    });
  }

  #wait<T>(promise: Promise<T>, then: (value: T) => void): void {
    this.#busy = true;
    promise
      .then((value) => {
        this.#busy = false;
        if (this.#stopped) return;
        then(value);
        if (!this.#busy && this.appliedIndex < this.#target) this.#step();
      })
      .catch((error: unknown) => this.#host.failed(error));
  }
}
