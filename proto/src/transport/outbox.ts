import { messageBytes } from '@raft/core';
import type { GroupId, Message } from '@raft/core';
import { targetEnvelopeBytes } from './limits.js';

export interface Batch {
  readonly group: GroupId;
  readonly messages: readonly Message[];
}

/** Messages of one group, of which those before `from` were taken. */
interface Waiting {
  readonly messages: Message[];
  from: number;
  /** Of those that wait, about. */
  bytes: number;
}

/**
 * Messages to one peer that wait for the end of the turn, for the message before them, or for a connection. Pieces of snapshots
 * are large and can wait: they stand in a queue of their own, which everything else overtakes.
 */
export class Outbox {
  readonly #groups = new Map<GroupId, Waiting>();
  #pieces: Batch[] = [];
  /** Batches that go before the next piece; undefined: a piece has just gone, so all groups that wait then. */
  #turns: number | undefined;
  /** About, pieces included. */
  bytes = 0;
  pieceBytes = 0;
  messages = 0;

  add(group: GroupId, message: Message, bytes: number): void {
    this.bytes += bytes;
    this.messages += 1;
    if (message.type === 'installSnapshot') {
      this.pieceBytes += bytes;
      this.#pieces.push({ group, messages: [message] });
      return;
    }
    const waiting = this.#groups.get(group);
    if (waiting === undefined) {
      this.#groups.set(group, { messages: [message], from: 0, bytes });
    } else {
      waiting.messages.push(message);
      waiting.bytes += bytes;
    }
  }

  clear(): void {
    this.#groups.clear();
    this.#pieces = [];
    this.bytes = 0;
    this.pieceBytes = 0;
    this.messages = 0;
  }

  /** Forgets the messages of a group; returns how many they were. */
  dropGroup(group: GroupId): number {
    const before = this.messages;
    const waiting = this.#groups.get(group);
    this.#groups.delete(group);
    if (waiting !== undefined) this.#took(waiting.bytes, waiting.messages.length - waiting.from);
    this.dropPieces(group);
    return before - this.messages;
  }

  /** Forgets the pieces of snapshots, of one group or of all; returns how many they were. */
  dropPieces(group?: GroupId): number {
    const dropped = this.#pieces.filter((piece) => group === undefined || piece.group === group);
    this.#pieces = group === undefined ? [] : this.#pieces.filter((piece) => piece.group !== group);
    for (const { messages } of dropped) this.#tookPiece(messages);
    return dropped.length;
  }

  /** Takes messages of one group, in order: all of them unless they are large. Undefined when nothing but pieces waits. */
  take(): Batch | undefined {
    const [next] = this.#groups;
    if (next === undefined) return undefined;
    const [group, waiting] = next;
    this.#groups.delete(group);
    const { messages, from } = waiting;
    if (waiting.bytes <= targetEnvelopeBytes) {
      this.#took(waiting.bytes, messages.length - from);
      return { group, messages: from === 0 ? messages : messages.slice(from) };
    }
    let bytes = 0;
    let to = from;
    while (to < messages.length && bytes < targetEnvelopeBytes) bytes += messageBytes(messages[to++]!);
    this.#took(bytes, to - from);
    waiting.from = to;
    waiting.bytes -= bytes;
    // The rest goes to the end, so that no group waits for another that has much to send.
    if (to < messages.length) this.#groups.set(group, waiting);
    return { group, messages: messages.slice(from, to) };
  }

  /** Takes one piece of a snapshot. */
  takePiece(): Batch | undefined {
    const piece = this.#pieces.shift();
    if (piece !== undefined) this.#tookPiece(piece.messages);
    return piece;
  }

  /**
   * What is to go next where one batch goes at a time: a piece of a snapshot only after every group that waits has had its turn
   * since the piece before, so that no message waits for more than one piece, and pieces are never starved.
   */
  next(): Batch | undefined {
    this.#turns ??= this.#groups.size;
    const first = this.#turns > 0 || this.#pieces.length === 0 ? this.take() : undefined;
    if (first !== undefined) {
      this.#turns -= 1;
      return first;
    }
    this.#turns = undefined;
    return this.takePiece();
  }

  #took(bytes: number, messages: number): void {
    this.bytes -= bytes;
    this.messages -= messages;
  }

  #tookPiece(messages: readonly Message[]): void {
    for (const message of messages) {
      this.pieceBytes -= messageBytes(message);
      this.#took(messageBytes(message), 1);
    }
  }
}
