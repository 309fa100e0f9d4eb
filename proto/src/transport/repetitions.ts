import type { Clock } from '@raft/core';

const firstPauseMs = 10_000;
const maxPauseMs = 600_000;
/** What has not happened for so long is news when it happens again. */
const forgottenAfterMs = 60_000;

interface Repeated {
  lastAt: number;
  pauseMs: number;
  dueAt: number;
  omitted: number;
}

/** Says when something that happens again and again is to be told again: after twice the last pause each time. */
export class Repetitions {
  readonly #clock: Clock;
  readonly #maxTopics: number;
  readonly #topics = new Map<string, Repeated>();

  constructor(clock: Clock, maxTopics: number) {
    this.#clock = clock;
    this.#maxTopics = maxTopics;
  }

  /** It happens now. Gives how often it did since it was told last, when it is to be told again. */
  due(topic: string): number | undefined {
    const now = this.#clock.now();
    const known = this.#topics.get(topic);
    if (known === undefined || now - known.lastAt >= forgottenAfterMs) {
      if (known === undefined && this.#topics.size >= this.#maxTopics) this.#topics.clear();
      this.#topics.set(topic, { lastAt: now, pauseMs: firstPauseMs, dueAt: now + firstPauseMs, omitted: 0 });
      return 0;
    }
    known.lastAt = now;
    if (now < known.dueAt) {
      known.omitted++;
      return undefined;
    }
    const { omitted } = known;
    known.omitted = 0;
    known.pauseMs = Math.min(2 * known.pauseMs, maxPauseMs);
    known.dueAt = now + known.pauseMs;
    return omitted;
  }
}
