import type { Clock } from '@raft/core';

/** A clock that stands still until the test moves it. */
export interface VirtualClock extends Clock {
  /** Lets everything settle that is ready; time stands still. */
  settle(): Promise<void>;
  /** Moves time on by `ms`, timer by timer, and settles after each. */
  advance(ms: number): Promise<void>;
  /** Timers that are set; a client that is idle or closed has none. */
  readonly timers: number;
}

interface Alarm {
  readonly at: number;
  readonly task: () => void;
}

export function virtualClock(): VirtualClock {
  let now = 0;
  const alarms = new Set<Alarm>();
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  async function advance(ms: number): Promise<void> {
    const end = now + ms;
    await settle();
    for (;;) {
      const next = [...alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      alarms.delete(next);
      now = Math.max(now, next.at);
      next.task();
      await settle();
    }
    now = end;
  }

  return {
    now: () => now,
    setTimer(at, task) {
      const alarm = { at, task };
      alarms.add(alarm);
      return { cancel: () => void alarms.delete(alarm) };
    },
    defer: (task) => void setImmediate(task),
    settle,
    advance,
    get timers() {
      return alarms.size;
    },
  };
}
