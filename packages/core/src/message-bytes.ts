import type { Message } from './messages.js';

/** What a message, an entry or a command weighs beside its data; a round figure for limits. */
const headerBytes = 64;

/** Bytes that a message holds in memory and takes on a wire, about: what queues and windows count. */
export function messageBytes(message: Message): number {
  switch (message.type) {
    case 'appendEntries':
      return headerBytes + sum(message.entries);
    case 'propose':
      return headerBytes + sum(message.commands);
    case 'installSnapshot':
      return headerBytes + message.data.length;
    default:
      return headerBytes;
  }
}

function sum(items: readonly { readonly data: Uint8Array }[]): number {
  let bytes = items.length * headerBytes;
  for (const { data } of items) bytes += data.length;
  return bytes;
}
