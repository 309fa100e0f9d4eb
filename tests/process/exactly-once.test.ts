import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freeBasePort } from '../support/ports.js';
import { runExactlyOnce } from './support/exactly-once.js';
import type { ExactlyOnceOptions } from './support/exactly-once.js';

// `pnpm soak:sessions` runs this file with longer figures: see scripts/soak-sessions.mjs.
const soak = process.env['RAFT_SOAK_SESSIONS'];
const run: Pick<ExactlyOnceOptions, 'increments' | 'sessions' | 'kills'> =
  soak === undefined ? { increments: 3000, sessions: 16, kills: 2 } : (JSON.parse(soak) as ExactlyOnceOptions);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'raft-once-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

test(
  'exactly once: three processes count each increment of many sessions once, whatever becomes of the leader',
  { timeout: 120_000 + (soak === undefined ? 0 : 1_000_000) },
  async () => {
    const options = { ...run, directory, basePort: await freeBasePort() };
    const report = await runExactlyOnce({ ...options, snapshotThresholdEntries: Math.ceil(run.increments / 8) });
    if (soak !== undefined) console.log(JSON.stringify(report, undefined, 2));
    expect(report.acknowledged + report.givenUp.done + report.givenUp.notDone).toBe(run.increments);
    expect(report.counter).toBe(report.acknowledged + report.givenUp.done);
    expect(report.repeated).toBeGreaterThan(0);
    expect(Math.min(...report.snapshots)).toBeGreaterThan(0);
  },
);
