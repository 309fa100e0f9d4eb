import type { Socket } from 'node:net';
import { InvalidArgumentError, silent, systemClock, TransportError } from '@raft/core';
import type {
  Address,
  CallHandler,
  Clock,
  GroupId,
  Logger,
  Message,
  NodeId,
  Random,
  Receiver,
  Transport,
} from '@raft/core';
import { decodeEnvelope } from '@raft/proto';
import { formatAddress, parseAddress } from './address.js';
import { FrameError } from './frame.js';
import { ownBytes } from './frame-reader.js';
import { Inbound } from './inbound.js';
import type { InboundContext } from './inbound.js';
import { withDefaults } from './limits.js';
import type { TcpLimits } from './limits.js';
import { listen } from './listener.js';
import type { Listener } from './listener.js';
import { Peer } from './peer.js';
import type { PeerContext } from './peer.js';
import { plainSockets } from './sockets.js';
import type { TcpStats } from './stats.js';
import { throttledLog } from './throttled-log.js';

export interface TcpTransportOptions {
  /** This node's id: peers and clients that look for another one are refused. */
  readonly nodeId: NodeId;
  /** Peers and clients of another cluster are refused. */
  readonly clusterId: string;
  /** `host:port` for peers and clients; port 0 lets the system choose. */
  readonly listen: Address;
  /**
   * Serves clients' requests. The payload of a call shares memory with the other requests of its frame: copy what is kept
   * for long. Without a handler requests are refused.
   */
  readonly onCall?: CallHandler;
  readonly limits?: TcpLimits;
  readonly logger?: Logger;
  /** Default {@link systemClock}. */
  readonly clock?: Clock;
  /** For the jitter of the pauses between attempts. Default `Math.random`. */
  readonly random?: Random;
}

export interface TcpTransport extends Transport {
  /** Where it listens: with the port that the system chose, once started. */
  readonly address: Address;
  stats(): TcpStats;
}

/** Connections beyond those of clients: of peers, and of those that have not said yet who they are. */
const spareConnections = 256;

/**
 * Carries messages and clients' requests in frames over TCP; one port serves both. Every node dials every peer that a group
 * names, and sends on that connection only; what a peer sends arrives on the connection that the peer dialled.
 * Throws {@link InvalidArgumentError}.
 */
export function tcpTransport(options: TcpTransportOptions): TcpTransport {
  return new Tcp(options);
}

class Tcp implements TcpTransport {
  readonly #nodeId: NodeId;
  readonly #logger: Logger;
  readonly #peerContext: PeerContext;
  readonly #inboundContext: InboundContext;
  readonly #receivers = new Map<GroupId, Receiver>();
  readonly #peers = new Map<NodeId, Peer>();
  /** No longer named by any group; their connections are closing. */
  readonly #leaving = new Set<Peer>();
  readonly #inbounds = new Set<Inbound>();
  /** The one connection that each peer may have to us. */
  readonly #inboundOf = new Map<NodeId, Inbound>();
  #listening: Promise<Listener> | undefined;
  #state: 'new' | 'started' | 'closed' = 'new';
  #closing: Promise<void> | undefined;
  #address: Address;

