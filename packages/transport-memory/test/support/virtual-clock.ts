import type { Clock } from '@raft/core';

/** Time that passes only when told to; what is due runs in the order of its time, then of its making. */
export interface VirtualClock extends Clock {
  /** Runs everything that is due until `ms` milliseconds later. */
  advance(ms: number): void;
}

export function virtualClock(): VirtualClock {
  let now = 0;
  let made = 0;
  let agenda: { readonly at: number; readonly order: number; readonly task: () => void }[] = [];

  const add = (at: number, task: () => void): { cancel(): void } => {
    const item = { at: Math.max(at, now), order: (made += 1), task };
    agenda.push(item);
    agenda.sort((a, b) => a.at - b.at || a.order - b.order);
    return { cancel: () => void (agenda = agenda.filter((each) => each !== item)) };
  };

  return {
    now: () => now,
    setTimer: add,
    defer: (task) => void add(now, task),
    advance(ms) {
      const end = now + ms;
      for (let next = agenda[0]; next !== undefined && next.at <= end; next = agenda[0]) {
        agenda.shift();
        now = next.at;
        next.task();
      }
      now = end;
    },
  };
}
