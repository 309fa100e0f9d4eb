import { readFileSync } from 'node:fs';
import { KvClient } from '@raft/kv';
import { connectors, ServerFleet } from './fleet.js';
import type { FleetOptions } from './fleet.js';
import { Ledger, verifyLedger, writeLoad } from './load.js';

export interface WipedOptions extends FleetOptions {
  /** Of values, in the map before a node is wiped. */
  readonly bytes: number;
  readonly callers: number;
  readonly valueBytes: number;
  /** Milliseconds between two writes of a caller while it is measured. */
  readonly pauseMs: number;
  /** Writes that are measured before the node is wiped. */
  readonly writesBefore: number;
}

export interface WipedReport {
  readonly snapshotMiB: number;
  readonly installSeconds: number;
  readonly writesBefore: number;
  readonly writesDuring: number;
  readonly p99BeforeMs: number;
  readonly p99DuringMs: number;
  readonly leaderRssBeforeMiB: number;
  /** The most that was seen. */
  readonly leaderRssDuringMiB: number;
}

const fillBytes = 64 * 1024;

/** A node that was wiped is brought back by a snapshot while writes go on. Throws when that does not come about. */
export async function runWiped(options: WipedOptions): Promise<WipedReport> {
  const fleet = new ServerFleet(options);
  const peers = Object.fromEntries(['1', '2', '3'].map((id) => [id, fleet.address(id)]));
  const client = new KvClient({ peers, connector: connectors[options.transport](), timeoutMs: 60_000 });
  const ledger = new Ledger();
  try {
    for (const id of Object.keys(peers)) fleet.startFounder(id, peers);
    await fill(client, options.bytes);
    const leader = await fleet.leader();
    const wiped = leader === '1' ? '2' : '1';
    // From here on the log does not reach back to the beginning.
    for (const id of Object.keys(peers)) await client.snapshot(id, { timeoutMs: 600_000 });
    const load = writeLoad(client, ledger, options);
    try {
      await ledger.moreAcknowledged(options.writesBefore, 600_000);
      const writesBefore = ledger.latenciesMs.length;
      const p99BeforeMs = ledger.percentile(0.99);
      const memory = new MemoryWatch(fleet.pid(leader));
      await fleet.wipe(wiped);
      const restarted = performance.now();
      fleet.restart(wiped);
      await fleet.eventually(`node ${wiped} has not caught up`, 600_000, (all) => {
        const back = all.find(({ id }) => id === wiped);
        const lead = all.find(({ id }) => id === leader);
        return back && lead && back.snapshotIndex > 0 && back.appliedIndex + 1000 >= lead.commitIndex
          ? true
          : undefined;
      });
      const installSeconds = (performance.now() - restarted) / 1000;
      const writesDuring = ledger.latenciesMs.length;
      const p99DuringMs = ledger.percentile(0.99);
      const leaderRssDuringMiB = memory.stop();
      const report = {
        installSeconds,
        p99BeforeMs,
        p99DuringMs,
        leaderRssBeforeMiB: memory.before,
        leaderRssDuringMiB,
      };
      return {
        ...{ snapshotMiB: round(options.bytes / 2 ** 20), writesBefore, writesDuring },
        ...(Object.fromEntries(Object.entries(report).map(([name, value]) => [name, round(value)])) as typeof report),
      };
    } finally {
      await load.stop();
      await verifyLedger(client, ledger, options.valueBytes);
    }
  } finally {
    client.close();
    await fleet.killAll();
  }
}

async function fill(client: KvClient, bytes: number): Promise<void> {
  const count = Math.ceil(bytes / fillBytes);
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) {
      const n = next++;
      await client.set(`fill/${String(n).padStart(9, '0')}`, Buffer.alloc(fillBytes, `${n};`));
    }
  };
  await Promise.all(Array.from({ length: 16 }, caller));
}

/** Resident memory of a process, looked at ten times a second. */
class MemoryWatch {
  readonly before: number;
  #most: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.before = residentMiB(pid);
    this.#most = this.before;
    this.#timer = setInterval(() => {
      this.#most = Math.max(this.#most, residentMiB(pid));
    }, 100);
  }

  /** Gives the most that was seen, in MiB. */
  stop(): number {
    clearInterval(this.#timer);
    return this.#most;
  }
}

/** Not a number where the system does not tell. */
export function residentMiB(pid: number): number {
  try {
    const [, kiB] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kiB) / 1024;
  } catch {
    return Number.NaN;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
