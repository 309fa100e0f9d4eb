import type { Call, Clock, GroupId, Message, NodeId, Random, Receiver } from '@raft/core';
import type { Faults } from './faults.js';

/** What transports and channels need of the network. */
export interface Hub {
  readonly clock: Clock;
  readonly random: Random;
  readonly maxQueuedBytes: number;
  readonly stats: { sent: number; delivered: number; dropped: number };
  faults(): Faults | undefined;
  /** Started endpoints by node id and by address. */
  readonly endpoints: Map<string, Endpoint>;
  deliver(from: NodeId, to: NodeId, group: GroupId, messages: readonly Message[]): void;
  clientConnected(from: string, to: string): boolean;
  /** A transport is started: it is put on the network under its names, and the others are told. */
  join(endpoint: Endpoint, names: Iterable<string>): void;
  /** A started transport is being closed: it is taken off the network, and the others are told. */
  leave(endpoint: Endpoint): void;
}

/** A started transport, as the network sees it. */
export interface Endpoint {
  readonly nodeId: NodeId;
  receiver(group: GroupId): Receiver | undefined;
  /** Tells all groups that a peer cannot be reached any more. */
  peerDown(peer: NodeId): void;
  /** Tells all groups that a peer can be reached. */
  peerUp(peer: NodeId): void;
  /** Hands over a client's call; `lost` runs if the transport is closed before `release`. */
  call(call: Call, lost: () => void): void;
  release(lost: () => void): void;
}
