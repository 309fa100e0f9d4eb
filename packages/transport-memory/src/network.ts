import { seededRandom, systemClock } from '@raft/core';
import type { Clock, Connector, GroupId, Message, NodeId, Random, Transport } from '@raft/core';
import { createConnector } from './channel.js';
import type { MemoryConnectorOptions } from './channel.js';
import { checkFaults } from './faults.js';
import type { Faults } from './faults.js';
import type { Endpoint, Hub } from './hub.js';
import { createTopology } from './topology.js';
import { createTransport } from './transport.js';
import type { MemoryTransportOptions } from './transport.js';

export interface MemoryNetworkOptions {
  /** Times delays and ends turns. Default {@link systemClock}. */
  readonly clock?: Clock;
  /** Decides the faults. Default `seededRandom(1)`, so that a single-threaded test repeats. */
  readonly random?: Random;
  /** Faults from the start. Default none: every message arrives once, in order, after the turn it was sent in. */
  readonly faults?: Faults;
  /** Bytes under way from one node to another in one group; newer messages are dropped beyond. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
}

/** Returns true for a message that is to be lost. */
export type Block = (message: Message, group: GroupId) => boolean;

/**
 * A network within one process, where all started nodes are connected. What is cut loses also the messages under way. Cuts add up
 * until they are healed, and last when a node is closed and started again. Receivers' `peerDown` is called after the turn in which
 * a node was closed or cut off, also in one direction, and `peerUp` after that in which it was started or healed.
 */
export interface MemoryNetwork {
  /**
   * A node's transport. `start` throws {@link TransportError} `RAFT_ADDRESS_IN_USE` while another transport of that id or
   * address is started. Nodes find each other by id, so `setPeers` changes nothing.
   */
  transport(options: MemoryTransportOptions): Transport;
  /** Opens channels to the nodes' `onCall`; an address is a node's `address` or id. */
  connector(options?: MemoryConnectorOptions): Connector;
  /** Separates two nodes, or a client and a node, in both directions. */
  cut(a: string, b: string): void;
  /** Loses what `from` sends to `to`. */
  cutOneWay(from: string, to: string): void;
  /**
   * Separates nodes of different groups; nodes that are not named form one more group. Replaces an earlier partition.
   * Clients reach all sides, but for those that are named.
   */
  partition(...groups: readonly (readonly string[])[]): void;
  /** Separates a node from all other nodes; clients still reach it. */
  isolate(node: NodeId): void;
  /** Ends the isolation of a node. */
  rejoin(node: NodeId): void;
  /** Undoes `cut` between two; without arguments all cuts, isolations and partitions. Faults stay. */
  heal(): void;
  heal(a: string, b: string): void;
  /** Replaces the faults; `{}` or undefined ends them. Throws {@link InvalidArgumentError}. */
  setFaults(faults: Faults | undefined): void;
  /** Loses every message for which `block` returns true, when it arrives; returns the function that ends it. */
  block(block: Block): () => void;
  /** Messages between nodes so far. `delivered` may pass `sent` through duplicates. */
  readonly stats: { readonly sent: number; readonly delivered: number; readonly dropped: number };
}

export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  const topology = createTopology();
  const blocks = new Set<Block>();
  let faults = options.faults && checkFaults(options.faults);

  const hub: Hub = {
    clock: options.clock ?? systemClock(),
    random: options.random ?? seededRandom(1),
    maxQueuedBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
    stats: { sent: 0, delivered: 0, dropped: 0 },
    faults: () => faults,
    endpoints: new Map(),
    clientConnected: (from, to) => topology.clientConnected(from, to),
    join: (endpoint, names) =>
      telling(() => {
        for (const name of names) hub.endpoints.set(name, endpoint);
      }),
    leave: (endpoint) =>
      telling(() => {
        for (const [name, each] of hub.endpoints) if (each === endpoint) hub.endpoints.delete(name);
      }),
    deliver(from, to, group, messages) {
      const receiver = topology.connected(from, to) ? hub.endpoints.get(to)?.receiver(group) : undefined;
      const passed = receiver === undefined ? [] : messages.filter((message) => !isBlocked(message, group));
      hub.stats.dropped += messages.length - passed.length;
      hub.stats.delivered += passed.length;
      if (passed.length > 0) receiver?.receive(passed);
    },
  };

  /** Pairs of nodes that reach each other: a connection needs both directions. */
  function links(): Map<string, readonly [Endpoint, Endpoint]> {
    const all = [...new Set(hub.endpoints.values())];
    const found = new Map<string, readonly [Endpoint, Endpoint]>();
    for (const a of all)
      for (const b of all) if (a !== b && linked(a, b)) found.set(JSON.stringify([a.nodeId, b.nodeId]), [a, b]);
    return found;
  }

  function linked(a: Endpoint, b: Endpoint): boolean {
    return topology.connected(a.nodeId, b.nodeId) && topology.connected(b.nodeId, a.nodeId);
  }

  /** Changes who reaches whom, and tells those concerned. */
  function telling(change: () => void): void {
    const before = links();
    change();
    const after = links();
    for (const [pair, [a, b]] of before) if (!after.has(pair)) hub.clock.defer(() => a.peerDown(b.nodeId));
    for (const [pair, [a, b]] of after) if (!before.has(pair)) hub.clock.defer(() => a.peerUp(b.nodeId));
  }

  function isBlocked(message: Message, group: GroupId): boolean {
    for (const block of blocks) if (block(message, group)) return true;
    return false;
  }

  return {
    transport: (transportOptions) => createTransport(hub, transportOptions),
    connector: (connectorOptions) => createConnector(hub, connectorOptions),
    cut: (a, b) =>
      telling(() => {
        topology.cutOneWay(a, b);
        topology.cutOneWay(b, a);
      }),
    cutOneWay: (from, to) => telling(() => topology.cutOneWay(from, to)),
    partition: (...groups) => telling(() => topology.partition(groups)),
    isolate: (node) => telling(() => topology.isolate(node)),
    rejoin: (node) => telling(() => topology.rejoin(node)),
    heal: (a?: string, b?: string) =>
      telling(() => {
        if (a !== undefined && b !== undefined) topology.healPair(a, b);
        else topology.healAll();
      }),
    setFaults(next) {
      const none = next === undefined || Object.keys(next).length === 0;
      faults = none ? undefined : checkFaults(next);
    },
    block(block) {
      // Each call stands for itself, also when the same function is given twice.
      const own: Block = (message, group) => block(message, group);
      blocks.add(own);
      return () => void blocks.delete(own);
    },
    stats: hub.stats,
  };
}
