import { createHistogram } from 'node:perf_hooks';
import type { RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { RaftError } from '@raft/core';
import type { BenchRequest } from './request.js';

/** What a load is put on. */
export interface Target {
  write(key: Uint8Array, value: Uint8Array): Promise<unknown>;
  read(key: Uint8Array): Promise<unknown>;
}

/** Latencies are of what succeeded while it was measured. */
export interface LoadReport {
  readonly clients: number;
  readonly valueSize: number;
  readonly seconds: number;
  readonly writes: number;
  readonly writesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly errors: number;
  /** How many of the errors have which code. */
  readonly errorCodes: Readonly<Record<string, number>>;
  readonly reads?: {
    readonly count: number;
    readonly perSecond: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  };
}

/** A caller whose operation failed waits this long, so that a cluster without a leader is not asked in a busy loop. */
const pauseAfterErrorMs = 10;

interface Tally {
  readonly writes: RecordableHistogram;
  readonly reads: RecordableHistogram;
  readonly errorCodes: Map<string, number>;
  measuring: boolean;
  /** Of all callers together; picks keys. */
  operations: number;
}

/** Callers in a closed loop: each has one operation under way. */
export async function runLoad(request: BenchRequest, target: Target): Promise<LoadReport> {
  const tally: Tally = {
    writes: createHistogram(),
    reads: createHistogram(),
    errorCodes: new Map(),
    measuring: request.warmUpMs === 0,
    operations: 0,
  };
  const keys = Array.from({ length: request.keys }, (_, at) => Buffer.from(`bench/${String(at).padStart(8, '0')}`));
  const value = Buffer.alloc(request.valueSize, 'raft');
  const started = performance.now() + request.warmUpMs;
  const callers = Array.from({ length: request.clients }, async () =>
    call({ request, target, tally, keys, value, until: started + request.durationMs }),
  );
  if (!tally.measuring) {
    await sleep(request.warmUpMs);
    tally.measuring = true;
  }
  const measuredFrom = performance.now();
  await sleep(request.durationMs);
  tally.measuring = false;
  const seconds = (performance.now() - measuredFrom) / 1000;
  await Promise.all(callers);
  return report(request, tally, seconds);
}

interface Caller {
  readonly request: BenchRequest;
  readonly target: Target;
  readonly tally: Tally;
  readonly keys: readonly Uint8Array[];
  readonly value: Uint8Array;
  readonly until: number;
}

async function call({ request, target, tally, keys, value, until }: Caller): Promise<void> {
  let now = performance.now();
  while (now < until) {
    const key = keys[tally.operations++ % keys.length] as Uint8Array;
    const isRead = request.reads > 0 && Math.random() < request.reads;
    const before = now;
    try {
      await (isRead ? target.read(key) : target.write(key, value));
      now = performance.now();
      // A histogram counts whole numbers from 1: microseconds.
      if (tally.measuring) (isRead ? tally.reads : tally.writes).record(Math.max(1, Math.round((now - before) * 1000)));
    } catch (error) {
      if (tally.measuring) countError(tally.errorCodes, error);
      await sleep(pauseAfterErrorMs);
      now = performance.now();
    }
  }
}

function countError(codes: Map<string, number>, error: unknown): void {
  // Anything else is a mistake of this program, and ends it.
  if (!(error instanceof RaftError)) throw error;
  codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
}

function report(request: BenchRequest, { writes, reads, errorCodes }: Tally, seconds: number): LoadReport {
  return {
    clients: request.clients,
    valueSize: request.valueSize,
    seconds: round(seconds),
    writes: writes.count,
    writesPerSecond: round(writes.count / seconds),
    p50Ms: latencyMs(writes, 50),
    p99Ms: latencyMs(writes, 99),
    p999Ms: latencyMs(writes, 99.9),
    maxMs: writes.count === 0 ? 0 : round(writes.max / 1000),
    errors: [...errorCodes.values()].reduce((sum, count) => sum + count, 0),
    errorCodes: Object.fromEntries(errorCodes),
    ...(request.reads === 0
      ? {}
      : {
          reads: {
            count: reads.count,
            perSecond: round(reads.count / seconds),
            p50Ms: latencyMs(reads, 50),
            p99Ms: latencyMs(reads, 99),
          },
        }),
  };
}

/** 0 when nothing was counted. */
function latencyMs(histogram: RecordableHistogram, percentile: number): number {
  return histogram.count === 0 ? 0 : round(histogram.percentile(percentile) / 1000);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
