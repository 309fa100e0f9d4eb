import { decodeEnvelope, encodeEnvelope } from '@raft/proto';
import type { Address, GroupId, Message, NodeId, Receiver, Transport } from '@raft/core';
import type { Agenda } from './agenda.js';
import type { Dice, Range } from './dice.js';
import type { Process } from './process.js';

export interface NetworkProfile {
  readonly delayMs: Range;
  /** As a byte stream would: what is sent first arrives first. */
  readonly ordered: boolean;
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** Some frames arrive long after everything has moved on. */
  readonly lateRate: number;
  readonly lateMs: number;
  /** Whether each message travels by itself, and not with those that were sent with it. */
  readonly alone: boolean;
  /** Bytes in a millisecond on each link; what is sent meanwhile waits. */
  readonly bytesPerMs: number;
  /** How long a peer gives no sign of life until it is taken for gone. */
  readonly silenceMs: number;
}

export type Fate = 'lost' | 'duplicated' | 'reordered' | 'cut' | 'late' | 'nobody';

export interface NetworkWatcher {
  /** The node hands over messages; nothing has left yet. */
  sending(from: NodeId, messages: readonly Message[]): void;
  /** What became of a frame, or how it travels. */
  fate(what: Fate, messages: readonly Message[]): void;
  delivering(to: NodeId, messages: readonly Message[], bytes: number): void;
  /** A node is told that it has lost a peer. */
  losing(node: NodeId, peer: NodeId): void;
}

interface Link {
  /** How many faults cut it at present. */
  cuts: number;
  /** Counts the times that it was cut when it was whole. */
  cutting: number;
  /** When the last frame on it arrives. */
  lastArrival: number;
  /** When the last frame on it has left. */
  freeAt: number;
  /** Counts the connections: what is under way on an earlier one is lost. */
  connection: number;
}

interface Endpoint {
  readonly id: NodeId;
  readonly process: Process;
  readonly receivers: Map<GroupId, Receiver>;
  /** Where those are reached who have connected to this node. */
  readonly callers: Map<NodeId, Address>;
}

/** Carries encoded envelopes late, twice, out of order, or not at all. */
export class Network {
  readonly #agenda: Agenda;
  readonly #dice: Dice;
  readonly #watcher: NetworkWatcher;
  readonly #links = new Map<string, Link>();
  readonly #endpoints = new Map<Address, Endpoint>();
  /** Pairs that have lost each other. */
  readonly #lost = new Set<string>();
  profile: NetworkProfile;

  constructor(profile: NetworkProfile, parts: { agenda: Agenda; dice: Dice; watcher: NetworkWatcher }) {
    this.profile = profile;
    this.#agenda = parts.agenda;
    this.#dice = parts.dice;
    this.#watcher = parts.watcher;
  }

