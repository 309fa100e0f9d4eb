import { memoryStorage } from '@raft/storage-memory';
import type { Clock, LogBatch, Random, Storage, Timer } from '../../../src/index.js';

/** A storage whose appends take time, and whose crash loses what was not durable yet. */
export interface SlowDisk extends Storage {
  /** The power fails: appends under way are lost, and never answered. */
  crash(): void;
}

export function slowDisk(clock: Clock, random: Random, maxDelayMs: number): SlowDisk {
  const inner = memoryStorage();
  let underWay: { readonly batch: LogBatch; readonly done: () => void; readonly at: number }[] = [];
  let timer: Timer | undefined;
  let crashed = false;

  function arm(): void {
    const next = underWay[0];
    timer = next && clock.setTimer(next.at, writeNext);
  }

  function writeNext(): void {
    const next = underWay.shift();
    if (next !== undefined) void inner.append(next.batch).then(next.done);
    arm();
  }

  return {
    open(identity) {
      crashed = false;
      return inner.open(identity);
    },
    append(batch) {
      if (crashed) return new Promise(() => {});
      return new Promise((resolve) => {
        const at = Math.max(underWay.at(-1)?.at ?? 0, clock.now() + random() * maxDelayMs);
        if (underWay.push({ batch, done: resolve, at }) === 1) arm();
      });
    },
    entries: (from, to, maxBytes) => inner.entries(from, to, maxBytes),
    compact: (through) => inner.compact(through),
    createSnapshot: (meta) => inner.createSnapshot(meta),
    openSnapshot: () => inner.openSnapshot(),
    async close() {
      timer?.cancel();
      const rest = underWay;
      underWay = [];
      for (const { batch, done } of rest) await inner.append(batch).then(done);
      await inner.close();
    },
    crash() {
      crashed = true;
      timer?.cancel();
      underWay = [];
    },
  };
}
