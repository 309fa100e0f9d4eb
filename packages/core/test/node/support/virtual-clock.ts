import type { Clock } from '../../../src/index.js';

/** A clock that stands still until the test moves it, so that the same calls give the same run. */
export interface VirtualClock extends Clock {
  /** One turn of the event loop: runs what is deferred now, once. Promises settle before and after. */
  turn(): Promise<void>;
  /** Turns until nothing is deferred. Time stands still. */
  settle(): Promise<void>;
  /** Moves time on by `ms`, timer by timer, and settles after each. */
  advance(ms: number): Promise<void>;
  /** The event loop is blocked for `ms`: timers that are due by then run late, and before what was deferred. */
  stall(ms: number): void;
  /** Moves time on, timer by timer, until `condition` holds. Throws when that takes more than `limitMs`. */
  until(condition: () => boolean, what: string, limitMs?: number): Promise<void>;
  /** Tasks that wait for the next turn. */
  readonly deferred: number;
  /** Timers that are set; a test that stops everything must find none. */
  readonly timers: number;
}

const maxTurns = 10_000;

interface Alarm {
  readonly at: number;
  readonly task: () => void;
}

export function virtualClock(): VirtualClock {
  let now = 1000;
  let deferred: (() => void)[] = [];
  const alarms = new Set<Alarm>();

  const promises = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  async function turn(): Promise<void> {
    await promises();
    const tasks = deferred;
    deferred = [];
    for (const task of tasks) task();
    await promises();
  }

  async function settle(): Promise<void> {
    await promises();
    for (let turns = 0; deferred.length > 0; turns++) {
      if (turns > maxTurns) throw new Error(`not quiet after ${maxTurns} turns`);
      await turn();
    }
  }

  /** The next alarm that is due by `limit`; it is taken out. */
  function takeAlarm(limit: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of alarms) if (alarm.at <= limit && alarm.at < (next?.at ?? Infinity)) next = alarm;
    if (next !== undefined) alarms.delete(next);
    return next;
  }

  /** Runs the next alarm that is due by `limit`; false when there is none. */
  async function ring(limit: number): Promise<boolean> {
    const alarm = takeAlarm(limit);
    if (alarm === undefined) return false;
    now = Math.max(now, alarm.at);
    alarm.task();
    await settle();
    return true;
  }

  return {
    now: () => now,
    setTimer(at, task) {
      const alarm = { at, task };
      alarms.add(alarm);
      return { cancel: () => void alarms.delete(alarm) };
    },
    defer: (task) => void deferred.push(task),
    turn,
    settle,
    async advance(ms) {
      const end = now + ms;
      await settle();
      while (await ring(end));
      now = end;
      await settle();
    },
    stall(ms) {
      now += ms;
      for (let alarm = takeAlarm(now); alarm !== undefined; alarm = takeAlarm(now)) alarm.task();
    },
    async until(condition, what, limitMs = 10_000) {
      const end = now + limitMs;
      await settle();
      while (!condition()) {
        if (!(await ring(end))) throw new Error(`not within ${limitMs} ms: ${what}`);
      }
    },
    get deferred() {
      return deferred.length;
    },
    get timers() {
      return alarms.size;
    },
  };
}
