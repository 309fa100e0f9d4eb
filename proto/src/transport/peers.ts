import type { Address, GroupId, Message, NodeId, Timer } from '@raft/core';
import { parseAddress } from './address.js';
import type { PeerStats } from './envelope-queue.js';
import { Peer } from './peer.js';
import type { PeerContext } from './peer.js';

/** A way to a peer that no group names is closed when it was not used for so long. */
const lingerMs = 30_000;

/** The ways to all peers: those that groups name, and those that only have connected and are answered where they say they are. */
export class Peers {
  readonly #context: PeerContext;
  readonly #peers = new Map<NodeId, Peer>();
  /** Where those that are connected to us say they are. */
  readonly #learned = new Map<NodeId, Address>();
  /** No longer wanted; their connections are closing. */
  readonly #leaving = new Set<Peer>();
  /** Looks after the ways that no group names. */
  #lingerTimer: Timer | undefined;
  #closed = false;

  constructor(context: PeerContext) {
    this.#context = context;
  }

  get stats(): Readonly<Record<NodeId, PeerStats>> {
    return Object.fromEntries([...this.#peers.values()].map((peer) => [peer.id, peer.stats]));
  }

  /** As in the contract of transports. */
  setPeers(group: GroupId, addresses: ReadonlyMap<NodeId, Address>): void {
    if (this.#closed) return;
    for (const [id, address] of addresses) if (id !== this.#context.self.nodeId) this.#name(group, id, address);
    for (const peer of this.#peers.values()) {
      if (!peer.groups.has(group) || addresses.has(peer.id)) continue;
      peer.leave(group);
      // Should a message be sent to it all the same, the way is opened anew.
      if (peer.groups.size === 0) this.#retire(peer);
    }
  }

  send(group: GroupId, messages: readonly Message[]): void {
    for (const message of messages) this.#wayTo(group, message.to)?.send(group, message);
  }

  /** A peer has connected; `address` is where it says it is, empty when it does not say. */
  connected(id: NodeId, address: Address): void {
    if (this.#closed) return;
    this.#learn(id, address);
    const peer = this.#peers.get(id);
    const learned = this.#learned.get(id);
    if (peer?.groups.size === 0 && learned !== undefined) peer.move(learned);
    peer?.wake();
  }

  /** What {@link connected} told of has ended. */
  disconnected(id: NodeId): void {
    if (this.#closed) return;
    this.#learned.delete(id);
    const peer = this.#peers.get(id);
    if (peer?.groups.size === 0) this.#retire(peer);
  }

  /** Counts what has arrived from a peer. */
  received(id: NodeId, messages: number, bytes: number): void {
    const counters = this.#peers.get(id)?.queue.counters;
    if (counters === undefined) return;
    counters.receivedMessages += messages;
    counters.receivedBytes += bytes;
  }

  /** Resolves when every connection has closed. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#lingerTimer?.cancel();
    const all = [...this.#peers.values(), ...this.#leaving];
    await Promise.all(all.map((peer) => new Promise<void>((resolve) => peer.close(resolve))));
  }

  #name(group: GroupId, id: NodeId, address: Address): void {
    try {
      parseAddress(address);
    } catch (error) {
      // It comes from the replicated log: no reason to stop, the member is as one that is away.
      const reason = error instanceof Error ? error.message : String(error);
      this.#context.logger('error', `cannot reach peer ${id}: ${reason}`);
      return;
    }
    const known = this.#peers.get(id);
    known?.move(address);
    (known ?? this.#open(id, address)).groups.add(group);
  }

  #learn(id: NodeId, address: Address): void {
    this.#learned.delete(id);
    if (address === '') return;
    try {
      parseAddress(address);
      this.#learned.set(id, address);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#context.log('learn', 1, 'warn', `cannot answer peer ${JSON.stringify(id)} where it says it is: ${reason}`);
    }
  }

  #wayTo(group: GroupId, id: NodeId): Peer | undefined {
    const peer = this.#peers.get(id);
    if (peer?.groups.has(group) === true || this.#closed) return peer;
    const address = this.#learned.get(id);
    if (address === undefined) return undefined;
    if (peer !== undefined) return peer;
    this.#watchUnnamed();
    return this.#open(id, address);
  }

  #open(id: NodeId, address: Address): Peer {
    const peer = new Peer(id, address, this.#context);
    this.#peers.set(id, peer);
    return peer;
  }

  #retire(peer: Peer): void {
    this.#peers.delete(peer.id);
    this.#leaving.add(peer);
    peer.close(() => this.#leaving.delete(peer));
  }

  /** Two nodes that only answer each other would otherwise stay connected for ever. */
  #watchUnnamed(): void {
    const { clock } = this.#context;
    this.#lingerTimer ??= clock.setTimer(clock.now() + lingerMs, () => {
      this.#lingerTimer = undefined;
      let left = false;
      for (const peer of this.#peers.values()) {
        if (peer.groups.size > 0) continue;
        if (clock.now() - peer.usedAt >= lingerMs) this.#retire(peer);
        else left = true;
      }
      if (left) this.#watchUnnamed();
    });
  }
}
