import type { Address, Channel, Connector, Membership, NodeId } from '@raft/core';
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
  readonly #configuredById: ReadonlyMap<NodeId, Address>;
  readonly #configured: readonly Address[];
  readonly #channels = new Map<Address, Channel>();
  #byId: ReadonlyMap<NodeId, Address>;
  #addresses: readonly Address[];
  /** Of the membership that was learned last. */
  #learnedIndex = 0;
  #target: Address;
  /** Of the server that was last asked in its turn. Hints do not move it: a wrong one would send the client in a circle. */
  #turn = 0;

  /** Throws {@link InvalidArgumentError} when there is none. */
  constructor(peers: Peers, connector: Connector) {
    this.#connector = connector;
    this.#configuredById = new Map(Array.isArray(peers) ? [] : Object.entries(peers));
    this.#configured = [
      ...new Set(Array.isArray(peers) ? (peers as readonly Address[]) : this.#configuredById.values()),
    ];
    this.#byId = this.#configuredById;
    this.#addresses = this.#configured;
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

  /** All that are known, those that are members first. */
  get addresses(): readonly Address[] {
    return this.#addresses;
  }

  /** The address of a server given by its id or its address. */
  resolve(server: NodeId): Address {
    return this.#byId.get(server) ?? server;
  }

  /**
   * Who takes part by now. The configured addresses stay, since they may be the ways from here to addresses that are known under
   * other names there; those of no member come last.
   */
  learn({ index, addresses }: Pick<Membership, 'index' | 'addresses'>): void {
    if (index <= this.#learnedIndex) return;
    this.#learnedIndex = index;
    const members = Object.values(addresses);
    const current = this.#addresses[this.#turn];
    this.#byId = new Map([...Object.entries(addresses), ...this.#configuredById]);
    this.#addresses = [
      ...new Set([...this.#configured.filter((address) => members.includes(address)), ...members, ...this.#configured]),
    ];
    this.#turn = Math.max(0, this.#addresses.indexOf(current ?? ''));
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
