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
import { DecodeError, decodeEnvelope } from '@raft/proto';
import { fileDescriptors } from '@raft/proto/descriptors';
import type { FileDescriptor } from '@raft/proto/descriptors';
import { formatAddress, parseAddress } from './address.js';
import { channelCredentials, serverCredentials } from './credentials.js';
import type { GrpcTls } from './credentials.js';
import { DescriptorIndex } from './descriptor-index.js';
import { Health, healthService } from './health.js';
import { Inbound } from './inbound.js';
import { withDefaults } from './limits.js';
import type { GrpcLimits } from './limits.js';
import { Listener } from './listener.js';
import { defaultCallPath, serviceOf } from './method.js';
import { Peer, peerPath } from './peer.js';
import type { PeerContext } from './peer.js';
import { Reflection, reflectionServices } from './reflection.js';
import type { GrpcStats } from './stats.js';
import { throttledLog } from './throttled-log.js';
import { UnaryCalls } from './unary.js';
import type { UnaryService } from './unary.js';

export interface GrpcTransportOptions {
  /** This node's id: peers and clients that look for another one are refused. */
  readonly nodeId: NodeId;
  /** Peers and clients of another cluster are refused. */
  readonly clusterId: string;
  /** `host:port` for peers and clients; port 0 lets the system choose. */
  readonly listen: Address;
  /**
   * Serves clients' requests on the pipelined stream. The payload of a call shares memory with the other requests of its batch:
   * copy what is kept for long. Without a handler that stream is refused.
   */
  readonly onCall?: CallHandler;
  /** The method of the pipelined stream, whose messages are CallBatch and ReplyBatch. Default `/kv.v1.KV/Pipeline`. */
  readonly callPath?: string;
  /** What clients can call besides, one request at a time. */
  readonly services?: readonly UnaryService[];
  /** Serves reflection, and tells of these files besides its own. Default: no reflection. */
  readonly reflection?: readonly FileDescriptor[];
  /** Mutual TLS, for peers and clients alike. Default: none. */
  readonly tls?: GrpcTls;
  readonly limits?: GrpcLimits;
  readonly logger?: Logger;
  /** Default {@link systemClock}. */
  readonly clock?: Clock;
  /** For the jitter of the pauses between attempts. Default `Math.random`. */
  readonly random?: Random;
}

export interface GrpcTransport extends Transport {
  /** Where it listens: with the port that the system chose, once started. */
  readonly address: Address;
  /**
   * What the health service says of a service, or without a name of the server as a whole. From the start, everything that is
   * served is said to be serving.
   */
  setServing(serving: boolean, service?: string): void;
  stats(): GrpcStats;
}

/**
 * Carries messages and clients' requests over gRPC; one port serves both. Every node opens one stream to every peer that a group
 * names, and sends on that stream only; what a peer sends arrives on the stream that the peer opened. Serves the standard
 * health service too. Throws {@link InvalidArgumentError}.
 */
export function grpcTransport(options: GrpcTransportOptions): GrpcTransport {
  return new Grpc(options);
}

class Grpc implements GrpcTransport {
  readonly #nodeId: NodeId;
  readonly #logger: Logger;
  readonly #peerContext: PeerContext;
  readonly #listener: Listener;
  readonly #inbound: Inbound;
  readonly #unary = new UnaryCalls();
  readonly #health = new Health();
  readonly #receivers = new Map<GroupId, Receiver>();
  readonly #peers = new Map<NodeId, Peer>();
  /** No longer named by any group; their streams are closing. */
  readonly #leaving = new Set<Peer>();
  #state: 'new' | 'started' | 'closed' = 'new';
  #closing: Promise<void> | undefined;
  #address: Address;

