import { messageBytes } from '@raft/core';
import type { GroupId, Logger, Message, NodeId } from '@raft/core';
import { encodeEnvelope } from '../envelope.js';
import type { PeerLimits } from './limits.js';
import { Outbox } from './outbox.js';
import type { Batch } from './outbox.js';
import type { ThrottledLog } from './throttled-log.js';

/** Counted since the peer was first named. */
export interface PeerCounters {
  /** Messages that were not sent: the peer was away, the queue full. */
  readonly droppedMessages: number;
  readonly sentMessages: number;
  readonly sentBytes: number;
  /** What they went in, several together. */
  readonly sentEnvelopes: number;
  readonly receivedMessages: number;
  readonly receivedBytes: number;
}

export interface PeerStats extends PeerCounters {
  /** Messages to it can be sent. */
  readonly connected: boolean;
  /** Bytes that wait to be sent, about. */
  readonly queuedBytes: number;
}

export interface EnvelopeQueueContext {
  readonly limits: PeerLimits;
  readonly logger: Logger;
  readonly log: ThrottledLog;
}

/** What waits for one peer, within limits, and comes out encoded. */
export class EnvelopeQueue {
  readonly #peer: NodeId;
  readonly #context: EnvelopeQueueContext;
  readonly #outbox = new Outbox();
  readonly counters: { -readonly [Name in keyof PeerCounters]: number } = {
    droppedMessages: 0,
    sentMessages: 0,
    sentBytes: 0,
    sentEnvelopes: 0,
    receivedMessages: 0,
    receivedBytes: 0,
  };

  constructor(peer: NodeId, context: EnvelopeQueueContext) {
    this.#peer = peer;
    this.#context = context;
  }

  /** Waiting, about. */
  get bytes(): number {
    return this.#outbox.bytes;
  }

  /** Takes a message unless too much waits already, here or beyond (`unsentBytes`). Returns whether it was taken. */
  add(group: GroupId, message: Message, unsentBytes: number): boolean {
    const { maxQueuedBytes } = this.#context.limits;
    const bytes = messageBytes(message);
    const waiting = this.#outbox.bytes + unsentBytes;
    if (waiting + bytes > maxQueuedBytes) {
      this.#drop(1, `${waiting} bytes wait already, at most ${maxQueuedBytes} may`);
      return false;
    }
    // Pieces of snapshots must not take the room of heartbeats.
    const { pieceBytes } = this.#outbox;
    if (message.type === 'installSnapshot' && pieceBytes > 0 && pieceBytes + bytes > maxQueuedBytes / 4) {
      this.#drop(1, `${pieceBytes} bytes of snapshots wait already, at most a quarter of ${maxQueuedBytes} may`);
      return false;
    }
    this.#outbox.add(group, message, bytes);
    return true;
  }

  /** The next envelope of anything but pieces of snapshots. */
  take(): Uint8Array | undefined {
    return this.#encoded(() => this.#outbox.take());
  }

  /** The next envelope with a piece of a snapshot. */
  takePiece(): Uint8Array | undefined {
    return this.#encoded(() => this.#outbox.takePiece());
  }

  /** The next envelope where one goes at a time. */
  next(): Uint8Array | undefined {
    return this.#encoded(() => this.#outbox.next());
  }

  dropGroup(group: GroupId): void {
    this.counters.droppedMessages += this.#outbox.dropGroup(group);
  }

  dropPieces(): void {
    this.counters.droppedMessages += this.#outbox.dropPieces();
  }

  dropAll(): void {
    this.counters.droppedMessages += this.#outbox.messages;
    this.#outbox.clear();
  }

  #encoded(take: () => Batch | undefined): Uint8Array | undefined {
    for (let batch = take(); batch !== undefined; batch = take()) {
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
      if (envelope.length <= limits.maxEnvelopeBytes) return envelope;
      this.#drop(
        messages.length,
        `${envelope.length} bytes are more than one may have; raise ${limits.maxEnvelopeName}`,
      );
    } catch (error) {
      // Only a number beyond 2^53 - 1 or entries that do not follow each other: nobody could read them.
      logger('error', `cannot encode a message to peer ${this.#peer}: ${String(error)}`);
      this.#drop(messages.length, 'they cannot be encoded');
    }
    return undefined;
  }

  #drop(messages: number, why: string): void {
    this.counters.droppedMessages += messages;
    const total = this.counters.droppedMessages;
    this.#context.log(`drop ${this.#peer}`, 1, 'warn', `dropped messages to peer ${this.#peer}: ${why}`, { total });
  }
}