  constructor(options: TcpTransportOptions) {
    const { nodeId, clusterId, clock = systemClock(), logger = silent } = options;
    if (nodeId === '') throw new InvalidArgumentError('nodeId is empty: give the id of this node');
    if (clusterId === '') throw new InvalidArgumentError('clusterId is empty: give the name of the cluster');
    this.#nodeId = nodeId;
    this.#logger = logger;
    this.#address = formatAddress(parseAddress(options.listen));
    const self = { nodeId, clusterId };
    const shared = { self, limits: withDefaults(options.limits), clock, log: throttledLog(logger, clock) };
    this.#peerContext = { ...shared, logger, random: options.random ?? Math.random, sockets: plainSockets };
    this.#inboundContext = {
      ...shared,
      onCall: options.onCall ?? ((call) => call.fail(`node ${nodeId} serves no clients`)),
      refuseClient: () => this.#refuseClient(),
      peerConnected: (inbound, peer) => this.#onPeerConnected(inbound, peer),
      receive: (peer, payload) => this.#receive(peer, payload),
      closed: (inbound) => this.#onInboundClosed(inbound),
    };
  }

  get address(): Address {
    return this.#address;
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new TransportError('RAFT_TRANSPORT', `this transport is ${this.#state} already: make a new one`);
    }
    this.#state = 'started';
    const { limits, log, sockets } = this.#peerContext;
    this.#listening = listen({
      address: this.#address,
      sockets,
      log,
      maxConnections: limits.maxClients + spareConnections,
      onSocket: (socket) => this.#onSocket(socket),
    });
    this.#address = (await this.#listening).address;
    if (this.#closing !== undefined)
      throw new TransportError('RAFT_TRANSPORT', 'the transport was closed while it started');
  }

  attach(group: GroupId, receiver: Receiver): void {
    if (this.#receivers.has(group))
      throw new InvalidArgumentError(`group ${group} is attached already: detach it first`);
    this.#receivers.set(group, receiver);
  }

  detach(group: GroupId): void {
    this.#receivers.delete(group);
  }

  setPeers(group: GroupId, addresses: ReadonlyMap<NodeId, Address>): void {
    if (this.#state === 'closed') return;
    for (const [id, address] of addresses) if (id !== this.#nodeId) this.#namePeer(group, id, address);
    for (const peer of this.#peers.values()) {
      if (!peer.groups.has(group) || addresses.has(peer.id)) continue;
      peer.leave(group);
      if (peer.groups.size > 0) continue;
      this.#peers.delete(peer.id);
      this.#leaving.add(peer);
      peer.close(() => this.#leaving.delete(peer));
    }
  }

  send(group: GroupId, messages: readonly Message[]): void {
    for (const message of messages) {
      const peer = this.#peers.get(message.to);
      if (peer?.groups.has(group) === true) peer.send(group, message);
    }
  }

  stats(): TcpStats {
    const inbounds = [...this.#inbounds];
    return {
      peers: Object.fromEntries([...this.#peers.values()].map((peer) => [peer.id, peer.stats])),
      clients: inbounds.filter((inbound) => inbound.isClient).length,
      requests: inbounds.reduce((sum, inbound) => sum + inbound.requests, 0),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    this.#receivers.clear();
    const ends = [...this.#peers.values(), ...this.#leaving].map(
      (peer) => new Promise<void>((resolve) => peer.close(resolve)),
    );
    for (const inbound of this.#inbounds) inbound.finish('the transport was closed');
    // What went wrong with the start, the start has said.
    const listener = await this.#listening?.catch(() => undefined);
    if (listener !== undefined) ends.push(listener.close());
    await Promise.all(ends);
  }

  #namePeer(group: GroupId, id: NodeId, address: Address): void {
    const known = this.#peers.get(id);
    try {
      parseAddress(address);
    } catch (error) {
      // It comes from the replicated log: no reason to stop, the member is as one that is away.
      this.#logger('error', `cannot reach peer ${id}: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    if (known !== undefined) known.move(address);
    const peer = known ?? new Peer(id, address, this.#peerContext);
    this.#peers.set(id, peer);
    peer.groups.add(group);
  }

  #onSocket(socket: Socket): void {
    if (this.#state === 'closed') socket.destroy();
    else this.#inbounds.add(new Inbound(socket, this.#inboundContext));
  }

  #refuseClient(): string | undefined {
    const { maxClients } = this.#peerContext.limits;
    let clients = 0;
    for (const inbound of this.#inbounds) if (inbound.isClient) clients += 1;
    return clients < maxClients ? undefined : `${maxClients} clients are connected, more are not served`;
  }

  #onPeerConnected(inbound: Inbound, id: NodeId): void {
    // Messages of the earlier connection that were not read yet must not arrive after those of the new one.
    this.#inboundOf.get(id)?.destroy('the peer connected anew');
    this.#inboundOf.set(id, inbound);
    this.#peers.get(id)?.wake();
  }

  #onInboundClosed(inbound: Inbound): void {
    this.#inbounds.delete(inbound);
    for (const [id, each] of this.#inboundOf) if (each === inbound) this.#inboundOf.delete(id);
  }

  #receive(from: NodeId, payload: Uint8Array): void {
    const { groupId, messages } = decodeEnvelope(ownBytes(payload));
    for (const message of messages) {
      if (message.from === from && message.to === this.#nodeId) continue;
      throw new FrameError(`a message from ${message.from} to ${message.to} came from ${from} to ${this.#nodeId}`);
    }
    const counters = this.#peers.get(from)?.counters;
    if (counters !== undefined) {
      counters.receivedMessages += messages.length;
      counters.receivedBytes += payload.length;
    }
    if (messages.length > 0) this.#receivers.get(groupId)?.receive(messages);
  }
}
