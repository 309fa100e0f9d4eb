import type { GroupId, Message } from '@raft/core';
import { encodeEnvelope } from '@raft/proto';
import { messageBytes } from './message-bytes.js';

/** An envelope is closed when it has reached this size, so that the receiver can begin while the rest is on its way. */
const targetEnvelopeBytes = 1024 * 1024;

/** Messages to one peer that wait for the end of the turn or for a connection. */
export class Outbox {
  #groups = new Map<GroupId, Message[]>();
  /** About. */
  bytes = 0;
  messages = 0;

  add(group: GroupId, message: Message, bytes: number): void {
    const messages = this.#groups.get(group);
    if (messages === undefined) this.#groups.set(group, [message]);
    else messages.push(message);
    this.bytes += bytes;
    this.messages += 1;
  }

  clear(): void {
    this.#groups = new Map();
    this.bytes = 0;
    this.messages = 0;
  }

  dropGroup(group: GroupId): number {
    const messages = this.#groups.get(group) ?? [];
    this.#groups.delete(group);
    this.messages -= messages.length;
    for (const message of messages) this.bytes -= messageBytes(message);
    return messages.length;
  }

  /** Empties it into as few envelopes as their size allows: one for each group as a rule. */
  drain(write: (envelope: () => Uint8Array, messages: number) => void): void {
    const groups = this.#groups;
    const small = this.bytes <= targetEnvelopeBytes;
    this.clear();
    for (const [group, messages] of groups) {
      for (const part of small ? [messages] : split(messages)) write(() => encodeEnvelope(group, part), part.length);
    }
  }
}

function split(messages: readonly Message[]): (readonly Message[])[] {
  const parts: Message[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    if (bytes >= targetEnvelopeBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(message);
    bytes += messageBytes(message);
  }
  return parts;
}
