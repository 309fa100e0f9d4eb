import type { Clock, Logger, LogLevel } from '@raft/core';
import { Repetitions } from './repetitions.js';

/**
 * Writes the line, unless this topic had `perSecond` lines within a second; the next one then tells how many were left out (`omitted`).
 * `seldom`: what goes on and on without end is told at once, then ever more seldom; a few topics a second, as others may make them many.
 */
export type ThrottledLog = (
  topic: string,
  perSecond: number | 'seldom',
  level: LogLevel,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

const windowMs = 1000;

/** Topics may name peers; a hostile crowd must not make them many. */
const maxTopics = 1000;
const seldomPerSecond = 10;

/** What others do to us must not fill our logs. */
export function throttledLog(logger: Logger, clock: Clock): ThrottledLog {
  const windows = new Map<string, { from: number; lines: number; omitted: number }>();
  const repetitions = new Repetitions(clock, maxTopics);
  const write: ThrottledLog = (topic, perSecond, level, message, fields) => {
    if (perSecond === 'seldom') {
      const omitted = repetitions.due(topic);
      if (omitted === undefined) return;
      return write('seldom', seldomPerSecond, level, message, omitted > 0 ? { ...fields, omitted } : fields);
    }
    const now = clock.now();
    const window = windows.get(topic) ?? { from: now, lines: 0, omitted: 0 };
    if (windows.size >= maxTopics && !windows.has(topic)) windows.clear();
    windows.set(topic, window);
    if (now - window.from >= windowMs) {
      window.from = now;
      window.lines = 0;
    }
    if (window.lines >= perSecond) {
      window.omitted += 1;
      return;
    }
    window.lines += 1;
    const { omitted } = window;
    window.omitted = 0;
    logger(level, message, omitted > 0 ? { ...fields, omitted } : fields);
  };
  return write;
}
