import type { Address, Clock, GroupId, Logger, Message, NodeId, Random, Timer } from '@raft/core';
import { Backoff } from './backoff.js';
import type { Connection } from './connection.js';
import { dial } from './dial.js';
import type { DialEnd, Dialled } from './dial.js';
import { FrameError, FrameKind } from './frame.js';
import type { Self } from './handshake.js';
import type { Limits } from './limits.js';
import { messageBytes } from './message-bytes.js';
import { Outbox } from './outbox.js';
import type { Sockets } from './sockets.js';
import { peerCounters } from './stats.js';
import type { PeerCounters, TcpPeerStats } from './stats.js';
import type { ThrottledLog } from './throttled-log.js';

export interface PeerContext {
  readonly self: Self;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly log: ThrottledLog;
  readonly sockets: Sockets;
}

/** A connection that was open for so long counts as a success; the pauses start anew after it. */
const stableMs = 1000;

/** The way to one peer: its connection, what waits for it, and the attempts to reach it. */
export class Peer {
  readonly id: NodeId;
  /** The groups that name it. */
  readonly groups: Set<GroupId> = new Set<GroupId>();
  readonly counters: PeerCounters = peerCounters();
  readonly #context: PeerContext;
  readonly #backoff: Backoff;
  readonly #outbox = new Outbox();
  #address: Address;
  #dialled: Dialled | undefined;
  /** Set while messages can be sent. */
  #connection: Connection | undefined;
  #openedAt = 0;
  #retry: Timer | undefined;
  #flushing = false;
  #closed = false;
  #done: () => void = () => {};
  /** What was logged of the current outage. */
  #complaint: string | undefined;

  constructor(id: NodeId, address: Address, context: PeerContext) {
    this.id = id;
    this.#address = address;
    this.#context = context;
    this.#backoff = new Backoff(context.limits.minBackoffMs, context.limits.maxBackoffMs, context.random);
    this.#dial();
  }

  get stats(): TcpPeerStats {
    return {
      connected: this.#connection !== undefined,
      queuedBytes: this.#outbox.bytes + (this.#connection?.unsentBytes ?? 0),
      ...this.counters,
    };
  }

  /** Queues a message until the end of the turn, or until there is a connection; drops it when the queue is full. */
  send(group: GroupId, message: Message): void {
    if (this.#closed) return;
    const bytes = messageBytes(message);
    const waiting = this.#outbox.bytes + (this.#connection?.unsentBytes ?? 0);
    if (waiting + bytes > this.#context.limits.maxQueuedBytes) {
      return this.#drop(1, `${waiting} bytes wait already, at most ${this.#context.limits.maxQueuedBytes} may`);
    }
    this.#outbox.add(group, message, bytes);
    if (this.#connection === undefined || this.#flushing) return;
    this.#flushing = true;
    // After the promises of this turn too: whatever they send goes with it.
    process.nextTick(() => this.#flush());
  }

  /** Where the peer is from now on. */
  move(address: Address): void {
    if (address === this.#address) return;
    this.#address = address;
    this.#complaint = undefined;
    this.#backoff.reset();
    this.#connection = undefined;
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

  /** Sends what waits, if it can be sent, and closes; runs `done` when the connection has closed. */
  close(done: () => void = () => {}): void {
    this.#flush();
    this.#closed = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#outbox.clear();
    if (this.#dialled === undefined) return done();
    this.#done = done;
    if (this.#connection === undefined) this.#dialled.destroy('closed by this node');
    else this.#dialled.finish('closed by this node');
    this.#connection = undefined;
  }

  /** Ends at once what {@link close} left open. */
  destroy(): void {
    this.#dialled?.destroy('closed by this node');
  }

  #dial(): void {
    const { self, limits, clock, sockets } = this.#context;
    this.#dialled = dial({
      address: this.#address,
      hello: { kind: 'peer', clusterId: self.clusterId, nodeId: self.nodeId, targetId: this.id },
      limits,
      clock,
      sockets,
      opened: (connection) => this.#onOpen(connection),
      frame(kind) {
        throw new FrameError(`a frame of kind ${kind} on a connection that only we write to`);
      },
      closed: (end) => this.#onClosed(end),
    });
  }

  #onOpen(connection: Connection): void {
    this.#connection = connection;
    this.#openedAt = this.#context.clock.now();
    this.#context.logger('info', `connected to peer ${this.id} at ${this.#address}`);
    this.#complaint = undefined;
    this.#flush();
  }

  #onClosed(end: DialEnd): void {
    const { clock } = this.#context;
    this.#dialled = undefined;
    this.#connection = undefined;
    if (this.#closed) return this.#done();
    if (end.opened && clock.now() - this.#openedAt >= stableMs) this.#backoff.reset();
    // What waited for this attempt would be stale at the next one. That it is lost goes without saying.
    if (!end.opened) {
      this.counters.droppedMessages += this.#outbox.messages;
      this.#outbox.clear();
    }
    this.#complain(end);
    const at = clock.now() + this.#backoff.next();
    this.#retry = clock.setTimer(at, () => this.wake());
  }

  #complain(end: DialEnd): void {
    const what = end.opened ? 'lost the connection to' : end.refused ? 'refused by' : 'cannot reach';
    const complaint = `${what} peer ${this.id} at ${this.#address}: ${end.reason}; trying again`;
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    this.#context.log(`peer ${this.id}`, 10, 'warn', complaint);
  }

  #flush(): void {
    this.#flushing = false;
    const connection = this.#connection;
    if (connection === undefined || this.#outbox.messages === 0) return;
    connection.together(() => this.#outbox.drain((encode, messages) => this.#write(connection, encode, messages)));
    this.#dialled?.wrote();
  }

  #write(connection: Connection, encode: () => Uint8Array, messages: number): void {
    const { limits, logger } = this.#context;
    let envelope: Uint8Array;
    try {
      envelope = encode();
    } catch (error) {
      // Only a number beyond 2^53 - 1 or entries that do not follow each other: nobody could read them.
      logger('error', `cannot encode a message to peer ${this.id}: ${String(error)}`);
      return this.#drop(messages, 'they cannot be encoded');
    }
    if (envelope.length > limits.maxFrameBytes) {
      return this.#drop(messages, `${envelope.length} bytes are more than a frame may have; raise maxFrameBytes`);
    }
    this.counters.sentMessages += messages;
    this.counters.sentBytes += connection.write(FrameKind.envelope, envelope);
  }

  #drop(messages: number, why: string): void {
    this.counters.droppedMessages += messages;
    const total = this.counters.droppedMessages;
    this.#context.log(`drop ${this.id}`, 1, 'warn', `dropped messages to peer ${this.id}: ${why}`, { total });
  }
}
