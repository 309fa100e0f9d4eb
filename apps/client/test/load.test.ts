import { setImmediate as turn } from 'node:timers/promises';
import { OverloadedError } from '@raft/core';
import { describe, expect, it } from 'vitest';
import { runLoad } from '../src/load.js';

const request = { clients: 4, valueSize: 16, durationMs: 100, warmUpMs: 20, keys: 10, reads: 0 };

describe('the load generator', () => {
  it('keeps one operation of each caller under way, over a bounded number of keys', async () => {
    let underWay = 0;
    let most = 0;
    const keys = new Set<string>();
    const report = await runLoad(request, {
      read: async () => undefined,
      async write(key, value) {
        keys.add(Buffer.from(key).toString());
        expect(value).toHaveLength(16);
        most = Math.max(most, ++underWay);
        await turn();
        underWay -= 1;
      },
    });
    expect(most).toBe(4);
    expect(keys.size).toBe(10);
    expect(report).toMatchObject({ clients: 4, valueSize: 16, errors: 0, errorCodes: {} });
    expect(report.writes).toBeGreaterThan(10);
    expect((report.writesPerSecond * report.seconds) / report.writes).toBeCloseTo(1, 1);
    expect(report.p50Ms).toBeGreaterThan(0);
    expect(report.maxMs).toBeGreaterThanOrEqual(report.p99Ms);
    expect(report.p99Ms).toBeGreaterThanOrEqual(report.p50Ms);
  });

  it('counts errors by their code and leaves them out of the latencies', async () => {
    const report = await runLoad(request, {
      read: async () => undefined,
      write: async () => {
        throw new OverloadedError('try later');
      },
    });
    expect(report).toMatchObject({
      writes: 0,
      writesPerSecond: 0,
      p50Ms: 0,
      errorCodes: { RAFT_OVERLOADED: report.errors },
    });
    // Each of four callers pauses 10 ms after an error.
    expect(report.errors).toBeGreaterThan(4);
    expect(report.errors).toBeLessThan(60);
  });

  it('mixes reads in', async () => {
    const report = await runLoad(
      { ...request, warmUpMs: 0, reads: 0.5 },
      { read: async () => turn(), write: async () => turn() },
    );
    expect(report.reads?.count).toBeGreaterThan(0);
    expect(report.writes).toBeGreaterThan(0);
  });
});
