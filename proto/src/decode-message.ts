import protobuf from 'protobufjs/minimal.js';
import { decoding } from './decode-error.js';

/** Decodes a message with its generated code; fields that are not known are dropped. Throws {@link DecodeError}, naming `what`. */
export function decodeMessage<T>(type: { decode(reader: protobuf.Reader): T }, bytes: Uint8Array, what: string): T {
  return decoding(what, () => {
    const reader = protobuf.Reader.create(bytes);
    reader.discardUnknown = true;
    return type.decode(reader);
  });
}
