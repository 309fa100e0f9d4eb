import { InvalidArgumentError } from '@raft/core';
import type { GroupId, NodeId, Receiver } from '@raft/core';
import { DecodeError } from '../decode-error.js';
import { decodeEnvelope } from '../envelope.js';

/** Who gets what arrives. */
export class Receivers {
  readonly #nodeId: NodeId;
  readonly #receivers = new Map<GroupId, Receiver>();

  constructor(nodeId: NodeId) {
    this.#nodeId = nodeId;
  }

  /** Throws {@link InvalidArgumentError} when the group has a receiver. */
  attach(group: GroupId, receiver: Receiver): void {
    if (this.#receivers.has(group))
      throw new InvalidArgumentError(`group ${group} is attached already: detach it first`);
    this.#receivers.set(group, receiver);
  }

  detach(group: GroupId): void {
    this.#receivers.delete(group);
  }

  clear(): void {
    this.#receivers.clear();
  }

  /**
   * Hands over an envelope from a peer, in memory that belongs to the receiver; gives the number of its messages. Throws
   * {@link DecodeError}, also for messages that are not from that peer to this node.
   */
  deliver(from: NodeId, envelope: Uint8Array): number {
    const { groupId, messages } = decodeEnvelope(envelope);
    for (const message of messages) {
      if (message.from === from && message.to === this.#nodeId) continue;
      throw new DecodeError(`a message from ${message.from} to ${message.to} came from ${from} to ${this.#nodeId}`);
    }
    if (messages.length > 0) this.#receivers.get(groupId)?.receive(messages);
    return messages.length;
  }

  /** Tells every group that a peer cannot be reached any more. */
  peerDown(peer: NodeId): void {
    for (const receiver of this.#receivers.values()) receiver.peerDown?.(peer);
  }

  /** Tells every group that a peer can be reached. */
  peerUp(peer: NodeId): void {
    for (const receiver of this.#receivers.values()) receiver.peerUp?.(peer);
  }
}
