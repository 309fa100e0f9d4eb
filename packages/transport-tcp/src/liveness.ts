import type { Clock, Timer } from '@raft/core';
import type { Connection } from './connection.js';
import { FrameKind } from './frame.js';

const noPayload = new Uint8Array(0);

/**
 * Finds out that the other side vanished without a word: while something is being sent it is asked for a sign of life. An
 * idle connection is not asked, and costs nothing.
 */
export class Liveness {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #timer: Timer | undefined;
  #wroteSincePing = false;
  /** Since when a sign of life is awaited. */
  #waitingSince: number | undefined;
  #progress = 0;

  constructor(connection: Connection, clock: Clock, timeoutMs: number) {
    this.#connection = connection;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Something was sent. */
  wrote(): void {
    this.#wroteSincePing = true;
    if (this.#timer === undefined) this.#arm();
  }

  /** Something arrived. */
  heard(): void {
    this.#waitingSince = undefined;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const at = this.#clock.now() + this.#timeoutMs / 5;
    this.#timer = this.#clock.setTimer(at, () => this.#check(at));
  }

  #check(dueAt: number): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    if (now - dueAt > this.#timeoutMs / 5) {
      // It was this process that stood still; the answer may be there, unread.
      this.#arm();
    } else if (this.#waitingSince !== undefined) {
      // One that slowly takes a long queue has not come to the question yet.
      const progress = this.#connection.unsentBytes > 0 && this.#connection.progress !== this.#progress;
      if (progress) this.#waitingSince = now;
      if (now - this.#waitingSince >= this.#timeoutMs) {
        const reason = `no sign of life for ${this.#timeoutMs} ms`;
        this.#connection.destroy({ reason, fault: false });
      } else {
        this.#arm();
      }
    } else if (this.#wroteSincePing) {
      this.#wroteSincePing = false;
      this.#waitingSince = now;
      this.#connection.write(FrameKind.ping, noPayload);
      this.#arm();
    }
    this.#progress = this.#connection.progress;
  }
}
