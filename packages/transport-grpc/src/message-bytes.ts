import type { Message } from '@raft/core';

/** What a message or an entry weighs beside its data; a round figure for limits. */
const headerBytes = 64;

/** Bytes that a message holds in memory and takes on the wire, about. */
export function messageBytes(message: Message): number {
  let bytes = headerBytes;
  if (message.type === 'appendEntries') for (const entry of message.entries) bytes += headerBytes + entry.data.length;
  return bytes;
}
