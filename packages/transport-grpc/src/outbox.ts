import type { GroupId, Message } from '@raft/core';
import { targetMessageBytes } from './limits.js';
import { messageBytes } from './message-bytes.js';

export interface Batch {
  readonly group: GroupId;
  readonly messages: readonly Message[];
}

interface Waiting {
  messages: Message[];
  /** About. */
  bytes: number;
}

/** Messages to one peer that wait for the end of the turn, for the message before them, or for a connection. */
export class Outbox {
  readonly #groups = new Map<GroupId, Waiting>();
  /** About. */
  bytes = 0;
  messages = 0;

  add(group: GroupId, message: Message, bytes: number): void {
    const waiting = this.#groups.get(group);
    if (waiting === undefined) {
      this.#groups.set(group, { messages: [message], bytes });
    } else {
      waiting.messages.push(message);
      waiting.bytes += bytes;
    }
    this.bytes += bytes;
    this.messages += 1;
  }

  clear(): void {
    this.#groups.clear();
    this.bytes = 0;
    this.messages = 0;
  }

  /** Forgets the messages of a group; returns how many they were. */
  dropGroup(group: GroupId): number {
    return this.#remove(group)?.messages.length ?? 0;
  }

  /** Takes messages of one group, in order: all of them unless they are large. Undefined when nothing waits. */
  take(): Batch | undefined {
    const [group] = this.#groups.keys();
    if (group === undefined) return undefined;
    const waiting = this.#remove(group);
    if (waiting === undefined || waiting.bytes <= targetMessageBytes)
      return { group, messages: waiting?.messages ?? [] };
    // The rest goes to the end, so that no group waits for another that has much to send.
    const { messages } = waiting;
    const taken = messages.splice(0, fitting(messages));
    for (const message of messages) this.add(group, message, messageBytes(message));
    return { group, messages: taken };
  }

  #remove(group: GroupId): Waiting | undefined {
    const waiting = this.#groups.get(group);
    if (waiting === undefined) return undefined;
    this.#groups.delete(group);
    this.bytes -= waiting.bytes;
    this.messages -= waiting.messages.length;
    return waiting;
  }
}

/** How many messages make up a batch: at least one. */
function fitting(messages: readonly Message[]): number {
  let bytes = 0;
  let count = 0;
  while (count < messages.length && bytes < targetMessageBytes) {
    const message = messages[count];
    if (message !== undefined) bytes += messageBytes(message);
    count += 1;
  }
  return count;
}
