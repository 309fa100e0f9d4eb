import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeBasePort } from '../support/ports.js';
import { runFailover } from './support/failover.js';
import type { FailoverOptions } from './support/failover.js';

// `pnpm soak` runs this file with longer figures: see scripts/soak.mjs.
const soak = process.env['RAFT_SOAK'];
const runs: readonly Pick<FailoverOptions, 'transport' | 'writes' | 'callers' | 'kills' | 'valueBytes'>[] =
  soak === undefined
    ? [
        { transport: 'tcp', writes: 5000, callers: 64, kills: 2, valueBytes: 256 },
        { transport: 'grpc', writes: 3000, callers: 64, kills: 2, valueBytes: 256 },
      ]
    : [JSON.parse(soak) as FailoverOptions];

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'raft-failover-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

describe('three processes with durable storage', () => {
  it.each(runs)(
    'over $transport keep $writes acknowledged sets while the leader is killed $kills times, and then all are',
    { timeout: 60_000 + (soak === undefined ? 0 : 1_000_000) },
    async (run) => {
      const report = await runFailover({ ...run, directory, basePort: await freeBasePort() });
      if (soak !== undefined) console.log(JSON.stringify(report, undefined, 2));
      expect(report.acknowledged).toBeGreaterThanOrEqual(run.writes);
      expect(report.outagesMs).toHaveLength(run.kills);
    },
  );
});
