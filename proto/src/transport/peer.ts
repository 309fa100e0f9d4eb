import type { Address, Clock, GroupId, Message, NodeId, Random, Timer } from '@raft/core';
import type { Hello } from '../hello.js';
import { Backoff } from './backoff.js';
import { EnvelopeQueue } from './envelope-queue.js';
import type { EnvelopeQueueContext, PeerStats } from './envelope-queue.js';
import type { Self } from './handshake.js';

/** The writing side of a connection: takes envelopes from the queue when it can send them. */
export interface PeerWriter {
  /** Bytes that were taken and not sent yet. */
  readonly unsentBytes: number;
  /** Something waits: it goes at the end of this turn, with whatever else comes up until then. */
  wake(): void;
  /** Sends what waits now. */
  flush(): void;
  /** Sends what waits, then runs `done`. */
  drain(done: () => void): void;
  /** The connection has ended. */
  stop(): void;
}

/** An outgoing connection, open or on its way. */
export interface PeerLink {
  /** Closes once what was written is sent. */
  finish(reason: string): void;
  /** Closes at once. */
  destroy(reason: string): void;
}

export interface LinkEnd {
  readonly reason: string;
  readonly opened: boolean;
  /** The other side was reached and did not want us, or is not whom we want. */
  readonly refused: boolean;
}

export interface PeerLinkEvents {
  /** The other side accepted the handshake. */
  opened(writer: PeerWriter): void;
  /** Called once, also when it never opened. Never within `dial`. */
  closed(end: LinkEnd): void;
}

/** Connects to a peer, to send what the queue gives. Throws {@link InvalidArgumentError} for a malformed address. */
export type PeerDial = (address: Address, hello: Hello, queue: EnvelopeQueue, events: PeerLinkEvents) => PeerLink;

export interface PeerContext extends EnvelopeQueueContext {
  readonly self: Self;
  /** What this node says of where it is; may be empty, and may change at the start. */
  readonly advertised: () => Address;
  readonly clock: Clock;
  readonly random: Random;
  readonly dial: PeerDial;
  /** A peer that could be reached cannot any more. */
  readonly down: (peer: NodeId) => void;
  /** A peer can be reached, for the first time or again. */
  readonly up: (peer: NodeId) => void;
}

/** A connection that was open for so long counts as a success; the pauses start anew after it. */
const stableMs = 1000;
/** Some in a row that do not last so long come and go: another process has the peer's id, or this node's. They are told of seldom. */
const lastingMs = 10_000;
const maxShortLived = 5;
/** A peer that does not take what is left at the close is cut off after so many milliseconds. */
const closeTimeoutMs = 500;

/** The way to one peer: its connection, what waits for it, and the attempts to reach it. */
export class Peer {
  readonly id: NodeId;
  /** The groups that name it. */
  readonly groups: Set<GroupId> = new Set();
  readonly queue: EnvelopeQueue;
  /** When a message to it was last taken, on the clock. */
  usedAt: number;
  readonly #context: PeerContext;
  readonly #backoff: Backoff;
  #address: Address;
  #link: PeerLink | undefined;
  /** Set while messages can be sent. */
  #writer: PeerWriter | undefined;
  #openedAt = 0;
  #retry: Timer | undefined;
  /** The link is closed because the peer is elsewhere now. */
  #moving = false;
  #closed = false;
  #closeTimer: Timer | undefined;
  #done: () => void = () => {};
  /** What was logged of the current outage. */
  #complaint: string | undefined;
  /** Connections in a row that did not last. */
  #shortLived = 0;

  /** Throws {@link InvalidArgumentError} for a malformed address. */
  constructor(id: NodeId, address: Address, context: PeerContext) {
    this.id = id;
    this.usedAt = context.clock.now();
    this.queue = new EnvelopeQueue(id, context);
    this.#address = address;
    this.#context = context;
    this.#backoff = new Backoff(context.limits.minBackoffMs, context.limits.maxBackoffMs, context.random);
    this.#dial();
  }

  get stats(): PeerStats {
    const queuedBytes = this.queue.bytes + (this.#writer?.unsentBytes ?? 0);
    return { connected: this.#writer !== undefined, queuedBytes, ...this.queue.counters };
  }

  /** Queues a message until the end of the turn, or until there is a connection; drops it when the queue is full. */
  send(group: GroupId, message: Message): void {
    if (this.#closed) return;
    this.usedAt = this.#context.clock.now();
    if (this.queue.add(group, message, this.#writer?.unsentBytes ?? 0)) this.#writer?.wake();
  }

  /** Where the peer is from now on; what is open to another place is closed at once. */
  move(address: Address): void {
    if (address === this.#address || this.#closed) return;
    this.#address = address;
    this.#complaint = undefined;
    this.#backoff.reset();
    this.#stopWriting();
    if (this.#link === undefined) return this.wake();
    this.#moving = true;
    this.#link.destroy('it moved');
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
    this.queue.dropGroup(group);
  }

  /** Sends what waits, if it can be sent, and closes; runs `done` when the connection has closed. */
  close(done: () => void = () => {}): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    const link = this.#link;
    if (link === undefined) return done();
    this.#done = done;
    if (this.#writer === undefined) return link.destroy('closed by this node');
    const { clock } = this.#context;
    this.#closeTimer = clock.setTimer(clock.now() + closeTimeoutMs, () => link.destroy('closed by this node'));
    this.queue.dropPieces();
    this.#writer.drain(() => link.finish('closed by this node'));
  }

  #dial(): void {
    const { self, advertised, dial } = this.#context;
    const hello: Hello = { kind: 'peer', ...self, targetId: this.id, address: advertised() };
    this.#link = dial(this.#address, hello, this.queue, {
      opened: (writer) => this.#onOpen(writer),
      closed: (end) => this.#onClosed(end),
    });
  }

  #onOpen(writer: PeerWriter): void {
    this.#writer = writer;
    this.#openedAt = this.#context.clock.now();
    this.#tell('info', `connected to peer ${this.id} at ${this.#address}`);
    this.#complaint = undefined;
    writer.flush();
    this.#context.up(this.id);
  }

  #onClosed(end: LinkEnd): void {
    const { clock, down } = this.#context;
    this.#link = undefined;
    this.#stopWriting();
    this.#closeTimer?.cancel();
    if (this.#closed) return this.#done();
    const openMs = end.opened ? clock.now() - this.#openedAt : 0;
    if (end.opened) this.#shortLived = openMs < lastingMs ? this.#shortLived + 1 : 0;
    if (this.#moving) {
      this.#moving = false;
      return this.#dial();
    }
    if (openMs >= stableMs) this.#backoff.reset();
    // What waited for this attempt would be stale at the next one. That it is lost goes without saying.
    if (!end.opened) this.queue.dropAll();
    this.#complain(end);
    this.#retry = clock.setTimer(clock.now() + this.#backoff.next(), () => this.wake());
    if (end.opened) down(this.id);
  }

  #stopWriting(): void {
    this.#writer?.stop();
    this.#writer = undefined;
  }

  #complain(end: LinkEnd): void {
    const what = end.opened ? 'lost the connection to' : end.refused ? 'refused by' : 'cannot reach';
    const complaint = `${what} peer ${this.id} at ${this.#address}: ${end.reason}; trying again`;
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    this.#tell('warn', complaint);
  }

  #tell(level: 'info' | 'warn', message: string): void {
    if (this.#shortLived > maxShortLived)
      this.#context.log(`${this.id} comes and goes: ${message}`, 'seldom', level, message);
    else this.#context.log(`peer ${this.id}`, 10, level, message);
  }
}
