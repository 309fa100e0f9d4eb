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
import { fileDescriptors } from '@raft/proto/descriptors';
import type { FileDescriptor } from '@raft/proto/descriptors';
import { advertised, formatAddress, parseAddress, Peers, Receivers, throttledLog } from '@raft/proto/transport';
import type { PeerDial } from '@raft/proto/transport';
import { checkTls, serverCredentials } from './credentials.js';
import type { GrpcTls } from './credentials.js';
import { DescriptorIndex } from './descriptor-index.js';
import { Dialled } from './dial.js';
import { Health, healthService } from './health.js';
import { Inbound } from './inbound.js';
import { withDefaults } from './limits.js';
import type { GrpcLimits, Limits } from './limits.js';
import { Listener } from './listener.js';
import { defaultCallPath, peerPath, serviceOf } from './method.js';
import { Reflection, reflectionServices } from './reflection.js';
import { Sender } from './sender.js';
import type { GrpcStats } from './stats.js';
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
   * Where other nodes reach this one: those that have it from nobody else answer there. Default: what it listens on. An address
   * that nobody can dial, such as 0.0.0.0 or port 0, counts as none.
   */
  readonly advertise?: Address;
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
 * names or that it has to answer, and sends on that stream only; what a peer sends arrives on the stream that the peer opened. Serves the standard
 * health service too. Throws {@link InvalidArgumentError}.
 */
export function grpcTransport(options: GrpcTransportOptions): GrpcTransport {
  return new Grpc(options);
}

class Grpc implements GrpcTransport {
  readonly #nodeId: NodeId;
  readonly #listener: Listener;
  readonly #inbound: Inbound;
  readonly #unary = new UnaryCalls();
  readonly #health = new Health();
  readonly #receivers: Receivers;
  readonly #peers: Peers;
  #state: 'new' | 'started' | 'closed' = 'new';
  #closing: Promise<void> | undefined;
  #address: Address;

  constructor(options: GrpcTransportOptions) {
    const { nodeId, clusterId, clock = systemClock(), logger = silent, random = Math.random } = options;
    const { advertise, tls } = options;
    if (nodeId === '') throw new InvalidArgumentError('nodeId is empty: give the id of this node');
    if (clusterId === '') throw new InvalidArgumentError('clusterId is empty: give the name of the cluster');
    checkTls(tls);
    this.#nodeId = nodeId;
    this.#address = formatAddress(parseAddress(options.listen));
    if (advertise !== undefined) parseAddress(advertise);
    this.#receivers = new Receivers(nodeId);
    const limits = withDefaults(options.limits);
    const shared = { self: { nodeId, clusterId }, log: throttledLog(logger, clock) };
    this.#peers = new Peers({
      ...shared,
      limits: { ...limits, maxEnvelopeBytes: limits.maxMessageBytes, maxEnvelopeName: 'maxMessageBytes' },
      clock,
      logger,
      random,
      advertised: () => advertised(advertise, this.#address),
      dial: dialPeer(limits, clock, tls),
      down: (peer) => this.#receivers.peerDown(peer),
      up: (peer) => this.#receivers.peerUp(peer),
    });
    this.#listener = new Listener(serverCredentials(tls), limits, shared.log);
    this.#inbound = new Inbound({
      ...shared,
      limits,
      onCall: options.onCall,
      callPath: options.callPath ?? defaultCallPath,
      verifyNodeIds: tls?.verifyNodeIds === true,
      peerConnected: (hello) => this.#peers.connected(hello.nodeId, hello.address),
      peerLost: (peer) => this.#onPeerLost(peer),
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

  setServing(serving: boolean, service = ''): void {
    if (this.#state !== 'closed') this.#health.set(service, serving);
  }

  stats(): GrpcStats {
    return {
      peers: this.#peers.stats,
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
    const peers = this.#peers.close();
    this.#health.close();
    this.#inbound.close(reason);
    this.#unary.close(reason);
    await Promise.all([peers, this.#listener.close()]);
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

  #onPeerLost(peer: NodeId): void {
    this.#peers.disconnected(peer);
    this.#receivers.peerDown(peer);
  }

  #receive(from: NodeId, envelope: Uint8Array): void {
    if (this.#state === 'closed') return;
    const messages = this.#receivers.deliver(from, envelope);
    this.#peers.received(from, messages, envelope.length);
  }
}

function dialPeer(limits: Limits, clock: Clock, tls: GrpcTls | undefined): PeerDial {
  const shared = { limits, clock, tls, path: peerPath, keepAliveMs: limits.peerTimeoutMs };
  return (address, hello, queue, events) =>
    new Dialled({
      ...shared,
      address,
      hello,
      opened: (stream) => events.opened(new Sender(stream, () => queue.next())),
      // Nothing comes back; what a later version might say is none of ours.
      message: () => {},
      closed: (end) => events.closed(end),
    });
}