  constructor(options: GrpcTransportOptions) {
    const { nodeId, clusterId, clock = systemClock(), logger = silent, tls } = options;
    if (nodeId === '') throw new InvalidArgumentError('nodeId is empty: give the id of this node');
    if (clusterId === '') throw new InvalidArgumentError('clusterId is empty: give the name of the cluster');
    this.#nodeId = nodeId;
    this.#logger = logger;
    this.#address = formatAddress(parseAddress(options.listen));
    const shared = {
      self: { nodeId, clusterId },
      limits: withDefaults(options.limits),
      log: throttledLog(logger, clock),
    };
    this.#peerContext = {
      ...shared,
      clock,
      logger,
      random: options.random ?? Math.random,
      credentials: channelCredentials(tls),
      serverName: tls?.serverName,
    };
    this.#listener = new Listener(serverCredentials(tls), shared.limits, shared.log);
    this.#inbound = new Inbound({
      ...shared,
      onCall: options.onCall,
      callPath: options.callPath ?? defaultCallPath,
      peerConnected: (peer) => this.#peers.get(peer)?.wake(),
      receive: (peer, envelope) => this.#receive(peer, envelope),
      cut: (remote) => this.#listener.cut(remote),
    });
    this.#register(options);
  }

  get address(): Address {
    return this.#address;
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new TransportError('RAFT_TRANSPORT', `this transport is ${this.#state} already: make a new one`);
    }
    this.#state = 'started';
    this.#address = await this.#listener.listen(this.#address);
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

  setServing(serving: boolean, service = ''): void {
    if (this.#state !== 'closed') this.#health.set(service, serving);
  }

  stats(): GrpcStats {
    return {
      peers: Object.fromEntries([...this.#peers.values()].map((peer) => [peer.id, peer.stats])),
      clients: this.#inbound.clients,
      requests: this.#inbound.requests + this.#unary.size,
    };
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    this.#receivers.clear();
    const reason = `node ${this.#nodeId} is stopping`;
    this.#health.close();
    this.#inbound.close(reason);
    this.#unary.close(reason);
    const ends = [...this.#peers.values(), ...this.#leaving].map(
      (peer) => new Promise<void>((resolve) => peer.close(resolve)),
    );
    await Promise.all([...ends, this.#listener.close()]);
  }

  #register({ onCall, callPath = defaultCallPath, services = [], reflection }: GrpcTransportOptions): void {
    const { server } = this.#listener;
    const clientService = onCall === undefined ? [] : [serviceOf(callPath)];
    const served = new Set([serviceOf(peerPath), ...clientService, ...services.map(({ name }) => name)]);
    this.#inbound.register(server);
    for (const service of services) this.#unary.register(server, service);
    this.#health.register(server);
    for (const name of ['', ...served]) this.#health.set(name, true);
    if (reflection === undefined) return;
    const index = new DescriptorIndex([...fileDescriptors.values(), ...reflection]);
    new Reflection(index, [...served, healthService, ...reflectionServices].toSorted()).register(server);
  }

  #namePeer(group: GroupId, id: NodeId, address: Address): void {
    try {
      parseAddress(address);
    } catch (error) {
      // It comes from the replicated log: no reason to stop, the member is as one that is away.
      this.#logger('error', `cannot reach peer ${id}: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    const known = this.#peers.get(id);
    known?.move(address);
    const peer = known ?? new Peer(id, address, this.#peerContext);
    this.#peers.set(id, peer);
    peer.groups.add(group);
  }

  #receive(from: NodeId, envelope: Uint8Array): void {
    if (this.#state === 'closed') return;
    const { groupId, messages } = decodeEnvelope(envelope);
    for (const message of messages) {
      if (message.from === from && message.to === this.#nodeId) continue;
      throw new DecodeError(`a message from ${message.from} to ${message.to} came from ${from} to ${this.#nodeId}`);
    }
    const counters = this.#peers.get(from)?.counters;
    if (counters !== undefined) {
      counters.receivedMessages += messages.length;
      counters.receivedBytes += envelope.length;
    }
    if (messages.length > 0) this.#receivers.get(groupId)?.receive(messages);
  }
}
