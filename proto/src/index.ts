export { configurationFromProto, configurationToProto, snapshotFromProto, snapshotToProto } from './configuration.js';
export { DecodeError } from './decode-error.js';
export { decodeEnvelope, encodeEnvelope, PROTOCOL_VERSION } from './envelope.js';
export { decodeHello, decodeHelloReply, encodeHello, encodeHelloReply } from './hello.js';
export type { Hello, HelloReply } from './hello.js';
export { decodeCalls, decodeReplies, encodeCalls, encodeReplies } from './batches.js';
export type { EncodedCall, EncodedReply } from './batches.js';

// The generated code, as the .proto files have it, and a decoder that throws nothing but DecodeError.
export { decodeMessage } from './decode-message.js';
export { kvV1, raftV1 } from './generated/protos.js';
