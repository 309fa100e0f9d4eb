import type { Address, Channel, Connector, NodeId } from '@raft/core';
import { InvalidArgumentError } from '@raft/core';

/** Servers that a client knows: addresses, or addresses by the nodes' ids. */
export type Peers = readonly Address[] | Readonly<Record<NodeId, Address>>;

/** Where a server that does not lead says that the leader is, as far as it knows. */
export interface LeaderHint {
  readonly leaderId: NodeId | undefined;
  readonly leaderAddress: Address | undefined;
}

/** Channels to servers that only a hint has named; beyond, the oldest is closed. */
const maxHintedChannels = 8;

/** Which server is asked: the one that was found to lead, else each in turn. One channel to each server that is in use. */
export class Servers {
  readonly #connector: Connector;
  readonly #byId: ReadonlyMap<NodeId, Address>;
  readonly #addresses: readonly Address[];
  readonly #channels = new Map<Address, Channel>();
  #target: Address;
  /** Of the server that was last asked in its turn. Hints do not move it: a wrong one would send the client in a circle. */
  #turn = 0;

  /** Throws {@link InvalidArgumentError} when there is none. */
  constructor(peers: Peers, connector: Connector) {
    this.#connector = connector;
    this.#byId = new Map(Array.isArray(peers) ? [] : Object.entries(peers));
    this.#addresses = [...new Set(Array.isArray(peers) ? (peers as readonly Address[]) : this.#byId.values())];
    const [first] = this.#addresses;
    if (first === undefined) throw new InvalidArgumentError('peers is empty: name at least one server');
    this.#target = first;
  }

  /** The server to ask. */
  get target(): Address {
    return this.#target;
  }

  get count(): number {
    return this.#addresses.length;
  }

  /** The address of a server given by its id or its address. */
  resolve(server: NodeId): Address {
    return this.#byId.get(server) ?? server;
  }

  channel(address: Address): Channel {
    const open = this.#channels.get(address);
    if (open !== undefined && !open.closed) return open;
    if (open === undefined) this.#makeRoom();
    const channel = this.#connector.connect(address);
    this.#channels.set(address, channel);
    return channel;
  }

  /** The server at `address` was of no use: asks elsewhere from now on, unless another call has changed that already. */
  leave(address: Address, hint?: LeaderHint): void {
    if (this.#target !== address) return;
    const hinted = this.#hinted(hint);
    this.#target = hinted === undefined || hinted === address ? this.#next(address) : hinted;
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }

  #makeRoom(): void {
    const hinted = [...this.#channels.keys()].filter((address) => !this.#addresses.includes(address));
    const oldest = hinted.find((address) => address !== this.#target);
    if (hinted.length < maxHintedChannels || oldest === undefined) return;
    this.#channels.get(oldest)?.close();
    this.#channels.delete(oldest);
  }

  #hinted(hint: LeaderHint | undefined): Address | undefined {
    if (hint?.leaderAddress !== undefined) return hint.leaderAddress;
    return hint?.leaderId === undefined ? undefined : this.#byId.get(hint.leaderId);
  }

  /** The next in turn, but for the one that was asked just now. */
  #next(address: Address): Address {
    do this.#turn = (this.#turn + 1) % this.#addresses.length;
    while (this.#addresses[this.#turn] === address && this.#addresses.length > 1);
    return this.#addresses[this.#turn]!;
  }
}
