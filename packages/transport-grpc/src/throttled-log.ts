import type { Clock, Logger, LogLevel } from '@raft/core';

/** A logger that says at most one line a second for each key, and how many it left out before. */
export type ThrottledLog = (key: string, level: LogLevel, message: string) => void;

const intervalMs = 1000;
/** Keys name peers and reasons; a hostile crowd must not make them many. */
const maxKeys = 1000;

export function throttledLog(logger: Logger, clock: Clock): ThrottledLog {
  const seen = new Map<string, { at: number; omitted: number }>();
  return (key, level, message) => {
    const now = clock.now();
    const last = seen.get(key);
    if (last !== undefined && now - last.at < intervalMs) {
      last.omitted += 1;
      return;
    }
    if (seen.size >= maxKeys) seen.clear();
    seen.set(key, { at: now, omitted: 0 });
    logger(level, message, last !== undefined && last.omitted > 0 ? { omitted: last.omitted } : undefined);
  };
}
