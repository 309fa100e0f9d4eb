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
import { advertised, formatAddress, parseAddress, Peers, Receivers, throttledLog } from '@raft/proto/transport';
import type { PeerDial, ThrottledLog } from '@raft/proto/transport';
import { dial } from './dial.js';
import { EnvelopeWriter } from './envelope-writer.js';
import { FrameError } from './frame.js';
import { ownBytes } from './frame-reader.js';
import { Inbound } from './inbound.js';
import type { InboundContext } from './inbound.js';
import { withDefaults } from './limits.js';
import type { Limits, TcpLimits } from './limits.js';
import { listen } from './listener.js';
import type { Listener } from './listener.js';
import { socketsFor } from './sockets.js';
import type { Sockets, TcpTls } from './sockets.js';
import type { TcpStats } from './stats.js';

export interface TcpTransportOptions {
  /** This node's id: peers and clients that look for another one are refused. */
  readonly nodeId: NodeId;
  /** Peers and clients of another cluster are refused. */
  readonly clusterId: string;
  /** `host:port` for peers and clients; port 0 lets the system choose. */
  readonly listen: Address;
  /**
   * Where other nodes reach this one: those that have it from nobody else answer there. Default: what it listens on. An address
   * that nobody can dial, such as 0.0.0.0 or port 0, counts as none.
   */
  readonly advertise?: Address;
  /**
   * Serves clients' requests. The payload of a call shares memory with the other requests of its frame: copy what is kept
   * for long. Without a handler requests are refused.
   */
  readonly onCall?: CallHandler;
  /** Mutual TLS, for peers and clients alike. Default: none. */
  readonly tls?: TcpTls;
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
 * names or that it has to answer, and sends on that connection only; what a peer sends arrives on the connection that the peer dialled.
 * Throws {@link InvalidArgumentError}.
 */
export function tcpTransport(options: TcpTransportOptions): TcpTransport {
  return new Tcp(options);
}

class Tcp implements TcpTransport {
  readonly #limits: Limits;
  readonly #sockets: Sockets;
  readonly #log: ThrottledLog;
  readonly #receivers: Receivers;
  readonly #peers: Peers;
  readonly #inboundContext: InboundContext;
  readonly #inbounds = new Set<Inbound>();
  /** The one connection that each peer may have to us. */
  readonly #inboundOf = new Map<NodeId, Inbound>();
  #listening: Promise<Listener> | undefined;
  #state: 'new' | 'started' | 'closed' = 'new';
  #closing: Promise<void> | undefined;
  #address: Address;

  constructor(options: TcpTransportOptions) {
    const { nodeId, clusterId, clock = systemClock(), logger = silent, random = Math.random, advertise } = options;
    if (nodeId === '') throw new InvalidArgumentError('nodeId is empty: give the id of this node');
    if (clusterId === '') throw new InvalidArgumentError('clusterId is empty: give the name of the cluster');
    this.#address = formatAddress(parseAddress(options.listen));
    if (advertise !== undefined) parseAddress(advertise);
    this.#limits = withDefaults(options.limits);
    this.#sockets = socketsFor(options.tls);
    this.#log = throttledLog(logger, clock);
    this.#receivers = new Receivers(nodeId);
    const shared = { self: { nodeId, clusterId }, clock, log: this.#log };
    this.#peers = new Peers({
      ...shared,
      limits: { ...this.#limits, maxEnvelopeBytes: this.#limits.maxFrameBytes, maxEnvelopeName: 'maxFrameBytes' },
      logger,
      random,
      advertised: () => advertised(advertise, this.#address),
      dial: this.#dialPeer(clock),
      down: (peer) => this.#receivers.peerDown(peer),
      up: (peer) => this.#receivers.peerUp(peer),
    });
    this.#inboundContext = {
      ...shared,
      limits: this.#limits,
      onCall: options.onCall ?? ((call) => call.fail(`node ${nodeId} serves no clients`)),
      refuseClient: () => this.#refuseClient(),
      refusePeer: (socket, id) => this.#sockets.refusePeer(socket, id),
      peerConnected: (inbound, hello) => this.#onPeerConnected(inbound, hello.nodeId, hello.address),
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
    this.#listening = listen({
      address: this.#address,
      sockets: this.#sockets,
      log: this.#log,
      maxConnections: this.#limits.maxClients + spareConnections,
      handshakeTimeoutMs: this.#limits.handshakeTimeoutMs,
      onSocket: (socket) => this.#onSocket(socket),
    });
    this.#address = (await this.#listening).address;
    if (this.#closing !== undefined)
      throw new TransportError('RAFT_TRANSPORT', 'the transport was closed while it started');
  }

  attach(group: GroupId, receiver: Receiver): void {
    this.#receivers.attach(group, receiver);
  }

  detach(group: GroupId): void {
    this.#receivers.detach(group);
  }

  setPeers(group: GroupId, addresses: ReadonlyMap<NodeId, Address>): void {
    this.#peers.setPeers(group, addresses);
  }

  send(group: GroupId, messages: readonly Message[]): void {
    this.#peers.send(group, messages);
  }

  stats(): TcpStats {
    const inbounds = [...this.#inbounds];
    return {
      peers: this.#peers.stats,
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
    const peers = this.#peers.close();
    for (const inbound of this.#inbounds) inbound.finish('the transport was closed');
    // What went wrong with the start, the start has said.
    const listener = await this.#listening?.catch(() => undefined);
    await Promise.all([peers, listener?.close()]);
  }

  #dialPeer(clock: Clock): PeerDial {
    const shared = { limits: this.#limits, clock, sockets: this.#sockets, keepAliveMs: this.#limits.peerTimeoutMs };
    return (address, hello, queue, events) =>
      dial({
        ...shared,
        address,
        hello,
        opened: (connection) => events.opened(new EnvelopeWriter(connection, queue)),
        frame(kind) {
          throw new FrameError(`a frame of kind ${kind} on a connection that only we write to`);
        },
        closed: (end) => events.closed(end),
      });
  }

  #onSocket(socket: Socket): void {
    if (this.#state === 'closed') socket.destroy();
    else this.#inbounds.add(new Inbound(socket, this.#inboundContext));
  }

  #refuseClient(): string | undefined {
    const { maxClients } = this.#limits;
    let clients = 0;
    for (const inbound of this.#inbounds) if (inbound.isClient) clients += 1;
    return clients < maxClients ? undefined : `${maxClients} clients are connected, more are not served`;
  }

  #onPeerConnected(inbound: Inbound, id: NodeId, address: Address): void {
    // Messages of the earlier connection that were not read yet must not arrive after those of the new one.
    this.#inboundOf.get(id)?.destroy('the peer connected anew');
    this.#inboundOf.set(id, inbound);
    this.#peers.connected(id, address);
  }

  #onInboundClosed(inbound: Inbound): void {
    this.#inbounds.delete(inbound);
    const { peer } = inbound;
    if (peer === undefined || this.#inboundOf.get(peer) !== inbound) return;
    this.#inboundOf.delete(peer);
    this.#peers.disconnected(peer);
    this.#receivers.peerDown(peer);
  }

  #receive(from: NodeId, payload: Uint8Array): void {
    const messages = this.#receivers.deliver(from, ownBytes(payload));
    this.#peers.received(from, messages, payload.length);
  }
}
