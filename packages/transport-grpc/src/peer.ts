import type { Address, Logger, GroupId, Message, NodeId, Random, Timer } from '@raft/core';
import { encodeEnvelope } from '@raft/proto';
import { Backoff } from './backoff.js';
import { Dialled } from './dial.js';
import type { ClientStream, DialContext, DialEnd } from './dial.js';
import type { Self } from './handshake.js';
import { messageBytes } from './message-bytes.js';
import { Outbox } from './outbox.js';
import type { Batch } from './outbox.js';
import { Sender } from './sender.js';
import { peerCounters } from './stats.js';
import type { GrpcPeerStats, PeerCounters } from './stats.js';
import type { ThrottledLog } from './throttled-log.js';

export interface PeerContext extends DialContext {
  readonly self: Self;
  readonly random: Random;
  readonly logger: Logger;
  readonly log: ThrottledLog;
}

/** The method of the service that raft.proto names; part of the protocol. */
export const peerPath = '/raft.v1.Peer/Stream';

/** A stream that was open for so long counts as a success; the pauses start anew after it. */
const stableMs = 1000;
/** A stream whose peer does not read what is left is cut off after so many milliseconds. */
const closeTimeoutMs = 500;

/** The way to one peer: its stream, what waits for it, and the attempts to reach it. */
export class Peer {
  readonly id: NodeId;
  /** The groups that name it. */
  readonly groups: Set<GroupId> = new Set();
  readonly counters: PeerCounters = peerCounters();
  readonly #context: PeerContext;
  readonly #backoff: Backoff;
  readonly #outbox = new Outbox();
  #address: Address;
  #dialled: Dialled | undefined;
  /** Set while messages can be sent. */
  #sender: Sender | undefined;
  #openedAt = 0;
  #retry: Timer | undefined;
  #closed = false;
  #closeTimer: Timer | undefined;
  #done: () => void = () => {};
  /** What was logged of the current outage. */
  #complaint: string | undefined;

  /** Throws {@link InvalidArgumentError} for a malformed address. */
  constructor(id: NodeId, address: Address, context: PeerContext) {
    this.id = id;
    this.#address = address;
    this.#context = context;
    this.#backoff = new Backoff(context.limits.minBackoffMs, context.limits.maxBackoffMs, context.random);
    this.#dial();
  }

  get stats(): GrpcPeerStats {
    return { connected: this.#sender !== undefined, queuedBytes: this.#queuedBytes, ...this.counters };
  }

  /** Queues a message until the end of the turn, or until there is a stream; drops it when the queue is full. */
  send(group: GroupId, message: Message): void {
    if (this.#closed) return;
    const bytes = messageBytes(message);
    const { maxQueuedBytes } = this.#context.limits;
    if (this.#queuedBytes + bytes > maxQueuedBytes) {
      return this.#drop(1, `${this.#queuedBytes} bytes wait already, at most ${maxQueuedBytes} may`);
    }
    this.#outbox.add(group, message, bytes);
    this.#sender?.wake();
  }

  /** Where the peer is from now on. */
  move(address: Address): void {
    if (address === this.#address) return;
    this.#address = address;
    this.#complaint = undefined;
    this.#backoff.reset();
    if (this.#dialled === undefined) this.wake();
    else this.#dialled.destroy('it moved');
  }

  /** The peer gave a sign of life: tries at once what would have been tried later. */
  wake(): void {
    if (this.#retry === undefined) return;
    this.#retry.cancel();
    this.#retry = undefined;
    this.#dial();
  }

  /** Forgets a group; what waits for it is dropped. */
  leave(group: GroupId): void {
    this.groups.delete(group);
    this.counters.droppedMessages += this.#outbox.dropGroup(group);
  }

  /** Sends what waits, if it can be sent, and closes; runs `done` when the stream has closed. */
  close(done: () => void = () => {}): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    const dialled = this.#dialled;
    if (dialled === undefined) return done();
    this.#done = done;
    if (this.#sender === undefined) return dialled.destroy('closed by this node');
    const { clock } = this.#context;
    this.#closeTimer = clock.setTimer(clock.now() + closeTimeoutMs, () => dialled.destroy('closed by this node'));
    this.#sender.drain(() => dialled.finish());
  }

  get #queuedBytes(): number {
    return this.#outbox.bytes + (this.#sender?.unsentBytes ?? 0);
  }

  #dial(): void {
    const { self } = this.#context;
    this.#dialled = new Dialled({
      ...this.#context,
      address: this.#address,
      path: peerPath,
      hello: { kind: 'peer', clusterId: self.clusterId, nodeId: self.nodeId, targetId: this.id },
      opened: (stream) => this.#onOpen(stream),
      // Nothing comes back; what a later version might say is none of ours.
      message: () => {},
      closed: (end) => this.#onClosed(end),
    });
  }

  #onOpen(stream: ClientStream): void {
    this.#sender = new Sender(stream, () => this.#nextEnvelope());
    this.#openedAt = this.#context.clock.now();
    this.#context.logger('info', `connected to peer ${this.id} at ${this.#address}`);
    this.#complaint = undefined;
    this.#sender.flush();
  }

  #onClosed(end: DialEnd): void {
    const { clock } = this.#context;
    this.#dialled = undefined;
    this.#sender?.stop();
    this.#sender = undefined;
    this.#closeTimer?.cancel();
    if (this.#closed) return this.#done();
    if (end.opened && clock.now() - this.#openedAt >= stableMs) this.#backoff.reset();
    // What waited for this attempt would be stale at the next one.
    if (!end.opened) this.#dropQueue('it cannot be reached');
    this.#complain(end);
    this.#retry = clock.setTimer(clock.now() + this.#backoff.next(), () => this.wake());
  }

  #complain(end: DialEnd): void {
    const what = end.opened ? 'lost the connection to' : end.refused ? 'refused by' : 'cannot reach';
    const complaint = `${what} peer ${this.id} at ${this.#address}: ${end.reason}; trying again`;
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    this.#context.log(complaint, 'warn', complaint);
  }

  /** The next batch that can be encoded and sent. */
  #nextEnvelope(): Uint8Array | undefined {
    for (let batch = this.#outbox.take(); batch !== undefined; batch = this.#outbox.take()) {
      const envelope = this.#encode(batch);
      if (envelope === undefined) continue;
      this.counters.sentMessages += batch.messages.length;
      this.counters.sentBytes += envelope.length;
      this.counters.sentEnvelopes += 1;
      return envelope;
    }
    return undefined;
  }

  #encode({ group, messages }: Batch): Uint8Array | undefined {
    const { limits, logger } = this.#context;
    try {
      const envelope = encodeEnvelope(group, messages);
      if (envelope.length <= limits.maxMessageBytes) return envelope;
      this.#drop(messages.length, `${envelope.length} bytes are more than one may have; raise maxMessageBytes`);
    } catch (error) {
      // Only a number beyond 2^53 - 1 or entries that do not follow each other: nobody could read them.
      logger('error', `cannot encode a message to peer ${this.id}: ${String(error)}`);
      this.#drop(messages.length, 'they cannot be encoded');
    }
    return undefined;
  }

  #dropQueue(why: string): void {
    if (this.#outbox.messages > 0) this.#drop(this.#outbox.messages, why);
    this.#outbox.clear();
  }

  #drop(messages: number, why: string): void {
    this.counters.droppedMessages += messages;
    this.#context.log(`drop ${this.id}`, 'warn', `dropped messages to peer ${this.id}: ${why}`);
  }
}