  /** The transport of one life of a node, which is reached at `address` from its start until it is closed or has died. */
  transport(id: NodeId, address: Address, process: Process): Transport {
    const endpoint: Endpoint = { id, process, receivers: new Map(), callers: new Map() };
    const peers = new Map<GroupId, ReadonlyMap<NodeId, Address>>();
    return {
      start: async () => void this.#endpoints.set(address, endpoint),
      attach: (group, receiver) => void endpoint.receivers.set(group, receiver),
      detach: (group) => void endpoint.receivers.delete(group),
      setPeers: (group, addresses) => void peers.set(group, new Map(addresses)),
      send: (group, messages) => {
        if (!process.isAlive) return;
        this.#watcher.sending(id, messages);
        for (const frame of this.#frames(messages)) {
          const to = (frame[0] as Message).to;
          const where = peers.get(group)?.get(to) ?? endpoint.callers.get(to);
          if (where === undefined) this.#watcher.fate('nobody', frame);
          else
            this.#send({ from: id, to, sender: address, where, messages: frame, bytes: encodeEnvelope(group, frame) });
        }
      },
      close: async () => {
        if (this.#endpoints.get(address) === endpoint) this.#endpoints.delete(address);
        endpoint.receivers.clear();
      },
    };
  }

  /** One way; undone by as many calls of `mend`. */
  cut(from: NodeId, to: NodeId): void {
    const link = this.#link(from, to);
    if (link.cuts++ > 0) return;
    const cutting = ++link.cutting;
    this.#agenda.after(this.profile.silenceMs, () => {
      if (link.cuts > 0 && cutting === link.cutting) this.#lose(from, to);
    });
  }

  mend(from: NodeId, to: NodeId): void {
    const link = this.#link(from, to);
    link.cuts = Math.max(0, link.cuts - 1);
  }

  mendAll(): void {
    for (const link of this.#links.values()) link.cuts = 0;
  }

  /** What is under way on this link never arrives; what is sent afterwards does. */
  breakConnection(from: NodeId, to: NodeId): void {
    this.#lose(from, to);
  }

  /** A process has ended. Its machine may tell the others, or they find out for themselves. */
  ended(id: NodeId): void {
    this.#agenda.after(this.#dice.between(0, this.profile.silenceMs), () => this.#loseAll(id));
  }

  /** A process stands still from now on. */
  paused(id: NodeId, process: Process): void {
    const { pauses } = process;
    this.#agenda.after(this.profile.silenceMs, () => {
      if (process.isPaused && process.pauses === pauses) this.#loseAll(id);
    });
  }

  #loseAll(id: NodeId): void {
    for (const other of this.#endpoints.values()) if (other.id !== id) this.#lose(id, other.id);
  }

  /** Both ends are told, behind all that was sent before: of what is under way nothing more arrives. */
  #lose(from: NodeId, to: NodeId): void {
    const link = this.#link(from, to);
    link.connection++;
    link.lastArrival = 0;
    link.freeAt = 0;
    this.#tellLoss(to, from);
    this.#tellLoss(from, to);
    const pair = from < to ? `${from}>${to}` : `${to}>${from}`;
    if (this.#lost.has(pair)) return;
    this.#lost.add(pair);
    this.#connectAgain(from, to, pair);
  }

  #tellLoss(node: NodeId, peer: NodeId): void {
    this.#tell(node, (receivers) => {
      if (receivers.length > 0) this.#watcher.losing(node, peer);
      for (const receiver of receivers) receiver.peerDown?.(peer);
    });
  }

  /** As transports do: each end tries until it succeeds, and then tells of it. */
  #connectAgain(from: NodeId, to: NodeId, pair: string): void {
    this.#agenda.after(this.profile.silenceMs, () => {
      const isOpen = this.#link(from, to).cuts === 0 && this.#link(to, from).cuts === 0;
      if (!isOpen || !this.#isThere(from) || !this.#isThere(to)) return this.#connectAgain(from, to, pair);
      this.#lost.delete(pair);
      for (const [node, peer] of [
        [from, to],
        [to, from],
      ] as const)
        this.#tell(node, (receivers) => {
          for (const receiver of receivers) receiver.peerUp?.(peer);
        });
    });
  }

  #isThere(node: NodeId): boolean {
    return [...this.#endpoints.values()].some(({ id, process }) => id === node && process.isAlive && !process.isPaused);
  }

  #tell(node: NodeId, what: (receivers: Receiver[]) => void): void {
    for (const { id, process, receivers } of this.#endpoints.values())
      if (id === node) process.run('arrival', () => what([...receivers.values()]));
  }

  /** Messages to one peer, in order, that travel together. */
  #frames(messages: readonly Message[]): Message[][] {
    if (this.profile.alone) return messages.map((message) => [message]);
    const frames = new Map<NodeId, Message[]>();
    for (const message of messages) {
      const frame = frames.get(message.to);
      if (frame === undefined) frames.set(message.to, [message]);
      else frame.push(message);
    }
    return [...frames.values()];
  }

  #send(frame: Frame): void {
    const { lossRate, duplicateRate } = this.profile;
    if (this.#dice.chance(lossRate)) this.#watcher.fate('lost', frame.messages);
    else this.#carry(frame);
    if (!this.#dice.chance(duplicateRate)) return;
    this.#watcher.fate('duplicated', frame.messages);
    this.#carry(frame);
  }

  #carry(frame: Frame): void {
    const { delayMs, lateRate, lateMs, ordered, bytesPerMs } = this.profile;
    const link = this.#link(frame.from, frame.to);
    const isLate = this.#dice.chance(lateRate);
    if (isLate) this.#watcher.fate('late', frame.messages);
    link.freeAt = Math.max(link.freeAt, this.#agenda.now) + frame.bytes.length / bytesPerMs;
    const delay = isLate ? this.#dice.between(delayMs.max, lateMs) : this.#dice.within(delayMs);
    let arrival = link.freeAt + delay;
    if (arrival < link.lastArrival) {
      if (ordered) arrival = link.lastArrival;
      else this.#watcher.fate('reordered', frame.messages);
    }
    link.lastArrival = Math.max(link.lastArrival, arrival);
    const { connection } = link;
    this.#agenda.at(arrival, () => {
      if (link.cuts > 0 || connection !== link.connection) this.#watcher.fate('cut', frame.messages);
      else this.#deliver(frame);
    });
  }

  #deliver({ from, to, sender, where, bytes, messages: sent }: Frame): void {
    const endpoint = this.#endpoints.get(where);
    // A handshake would tell that another node has the address by now.
    if (endpoint === undefined || endpoint.id !== to) return this.#watcher.fate('nobody', sent);
    endpoint.process.run('arrival', () => {
      const { groupId, messages } = decodeEnvelope(bytes);
      endpoint.callers.set(from, sender);
      const receiver = endpoint.receivers.get(groupId);
      if (receiver === undefined) return this.#watcher.fate('nobody', sent);
      this.#watcher.delivering(to, messages, bytes.length);
      receiver.receive(messages);
    });
  }

  #link(from: NodeId, to: NodeId): Link {
    const key = `${from}>${to}`;
    let link = this.#links.get(key);
    if (link === undefined)
      this.#links.set(key, (link = { cuts: 0, cutting: 0, lastArrival: 0, freeAt: 0, connection: 0 }));
    return link;
  }
}

interface Frame {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly sender: Address;
  readonly where: Address;
  readonly messages: readonly Message[];
  readonly bytes: Uint8Array;
}
