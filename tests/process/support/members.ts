import { setTimeout as sleep } from 'node:timers/promises';
import { KvClient } from '@raft/kv';
import { connectors, ServerFleet } from './fleet.js';
import type { FleetOptions } from './fleet.js';
import { Ledger, verifyLedger, writeLoad } from './load.js';

export interface MembersOptions extends FleetOptions {
  readonly callers: number;
  readonly valueBytes: number;
  /** Writes that have to be acknowledged between two steps. */
  readonly writesPerStep: number;
  /** Milliseconds: the larger end of the servers' election timeout. */
  readonly electionTimeoutMs: number;
}

export interface MembersReport {
  readonly acknowledged: number;
  /** Ended as unknown although they were made in a session. */
  readonly unknown: number;
  readonly seconds: number;
  /** What was done, how long it took, and the longest time meanwhile in which no write was acknowledged. */
  readonly steps: readonly { readonly step: string; readonly ms: number; readonly longestGapMs: number }[];
  readonly longestGapMs: number;
  readonly fourElectionTimeoutsMs: number;
  readonly members: readonly string[];
}

/** A step changes the members; the leader is killed while it is under way, and comes back afterwards unless it was removed. */
interface Step {
  readonly name: string;
  readonly start: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

const steps: readonly Step[] = [
  { name: '3 to 5', start: ['4', '5'], add: ['4', '5'], remove: [] },
  { name: '5 to 3', start: [], add: [], remove: ['1', '2'] },
  { name: 'all replaced', start: ['6', '7', '8'], add: ['6', '7', '8'], remove: ['3', '4', '5'] },
];

/**
 * Three servers under load become five, three, and three others; in each step the leader is killed. Throws when an acknowledged
 * write is lost, or the cluster does not get where it should.
 */
export async function runMembers(options: MembersOptions): Promise<MembersReport> {
  const fleet = new ServerFleet(options);
  const peers = Object.fromEntries(['1', '2', '3'].map((id) => [id, fleet.address(id)]));
  const client = new KvClient({
    ...{ peers, connector: connectors[options.transport](), timeoutMs: 30_000 },
    refreshMs: 500,
  });
  const ledger = new Ledger();
  try {
    for (const id of ['1', '2', '3']) fleet.startFounder(id, peers);
    await client.set('first', 'write', { timeoutMs: 60_000 });
    const begun = performance.now();
    const load = writeLoad(client, ledger, options);
    const report: MembersReport['steps'][number][] = [];
    try {
      for (const step of steps) {
        await ledger.moreAcknowledged(options.writesPerStep);
        ledger.longestGap();
        const from = performance.now();
        await take(step, fleet, client, ledger);
        await ledger.moreAcknowledged(options.writesPerStep);
        report.push({ step: step.name, ms: round(performance.now() - from), longestGapMs: round(ledger.longestGap()) });
      }
    } finally {
      await load.stop();
    }
    const seconds = (performance.now() - begun) / 1000;
    await verifyLedger(client, ledger, options.valueBytes);
    const { voters } = await client.members();
    return {
      ...{ acknowledged: ledger.acknowledged.size, unknown: ledger.unknown.size, seconds: round(seconds) },
      ...{ steps: report, longestGapMs: Math.max(...report.map(({ longestGapMs }) => longestGapMs)) },
      ...{ fourElectionTimeoutsMs: 4 * options.electionTimeoutMs, members: voters },
    };
  } finally {
    client.close();
    await fleet.killAll();
  }
}

async function take(step: Step, fleet: ServerFleet, client: KvClient, ledger: Ledger): Promise<void> {
  for (const id of step.start) fleet.startJoining(id);
  const change = {
    add: step.add,
    remove: step.remove,
    addresses: Object.fromEntries(step.add.map((id) => [id, fleet.address(id)])),
  };
  const leader = await fleet.leader();
  const changing = changeSurely(client, change);
  // In the midst of it, as far as that can be told from outside.
  await ledger.moreAcknowledged(20);
  await fleet.kill(leader);
  await ledger.moreAcknowledged(20);
  if (!step.remove.includes(leader)) fleet.restart(leader);
  await changing;
  for (const id of step.remove) await fleet.kill(id);
}

/** Asks again until the members are what they should be: the leader that was asked first is dead by then. */
async function changeSurely(client: KvClient, change: Parameters<KvClient['changeMembers']>[0]): Promise<void> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    try {
      await client.changeMembers(change, { timeoutMs: 30_000 });
      return;
    } catch (error) {
      const { code } = error as { code?: string };
      if (performance.now() > deadline || code === 'RAFT_INVALID_ARGUMENT') throw error;
    }
    await sleep(50);
    const members = await client.members().catch(() => undefined);
    const voters = members?.outgoing.length === 0 ? members.voters : [];
    const isDone =
      voters.length > 0 &&
      (change.add ?? []).every((id) => voters.includes(id)) &&
      !(change.remove ?? []).some((id) => voters.includes(id));
    if (isDone) return;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
