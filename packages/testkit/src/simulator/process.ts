import type { Clock, Timer } from '@raft/core';
import type { Agenda, Appointment } from './agenda.js';
import type { Dice, Range } from './dice.js';

export interface ProcessProfile {
  /** Milliseconds that the process's clock counts in one of the world. */
  readonly clockRate: number;
  /** Milliseconds from an event to the turn that it brings about. */
  readonly turnDelayMs: Range;
}

/** After a pause the event loop comes to its timers first, then to what has arrived, then to what was put off. */
const order = { timer: 0, arrival: 1, deferred: 2 } as const;
export type Kind = keyof typeof order;

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
  appointment: Appointment | undefined;
}

/** One life of a node's process: its monotonic clock and its event loop, which can stop for a while, and can die. */
export class Process implements Clock {
  readonly #agenda: Agenda;
  readonly #dice: Dice;
  readonly #profile: ProcessProfile;
  readonly #ran: () => void;
  readonly #alarms = new Set<Alarm>();
  /** The clock's time at the world's time 0. */
  #offset: number;
  /** The clock never goes back, nor does it fall short of an alarm that has rung. */
  #floor = 0;
  #held: { readonly kind: Kind; readonly task: () => void }[] = [];
  isAlive = true;
  isPaused = false;
  /** Counts them. */
  pauses = 0;

  /** `ran` is told of each task that has run. */
  constructor(agenda: Agenda, dice: Dice, profile: ProcessProfile, ran: () => void) {
    this.#agenda = agenda;
    this.#dice = dice;
    this.#profile = profile;
    this.#ran = ran;
    this.#offset = dice.between(0, 100_000) - agenda.now * profile.clockRate;
  }

  get isRunning(): boolean {
    return this.isAlive && !this.isPaused;
  }

  now(): number {
    this.#floor = Math.max(this.#floor, this.#offset + this.#agenda.now * this.#profile.clockRate);
    return this.#floor;
  }

  setTimer(at: number, task: () => void): Timer {
    const ring = (): void => {
      this.#alarms.delete(alarm);
      this.#floor = Math.max(this.#floor, at);
      this.run('timer', () => {
        if (!cancelled) task();
      });
    };
    let cancelled = false;
    const alarm: Alarm = { at, ring, appointment: undefined };
    this.#alarms.add(alarm);
    this.#arm(alarm);
    return {
      cancel: () => {
        cancelled = true;
        alarm.appointment?.cancel();
        this.#alarms.delete(alarm);
      },
    };
  }

  defer(task: () => void): void {
    this.#agenda.after(this.#dice.within(this.#profile.turnDelayMs), () => this.run('deferred', task));
  }

  /** Runs a task of this process, as soon as its event loop turns; never when it has died. */
  run(kind: Kind, task: () => void): void {
    if (!this.isAlive) return;
    if (this.isPaused) {
      this.#held.push({ kind, task });
      return;
    }
    task();
    this.#ran();
  }

  pause(): void {
    this.isPaused = true;
    this.pauses++;
  }

  resume(): void {
    this.isPaused = false;
    const held = this.#held.sort((a, b) => order[a.kind] - order[b.kind]);
    this.#held = [];
    for (const { kind, task } of held) this.#agenda.after(0, () => this.run(kind, task));
  }

  /** The clock goes on from a later time, as after a machine was asleep. */
  jump(ms: number): void {
    this.#offset += ms;
    for (const alarm of this.#alarms) {
      alarm.appointment?.cancel();
      this.#arm(alarm);
    }
  }

  kill(): void {
    this.isAlive = false;
    this.#held = [];
    for (const alarm of this.#alarms) alarm.appointment?.cancel();
    this.#alarms.clear();
  }

  #arm(alarm: Alarm): void {
    alarm.appointment = this.#agenda.at((alarm.at - this.#offset) / this.#profile.clockRate, alarm.ring);
  }
}
