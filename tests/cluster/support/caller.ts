import { NodeStoppedError, RaftError } from '@raft/core';
import type { CallOptions } from '@raft/core';
import { encodeCompareAndSet, encodeSet } from '@raft/kv';
import type { KvAnswer, KvResult } from '@raft/kv';
import type { Cluster, KvRaftNode } from './cluster.js';
import { pause } from './eventually.js';

/** What became of a command. `refused`: certainly not done. */
export type Outcome =
  | { readonly end: 'done'; readonly result: KvResult }
  | { readonly end: 'refused' }
  | { readonly end: 'unknown' };

export async function outcomeOf(call: Promise<KvResult>): Promise<Outcome> {
  try {
    return { end: 'done', result: await call };
  } catch (error) {
    if (!(error instanceof RaftError)) throw error;
    const maybeDone = error.code === 'RAFT_UNKNOWN_OUTCOME' || (error instanceof NodeStoppedError && error.maybeDone);
    return { end: maybeDone ? 'unknown' : 'refused' };
  }
}

export const set = (node: KvRaftNode, key: string, value: string, options?: CallOptions): Promise<Outcome> =>
  outcomeOf(node.propose(encodeSet(key, value), options));

/** `expected` undefined: the key is not there. */
export function compareAndSet(
  node: KvRaftNode,
  key: string,
  expected: string | undefined,
  value: string,
  options?: CallOptions,
): Promise<Outcome> {
  const condition = expected === undefined ? ({ absent: true } as const) : { value: expected };
  return outcomeOf(node.propose(encodeCompareAndSet(key, condition, value), options));
}

/** Rejects as the node does. */
export async function get(node: KvRaftNode, key: string, options?: CallOptions): Promise<string | undefined> {
  return textOf(await node.read({ type: 'get', key: Buffer.from(key) }, options));
}

export function textOf(answer: KvAnswer): string | undefined {
  return answer.type === 'get' && answer.found !== undefined ? Buffer.from(answer.found.value).toString() : undefined;
}

/** A client of the cluster that finds the leader and repeats what was certainly not done. */
export class Caller {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Sets a key; done, or unknown. */
  set(key: string, value: string): Promise<Outcome> {
    return this.#repeat((node) => set(node, key, value));
  }

  /** Sets a key until it is done: only for values that nobody else writes. */
  async setSurely(key: string, value: string): Promise<void> {
    while ((await this.set(key, value)).end !== 'done');
  }

  compareAndSet(key: string, expected: string | undefined, value: string): Promise<Outcome> {
    return this.#repeat((node) => compareAndSet(node, key, expected, value));
  }

  async get(key: string): Promise<string | undefined> {
    for (;;) {
      try {
        return await get(this.#leader(), key, { timeoutMs: 1000 });
      } catch (error) {
        if (!(error instanceof RaftError)) throw error;
        await pause(10);
      }
    }
  }

  async #repeat(call: (node: KvRaftNode) => Promise<Outcome>): Promise<Outcome> {
    for (;;) {
      const outcome = await call(this.#leader());
      if (outcome.end !== 'refused') return outcome;
      await pause(10);
    }
  }

  /** Whoever leads, as far as can be told; else anyone. */
  #leader(): KvRaftNode {
    const nodes = this.#cluster.lives.map((life) => life.node);
    const leaders = nodes.filter((node) => node.status().role === 'leader');
    const [best] = leaders.sort((a, b) => b.status().term - a.status().term);
    const node = best ?? nodes[0];
    if (node === undefined) throw new Error('no node runs');
    return node;
  }
}
