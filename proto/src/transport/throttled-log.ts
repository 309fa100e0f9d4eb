import type { Clock, Logger, LogLevel } from '@raft/core';

/** Writes the line, unless this topic had `perSecond` lines within a second; the next one then tells how many were left out. */
export type ThrottledLog = (
  topic: string,
  perSecond: number,
  level: LogLevel,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

const windowMs = 1000;

/** Topics may name peers; a hostile crowd must not make them many. */
const maxTopics = 1000;

/** What others do to us must not fill our logs. */
export function throttledLog(logger: Logger, clock: Clock): ThrottledLog {
  const windows = new Map<string, { from: number; lines: number; omitted: number }>();
  return (topic, perSecond, level, message, fields) => {
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
}
