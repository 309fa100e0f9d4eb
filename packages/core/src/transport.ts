import type { Message } from './messages.js';
import type { Address, GroupId, NodeId } from './types.js';

/**
 * Carries messages between the members of groups. One transport serves all groups of a process, and clients too.
 *
 * - **Order.** Messages of one group to one peer arrive in the order of the `send` calls, or not at all; but pieces of a
 *   snapshot (`installSnapshot`) keep their order only among themselves, as all others overtake them. The same message may
 *   arrive twice only where the transport says so; the consensus copes with loss, repetition and reordering.
 * - **No waiting.** `send` never blocks, throws or keeps more than a bounded number of bytes per peer: when a peer is slow or
 *   away, messages to it are dropped, the newest first.
 * - **Isolation.** A slow, dead or hostile peer does not delay the others.
 * - **Buffers.** A message that was sent is not written to by anybody. A message that was received belongs to the receiver: its
 *   bytes are not reused, and share memory with nothing but the messages that came in the same frame.
 * - **Handshake.** Peers of another cluster, of another protocol version, and peers that are not who they should be
 *   are refused, with a log line.
 *   Without certificates, a peer that knows the cluster's id and is no member is not refused: it may be one that is about to join.
 */
export interface Transport {
  /** Resolves once peers and clients can connect. Throws {@link TransportError} `RAFT_ADDRESS_IN_USE`, `RAFT_TRANSPORT`. */
  start(): Promise<void>;
  /** Delivers the group's messages to `receiver`. One receiver per group. */
  attach(group: GroupId, receiver: Receiver): void;
  detach(group: GroupId): void;
  /**
   * Says where the group's members are; replaces what was said for this group before. Own id allowed and ignored. A changed address
   * takes effect at once: what is open to the old one is closed. A peer that is not named but has connected is reached at the address
   * that it gave of itself, so that a new node can answer its first leader.
   */
  setPeers(group: GroupId, addresses: ReadonlyMap<NodeId, Address>): void;
  /** Sends each message to its `to`. Messages to peers that are neither named nor connected are dropped. */
  send(group: GroupId, messages: readonly Message[]): void;
  /** Stops listening, closes every connection; nothing is delivered afterwards. Safe to call twice. */
  close(): Promise<void>;
}

export interface Receiver {
  /** Messages that arrived together, of one sender, in order. Must not throw. */
  receive(messages: readonly Message[]): void;
  /**
   * The peer cannot be reached any more: its connection broke or no sign of life came for a while. Groups that wait for no
   * messages learn of its end in no other way. Told to every group, of every peer that was connected; may be told more than once.
   * Must not throw.
   */
  peerDown?(peer: NodeId): void;
  /**
   * The peer can be reached, for the first time or again after {@link peerDown}; whether its groups are there yet is not known. A group
   * that has gone to rest without that peer looks for it then. Told to every group; may be told more than once. Must not throw.
   */
  peerUp?(peer: NodeId): void;
}

/**
 * A client's request as it arrives at a node. Exactly one of `respond` and `fail` ends it; what comes after the end, or after
 * the client has gone, is ignored.
 */
export interface Call {
  readonly payload: Uint8Array;
  /** Sends an answer and ends the call. */
  respond(payload: Uint8Array): void;
  /** Ends the call with an error that has no application answer (malformed, not served); the client sees it as refused. */
  fail(message: string): void;
  /** Set by the handler; called at most once when the client cancels or its connection ends before the answer. */
  oncancel: (() => void) | undefined;
}

/** Serves clients' requests; handed to a network transport as an option. Must not throw. */
export type CallHandler = (call: Call) => void;

/** A client's connection to one server: many requests at once, answered in any order. */
export interface Channel {
  /**
   * Sends a request and resolves with its answer. Requests made in one turn of the event loop travel together.
   * Rejects with {@link ChannelError}: `RAFT_CHANNEL_LOST` (its `delivered` tells 'no' or 'maybe'), `RAFT_CHANNEL_REFUSED`
   * (by the server's handler or handshake), `RAFT_TIMEOUT`, `RAFT_ABORTED`, `RAFT_CHANNEL_BUSY` (too many bytes wait to be sent).
   */
  request(payload: Uint8Array, options?: RequestOptions): Promise<Uint8Array>;
  readonly closed: boolean;
  /** Rejects what is under way with `RAFT_CHANNEL_LOST`. */
  close(): void;
}

export interface RequestOptions {
  /** Milliseconds until the request rejects with `RAFT_TIMEOUT`. Default 5000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens channels; each network transport's package exports one. */
export interface Connector {
  /** Never throws for an address that cannot be reached: the first requests reject with `delivered: 'no'`. */
  connect(address: Address): Channel;
}
