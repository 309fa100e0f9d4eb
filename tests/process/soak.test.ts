import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeBasePort } from '../support/ports.js';
import { runMembers } from './support/members.js';
import type { MembersOptions } from './support/members.js';
import { runMemory } from './support/memory.js';
import type { MemoryOptions } from './support/memory.js';
import { runWiped } from './support/wiped.js';
import type { WipedOptions } from './support/wiped.js';

// `pnpm soak:members`, `soak:wiped` and `soak:memory` run one of these with longer figures: see scripts/soak.mjs.
interface Asked {
  readonly members?: MembersOptions;
  readonly wiped?: WipedOptions;
  readonly memory?: MemoryOptions;
}
const asked = process.env['RAFT_SOAK_RUN'];
const soak = asked === undefined ? null : (JSON.parse(asked) as Asked);
const timeout = soak === null ? 180_000 : 3_600_000;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(
    join(soak === null ? tmpdir() : (process.env['RAFT_SOAK_DIRECTORY'] ?? tmpdir()), 'raft-soak-'),
  );
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function place(): Promise<{ directory: string; basePort: number }> {
  return { directory, basePort: await freeBasePort() };
}

function tell(report: unknown): void {
  if (soak !== null) console.log(JSON.stringify(report, undefined, 2));
}

type Run<Options> = Omit<Options, 'directory' | 'basePort'>;

describe.runIf(soak === null || soak.members)('the members of a cluster under load', () => {
  const small: Run<MembersOptions>[] = [
    {
      transport: 'tcp',
      storage: 'simplefile',
      callers: 8,
      valueBytes: 64,
      writesPerStep: 100,
      electionTimeoutMs: 1000,
    },
  ];
  it.each(soak?.members ? [soak.members] : small)(
    'become five, three and all others, over $transport with $storage, with the leader killed in each step',
    { timeout },
    async (run) => {
      const report = await runMembers({ ...run, ...(await place()) });
      tell(report);
      expect(report.members).toEqual(['6', '7', '8']);
      expect(report.acknowledged).toBeGreaterThan(6 * run.writesPerStep);
      // How long things take is of no account in CI, where other tests go on beside.
      if (soak !== null) expect(report.longestGapMs).toBeLessThanOrEqual(report.fourElectionTimeoutsMs);
    },
  );
});

describe.runIf(soak === null || soak.wiped)('a node that was wiped', () => {
  const small: Run<WipedOptions>[] = [
    {
      ...{ transport: 'tcp', storage: 'simplefile', bytes: 8 * 2 ** 20, callers: 8, valueBytes: 64, pauseMs: 5 },
      ...{ writesBefore: 200, flags: ['--retained-entries', '10'] },
    },
  ];
  it.each(soak?.wiped ? [soak.wiped] : small)(
    'is brought back by a snapshot of $bytes bytes over $transport with $storage while writes go on',
    { timeout },
    async (run) => {
      const report = await runWiped({ ...run, ...(await place()) });
      tell(report);
      expect(report.writesDuring).toBeGreaterThan(0);
    },
  );
});

describe.runIf(soak === null || soak.memory)('many writes with snapshots on', () => {
  const flags = ['--snapshot-threshold', '1000', '--retained-entries', '100'];
  const small: Run<MemoryOptions>[] = [
    { transport: 'tcp', storage: 'simplefile', writes: 5000, callers: 64, valueBytes: 256, keys: 1000, flags },
  ];
  it.each(soak?.memory ? [soak.memory] : small)(
    'leave memory and disk bounded, over $transport with $storage ($writes writes)',
    { timeout },
    async (run) => {
      const report = await runMemory({ ...run, ...(await place()) });
      tell(report);
      expect(report.snapshotIndex).toBeGreaterThan(0);
      expect(report.samples).toHaveLength(10);
    },
  );
});
