import type { NodeId } from '@raft/core';

/** Who can reach whom: cuts of directed pairs, isolated nodes and one partition, all until healed. */
export interface Topology {
  cutOneWay(from: string, to: string): void;
  healPair(a: string, b: string): void;
  isolate(node: NodeId): void;
  rejoin(node: NodeId): void;
  partition(groups: readonly (readonly string[])[]): void;
  healAll(): void;
  /** Between two nodes. */
  connected(from: NodeId, to: NodeId): boolean;
  /** Between a client and a node, in either direction; only what names the client itself separates them. */
  clientConnected(from: string, to: string): boolean;
}

export function createTopology(): Topology {
  const cuts = new Map<string, Set<string>>();
  const isolated = new Set<NodeId>();
  const sides = new Map<string, number>();

  const isCut = (from: string, to: string): boolean => cuts.get(from)?.has(to) === true;

  return {
    cutOneWay(from, to) {
      const targets = cuts.get(from) ?? new Set();
      cuts.set(from, targets.add(to));
    },
    healPair(a, b) {
      cuts.get(a)?.delete(b);
      cuts.get(b)?.delete(a);
    },
    isolate: (node) => void isolated.add(node),
    rejoin: (node) => void isolated.delete(node),
    partition(groups) {
      sides.clear();
      for (const [side, members] of groups.entries()) for (const member of members) sides.set(member, side);
    },
    healAll() {
      cuts.clear();
      isolated.clear();
      sides.clear();
    },
    connected: (from, to) =>
      !isCut(from, to) && !isolated.has(from) && !isolated.has(to) && sides.get(from) === sides.get(to),
    clientConnected(from, to) {
      if (isCut(from, to)) return false;
      // A client that no partition names stands outside of it: tests talk to both sides.
      const [a, b] = [sides.get(from), sides.get(to)];
      return a === undefined || b === undefined || a === b;
    },
  };
}
