import { setTimeout as sleep } from 'node:timers/promises';
import type { Connector } from '@raft/core';
import { RaftError } from '@raft/core';
import { KvClient } from '@raft/kv';
import { grpcConnector } from '@raft/transport-grpc';
import { tcpConnector } from '@raft/transport-tcp';
import { ServerCluster } from './cluster.js';

export interface FailoverOptions {
  readonly transport: 'tcp' | 'grpc';
  /** Sets that have to be acknowledged. */
  readonly writes: number;
  readonly callers: number;
  /** How many times the leader is killed, evenly over the writes. */
  readonly kills: number;
  readonly valueBytes: number;
  readonly directory: string;
  readonly basePort: number;
  readonly flags?: readonly string[];
}

export interface FailoverReport {
  readonly acknowledged: number;
  /** Ended as unknown: may be there or not. */
  readonly unknown: number;
  /** Ended as certainly not done, and were set again. */
  readonly refused: number;
  readonly seconds: number;
  readonly writesPerSecond: number;
  /** For each kill, milliseconds until a write was acknowledged that had begun after it. */
  readonly outagesMs: readonly number[];
  /** Milliseconds from the start of all nodes after all were killed until everything had been read. */
  readonly restartMs: number;
  /** Keys of unknown outcome that turned out to be there. */
  readonly unknownDone: number;
}

const connectors: Readonly<Record<FailoverOptions['transport'], () => Connector>> = {
  tcp: tcpConnector,
  grpc: grpcConnector,
};

/** How each set ended. */
interface Ledger {
  readonly acknowledged: Set<number>;
  readonly unknown: Set<number>;
  refused: number;
  /** Of the latest acknowledged set: when it began. */
  latestBegin: number;
}

/**
 * Three durable servers take sets of ever new keys from many callers, while the leader is killed and restarted again and
 * again. Afterwards every acknowledged value has to be there, and again after all three were killed at once and restarted.
 * Throws when one is missing, is another, or when the cluster does not come back.
 */
export async function runFailover(options: FailoverOptions): Promise<FailoverReport> {
  const cluster = new ServerCluster({ ...options, storage: 'simplefile' });
  const client = new KvClient({
    peers: Object.fromEntries(cluster.ids.map((id, at) => [id, cluster.addresses[at] ?? ''])),
    connector: connectors[options.transport](),
    timeoutMs: 20_000,
  });
  const ledger: Ledger = { acknowledged: new Set(), unknown: new Set(), refused: 0, latestBegin: 0 };
  try {
    cluster.startAll();
    await cluster.leader();
    const begun = performance.now();
    const [outagesMs] = await Promise.all([killLeaders(cluster, ledger, options), write(client, ledger, options)]);
    const seconds = (performance.now() - begun) / 1000;
    await cluster.converged();
    await verify(client, ledger, options);
    await cluster.killAll();
    const restarted = performance.now();
    cluster.startAll();
    const unknownDone = await verify(client, ledger, options);
    const restartMs = performance.now() - restarted;
    const acknowledged = ledger.acknowledged.size;
    const { unknown, refused } = { unknown: ledger.unknown.size, refused: ledger.refused };
    return {
      ...{ acknowledged, unknown, refused, seconds, writesPerSecond: acknowledged / seconds },
      ...{ outagesMs, restartMs, unknownDone },
    };
  } finally {
    client.close();
    await cluster.killAll();
  }
}

async function write(client: KvClient, ledger: Ledger, options: FailoverOptions): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (ledger.acknowledged.size < options.writes) await writeOne(client, ledger, next++, options.valueBytes);
  };
  await Promise.all(Array.from({ length: options.callers }, caller));
}

async function writeOne(client: KvClient, ledger: Ledger, n: number, valueBytes: number): Promise<void> {
  for (;;) {
    const begin = performance.now();
    try {
      await client.set(keyOf(n), valueOf(n, valueBytes));
      ledger.acknowledged.add(n);
      ledger.latestBegin = Math.max(ledger.latestBegin, begin);
      return;
    } catch (error) {
      if (!(error instanceof RaftError)) throw error;
      if (error.code === 'RAFT_UNKNOWN_OUTCOME') return void ledger.unknown.add(n);
      if (error.code === 'RAFT_INVALID_ARGUMENT') throw error;
      // Certainly not done, so the same key can be set again without a doubt about which set is there.
      ledger.refused += 1;
      await sleep(20);
    }
  }
}

async function killLeaders(cluster: ServerCluster, ledger: Ledger, options: FailoverOptions): Promise<number[]> {
  const outagesMs: number[] = [];
  for (let kill = 1; kill <= options.kills; kill++) {
    const due = Math.floor((kill * options.writes) / (options.kills + 1));
    await eventually(`${due} writes`, 120_000, () => ledger.acknowledged.size >= due);
    const leader = await cluster.leader();
    const killedAt = performance.now();
    await cluster.kill(leader);
    await eventually(`a write after kill ${kill}`, 30_000, () => ledger.latestBegin > killedAt);
    outagesMs.push(performance.now() - killedAt);
    cluster.start(leader);
  }
  return outagesMs;
}

async function eventually(what: string, timeoutMs: number, reached: () => boolean): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!reached()) {
    if (performance.now() > deadline) throw new Error(`no ${what} within ${timeoutMs} ms`);
    await sleep(5);
  }
}

/** Reads everything back; returns how many of unknown outcome are there. */
async function verify(client: KvClient, ledger: Ledger, { valueBytes }: FailoverOptions): Promise<number> {
  const found = new Map<string, Uint8Array>();
  for await (const { key, value } of client.list('k/')) found.set(Buffer.from(key).toString(), value);
  const isThere = (n: number): boolean =>
    Buffer.from(valueOf(n, valueBytes)).equals(found.get(keyOf(n)) ?? Buffer.alloc(0));
  const lost = [...ledger.acknowledged].filter((n) => !isThere(n));
  if (lost.length > 0)
    throw new Error(`${lost.length} acknowledged sets are lost, the first of ${keyOf(lost[0] ?? 0)}`);
  const known = ledger.acknowledged.size;
  const unknownDone = [...ledger.unknown].filter(isThere).length;
  if (found.size !== known + unknownDone) {
    throw new Error(`${found.size} keys are there, but ${known} were acknowledged and ${unknownDone} may have been`);
  }
  return unknownDone;
}

function keyOf(n: number): string {
  return `k/${String(n).padStart(9, '0')}`;
}

/** Differs for each key, all the way through. */
function valueOf(n: number, bytes: number): Uint8Array {
  return Buffer.alloc(bytes, `${n};`);
}
