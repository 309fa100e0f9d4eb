import { RaftError, seededRandom } from '@raft/core';
import type { NodeId, Random } from '@raft/core';
import { compareAndSet, get, set } from './caller.js';
import type { Outcome } from './caller.js';
import type { Cluster, KvRaftNode } from './cluster.js';
import { pause } from './eventually.js';
import { History } from './history.js';
import type { Seen } from './history.js';

const callers = 6;
const patience = { timeoutMs: 400 };
/** A long history of one key is slow to check, so callers move on to new keys. */
const keyLifeMs = 300;
const keysAtATime = 3;
const enough = 100;
const maxDurationMs = 60_000;

/**
 * Callers read and write while links and nodes fail at random, for so long and until enough was done to speak of; gives what
 * they saw. In the end all is whole again.
 */
export async function churn(cluster: Cluster, seed: number, durationMs: number): Promise<History> {
  const history = new History();
  const start = performance.now();
  const isOver = (): boolean => {
    const elapsedMs = performance.now() - start;
    return (elapsedMs >= durationMs && history.counts.done >= enough) || elapsedMs > maxDurationMs;
  };
  const lanes = Array.from({ length: callers }, (_, i) => lane(cluster, history, seed * callers + i, isOver));
  await Promise.all([...lanes, trouble(cluster, seededRandom(seed), isOver)]);
  return history;
}

/** One caller, who does one thing after the other. */
async function lane(cluster: Cluster, history: History, seed: number, isOver: () => boolean): Promise<void> {
  const random = seededRandom(seed);
  let expected: { readonly key: string; readonly value: string | undefined } | undefined;
  for (let i = 0; !isOver(); i++) {
    const node = choose(cluster, random);
    const key = `k${Math.floor(performance.now() / keyLifeMs)}-${Math.floor(random() * keysAtATime)}`;
    const value = `${seed}:${i}`;
    const kind = random();
    const { notDone } = history.counts;
    if (node !== undefined) {
      await history.record(`caller ${seed}`, key, async () => {
        if (kind < 0.3) return seenSet(await set(node, key, value, patience), value);
        if (kind < 0.6) return swap(node, key, expected?.key === key ? expected.value : undefined, value);
        return read(node, key, (seen) => (expected = { key, value: seen }));
      });
    }
    // Nobody leads, it seems: no reason to hurry.
    if (node === undefined || history.counts.notDone > notDone) await pause(5);
  }
}

/** Mostly one that believes that it leads; sometimes any. */
function choose(cluster: Cluster, random: Random): KvRaftNode | undefined {
  const nodes = cluster.lives.map((life) => life.node);
  const leaders = nodes.filter((node) => node.status().role === 'leader');
  const among = leaders.length > 0 && random() < 0.9 ? leaders : nodes;
  return among[Math.floor(random() * among.length)];
}

function seenSet({ end }: Outcome, value: string): Seen | undefined {
  return end === 'refused' ? undefined : { op: 'set', value, isCertain: end === 'done' };
}

async function swap(
  node: KvRaftNode,
  key: string,
  expected: string | undefined,
  value: string,
): Promise<Seen | undefined> {
  const outcome = await compareAndSet(node, key, expected, value, patience);
  if (outcome.end === 'refused') return undefined;
  const asked = { op: 'cas', expected: expected ?? null, value } as const;
  if (outcome.end === 'unknown') return { ...asked, isCertain: false };
  const { result } = outcome;
  if (result.type !== 'compareAndSet') throw new Error(`a compare-and-set gave a ${result.type}`);
  if (result.swapped) return { ...asked, ok: true, isCertain: true };
  const output = result.current === undefined ? null : Buffer.from(result.current.value).toString();
  return { ...asked, ok: false, output, isCertain: true };
}

async function read(
  node: KvRaftNode,
  key: string,
  tell: (value: string | undefined) => void,
): Promise<Seen | undefined> {
  try {
    const value = await get(node, key, patience);
    tell(value);
    return { op: 'get', output: value ?? null, isCertain: true };
  } catch (error) {
    if (error instanceof RaftError) return undefined;
    throw error;
  }
}

async function trouble(cluster: Cluster, random: Random, isOver: () => boolean): Promise<void> {
  const any = (): NodeId => cluster.ids[Math.floor(random() * cluster.ids.length)] ?? '1';
  const how = (): 'cut' | 'stalled' => (random() < 0.5 ? 'cut' : 'stalled');
  const kinds: (() => unknown)[] = [
    () => cluster.set(any(), any(), how()),
    () => cluster.set(any(), any(), how()),
    () => cluster.partition([any()], how()),
    () => cluster.partition(leaders(cluster), how()),
    () => cluster.setDelay(1 + random() * 20),
    () => cluster.heal(),
    () => cluster.heal(),
    async () => {
      const id = random() < 0.5 ? any() : (leaders(cluster)[0] ?? any());
      await cluster.stop(id);
      await pause(random() * 100);
      await cluster.start(id);
    },
  ];
  while (!isOver()) {
    await kinds[Math.floor(random() * kinds.length)]?.();
    await pause(20 + random() * 150);
  }
  cluster.heal();
}

function leaders(cluster: Cluster): NodeId[] {
  return cluster.lives.filter((life) => life.node.status().role === 'leader').map((life) => life.id);
}
