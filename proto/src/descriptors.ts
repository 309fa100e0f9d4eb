import { descriptors } from './generated/descriptors.js';

/** A .proto file, as the reflection of a gRPC server hands it out. */
export interface FileDescriptor {
  /** Path below the folder of all .proto files, such as `kv/v1/kv.proto`. */
  readonly name: string;
  /** A serialized google.protobuf.FileDescriptorProto. */
  readonly bytes: Uint8Array;
}

/** Every .proto file of this package, by its name. */
export const fileDescriptors: ReadonlyMap<string, FileDescriptor> = new Map(
  descriptors.map(([name, base64]) => [name, { name, bytes: fromBase64(base64) }]),
);

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
