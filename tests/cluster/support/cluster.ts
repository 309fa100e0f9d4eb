import { createNode } from '@raft/core';
import type { Entry, NodeId, RaftNode, RaftNodeOptions, Storage, Transport } from '@raft/core';
import { KvStateMachine } from '@raft/kv';
import type { KvAnswer, KvQuery, KvResult } from '@raft/kv';
import { eventually } from './eventually.js';
import { clusterId } from './networks.js';
import type { Network } from './networks.js';
import type { Passage } from './proxy.js';
import type { Stores } from './stores.js';

export type KvRaftNode = RaftNode<Uint8Array, KvResult, KvQuery, KvAnswer>;
type Options = RaftNodeOptions<Uint8Array, KvResult, KvQuery, KvAnswer>;

/** One life of a node: from its start to its stop. */
export interface Life {
  readonly id: NodeId;
  readonly node: KvRaftNode;
  readonly machine: KvStateMachine;
  readonly transport: Transport;
  /** Entries that were read back from the storage. */
  entriesRead: number;
}

export interface ClusterOptions {
  /** Default 3. */
  readonly size?: number;
  readonly node?: Partial<Options>;
}

const heartbeatIntervalMs = 25;
const electionTimeoutMs = { min: 150, max: 300 };

/** A cluster in this process. What goes wrong with a node by itself is found out by {@link Cluster.close}. */
export class Cluster {
  readonly ids: readonly NodeId[];
  readonly #network: Network;
  readonly #stores: Stores;
  readonly #options: Partial<Options>;
  readonly #lives = new Map<NodeId, Life>();
  readonly #failures: string[] = [];

  constructor(network: Network, stores: Stores, { size = 3, node = {} }: ClusterOptions = {}) {
    this.ids = Array.from({ length: size }, (_, i) => String(i + 1));
    this.#network = network;
    this.#stores = stores;
    this.#options = node;
  }

  /** The nodes that run. */
  get lives(): Life[] {
    return [...this.#lives.values()];
  }

  /** Why nodes have stopped themselves. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  life(id: NodeId): Life {
    const life = this.#lives.get(id);
    if (life === undefined) throw new Error(`node ${id} does not run`);
    return life;
  }

  async start(...ids: NodeId[]): Promise<void> {
    await Promise.all((ids.length > 0 ? ids : this.ids).map((id) => this.#startOne(id)));
  }

  async #startOne(id: NodeId): Promise<void> {
    const transport = await this.#network.transport(id);
    const machine = new KvStateMachine();
    const life = { id, machine, transport, entriesRead: 0 } as Life & { node: KvRaftNode };
    life.node = createNode({
      id,
      clusterId,
      storage: countingReads(this.#stores.storage(id), life),
      transport,
      stateMachine: machine,
      // Every node the same; the network knows the way to each.
      bootstrap: Object.fromEntries(this.ids.map((each) => [each, `node-${each}:1`])),
      heartbeatIntervalMs,
      electionTimeoutMs,
      ...this.#options,
    });
    life.node.on('fatal', ({ error }) => this.#failures.push(error.message));
    try {
      await life.node.start();
    } catch (error) {
      await transport.close();
      throw error;
    }
    this.#lives.set(id, life);
  }

  /** Ends one life of each; what their storages hold is there for the next. */
  async stop(...ids: NodeId[]): Promise<void> {
    await Promise.all(
      ids.map(async (id) => {
        const life = this.life(id);
        this.#lives.delete(id);
        await life.node.stop();
        await life.transport.close();
      }),
    );
  }

  /** The node that leads in the latest term, once a quorum of those given (all that run) follows it. */
  async leader(among: readonly NodeId[] = this.lives.map((life) => life.id)): Promise<Life> {
    let found: Life | undefined;
    await eventually(
      () => {
        const statuses = among.map((id) => this.life(id).node.status());
        const leader = statuses.filter(({ role }) => role === 'leader').sort((a, b) => b.term - a.term)[0];
        const followers = statuses.filter(({ leaderId, term }) => leaderId === leader?.id && term === leader?.term);
        if (leader === undefined || followers.length <= this.ids.length / 2) return false;
        found = this.life(leader.id);
        return true;
      },
      `a leader among ${among.join(', ')}`,
    );
    return found as Life;
  }

  /** Separates the nodes of the first group from all others. */
  partition(group: readonly NodeId[], passage: Exclude<Passage, 'open'>): void {
    for (const from of this.ids) {
      for (const to of this.ids) {
        if (from !== to && group.includes(from) !== group.includes(to)) this.#network.set(from, to, passage);
      }
    }
  }

  set(from: NodeId, to: NodeId, passage: Passage): void {
    if (from !== to) this.#network.set(from, to, passage);
  }

  setDelay(delayMs: number): void {
    this.#network.setDelay(delayMs);
  }

  heal(): void {
    for (const from of this.ids) for (const to of this.ids) this.set(from, to, 'open');
    this.#network.setDelay(0);
  }

  /** Waits until all nodes run one log to its end and hold the same map; gives that map. */
  async converge(limitMs?: number): Promise<Map<string, string>> {
    await eventually(
      () => {
        const statuses = this.lives.map((life) => life.node.status());
        const [first] = statuses;
        const same = statuses.every((s) => s.appliedIndex === first?.lastIndex && s.lastIndex === first.lastIndex);
        return statuses.length === this.ids.length && same && statuses.some(({ role }) => role === 'leader');
      },
      'all nodes agree',
      limitMs,
    );
    const maps = this.lives.map((life) => contentOf(life.machine));
    for (const map of maps) {
      const differs = map.size !== maps[0]?.size || [...map].some(([key, value]) => maps[0]?.get(key) !== value);
      if (differs) throw new Error('nodes that applied the same log hold different maps');
    }
    return maps[0] ?? new Map<string, string>();
  }

  /** Stops everything; throws when a node has stopped itself. */
  async close(): Promise<void> {
    await this.stop(...this.#lives.keys());
    await this.#network.close();
    await this.#stores.close();
    if (this.#failures.length > 0) throw new Error(this.#failures.join('\n'));
  }
}

function countingReads(storage: Storage, life: Life): Storage {
  return {
    open: (identity) => storage.open(identity),
    append: (batch) => storage.append(batch),
    async entries(from, to, maxBytes): Promise<Entry[]> {
      const entries = await storage.entries(from, to, maxBytes);
      life.entriesRead += entries.length;
      return entries;
    },
    compact: (through) => storage.compact(through),
    createSnapshot: (meta) => storage.createSnapshot(meta),
    openSnapshot: () => storage.openSnapshot(),
    close: () => storage.close(),
  };
}

/** All that a machine holds, keys and values as text. */
function contentOf(machine: KvStateMachine): Map<string, string> {
  const content = new Map<string, string>();
  let after: Uint8Array | undefined;
  for (let more = true; more;) {
    const page = machine.query({ type: 'list', prefix: new Uint8Array(0), after });
    if (page.type !== 'list') throw new Error('no listing');
    for (const { key, value } of page.items) content.set(Buffer.from(key).toString(), Buffer.from(value).toString());
    after = page.items.at(-1)?.key;
    more = page.more;
  }
  return content;
}
