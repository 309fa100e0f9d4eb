import type { Clock, Timer } from '@raft/core';
import type { Connection } from './connection.js';
import { FrameKind } from './frame.js';

const noPayload = new Uint8Array(0);

/** A silence is looked for, and a sign of life asked for, so many times within the timeout. */
const checksPerTimeout = 4;

/**
 * Finds out within `timeoutMs` that the other side vanished without a word, by asking it for signs of life. Unless `always`, it is
 * asked only after something was sent: an idle connection then costs nothing.
 */
export class Liveness {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #always: boolean;
  #timer: Timer | undefined;
  #wrote = false;
  /** Since when nothing was heard although something was asked; undefined when there is nothing to wait for. */
  #silentSince: number | undefined;
  #progress = 0;

  constructor(connection: Connection, clock: Clock, timeoutMs: number, always: boolean) {
    this.#connection = connection;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#always = always;
  }

  /** The other side is there. */
  start(): void {
    if (this.#always) this.#arm();
  }

  /** Something was sent. */
  wrote(): void {
    this.#wrote = true;
    if (this.#timer === undefined) this.#arm();
  }

  /** Something arrived. */
  heard(): void {
    this.#silentSince = undefined;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const at = this.#clock.now() + this.#timeoutMs / checksPerTimeout;
    this.#timer = this.#clock.setTimer(at, () => this.#check(at));
  }

  #check(dueAt: number): void {
    this.#timer = undefined;
    const stepMs = this.#timeoutMs / checksPerTimeout;
    const now = this.#clock.now();
    // It was this process that stood still; the answer may be there, unread.
    if (now - dueAt > stepMs) return this.#askAgain();
    if (this.#silentSince !== undefined) {
      // One that slowly takes a long queue has not come to the question yet.
      if (this.#connection.unsentBytes > 0 && this.#connection.progress !== this.#progress) this.#silentSince = now;
      this.#progress = this.#connection.progress;
      // The silence began up to a step before it was asked about.
      if (now - this.#silentSince < this.#timeoutMs - stepMs) return this.#arm();
      return this.#connection.destroy({ reason: `no sign of life for ${this.#timeoutMs} ms`, fault: false });
    }
    if (this.#wrote || this.#always) this.#askAgain();
  }

  #askAgain(): void {
    this.#wrote = false;
    this.#silentSince = this.#clock.now();
    this.#connection.write(FrameKind.ping, noPayload);
    this.#progress = this.#connection.progress;
    this.#arm();
  }
}
