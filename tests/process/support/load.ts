import { setTimeout as sleep } from 'node:timers/promises';
import { RaftError } from '@raft/core';
import type { KvClient } from '@raft/kv';

/** How each set ended, and when. */
export class Ledger {
  readonly acknowledged = new Set<number>();
  readonly unknown = new Set<number>();
  /** Milliseconds of each set that was acknowledged. */
  latenciesMs: number[] = [];
  refused = 0;
  next = 0;
  #latestAt = performance.now();
  #longestGapMs = 0;

  acknowledge(n: number, begunAt: number): void {
    const now = performance.now();
    this.acknowledged.add(n);
    this.latenciesMs.push(now - begunAt);
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#latestAt);
    this.#latestAt = now;
  }

  /** The longest time without an acknowledged set since it was asked the last time, in milliseconds. */
  longestGap(): number {
    const gap = Math.max(this.#longestGapMs, performance.now() - this.#latestAt);
    this.#longestGapMs = 0;
    return gap;
  }

  /** Of the sets that were acknowledged since it was asked the last time, in milliseconds. */
  percentile(fraction: number): number {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b);
    this.latenciesMs = [];
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0;
  }

  async moreAcknowledged(count: number, timeoutMs = 120_000): Promise<void> {
    const due = this.acknowledged.size + count;
    const deadline = performance.now() + timeoutMs;
    while (this.acknowledged.size < due) {
      if (performance.now() > deadline) throw new Error(`no ${count} more writes within ${timeoutMs} ms`);
      await sleep(5);
    }
  }
}

export interface LoadOptions {
  readonly callers: number;
  readonly valueBytes: number;
  /** Milliseconds between two sets of a caller. Default none. */
  readonly pauseMs?: number;
}

/** Callers that set ever new keys until they are stopped. */
export function writeLoad(client: KvClient, ledger: Ledger, options: LoadOptions): { stop(): Promise<void> } {
  let isStopped = false;
  const caller = async (): Promise<void> => {
    while (!isStopped) {
      await writeOne(client, ledger, ledger.next++, options.valueBytes);
      if (options.pauseMs !== undefined) await sleep(options.pauseMs);
    }
  };
  const callers = Promise.all(Array.from({ length: options.callers }, caller));
  // Told by `stop`; until then nobody looks.
  callers.catch(() => {});
  return {
    async stop() {
      isStopped = true;
      await callers;
    },
  };
}

async function writeOne(client: KvClient, ledger: Ledger, n: number, valueBytes: number): Promise<void> {
  for (;;) {
    const begunAt = performance.now();
    try {
      await client.set(keyOf(n), valueOf(n, valueBytes));
      ledger.acknowledge(n, begunAt);
      return;
    } catch (error) {
      if (!(error instanceof RaftError) || error.code === 'RAFT_INVALID_ARGUMENT') throw error;
      if (error.code === 'RAFT_UNKNOWN_OUTCOME') return void ledger.unknown.add(n);
      // Certainly not done, so the same key can be set again without a doubt about which set is there.
      ledger.refused += 1;
      await sleep(20);
    }
  }
}

/** Reads everything back. Throws when an acknowledged set is missing, or is another. */
export async function verifyLedger(client: KvClient, ledger: Ledger, valueBytes: number): Promise<void> {
  const found = new Set<number>();
  for await (const { key, value } of client.list('k/', { timeoutMs: 60_000 })) {
    const n = Number(Buffer.from(key).toString().slice(2));
    if (!Buffer.from(valueOf(n, valueBytes)).equals(value)) throw new Error(`${keyOf(n)} has a value that nobody set`);
    found.add(n);
  }
  const lost = [...ledger.acknowledged].filter((n) => !found.has(n));
  if (lost.length > 0)
    throw new Error(`${lost.length} acknowledged sets are lost, the first of ${keyOf(lost[0] ?? 0)}`);
}

function keyOf(n: number): string {
  return `k/${String(n).padStart(9, '0')}`;
}

/** Differs for each key, all the way through. */
function valueOf(n: number, bytes: number): Uint8Array {
  return Buffer.alloc(bytes, `${n};`);
}
