import { crc32 } from 'node:zlib';

/**
 * A frame: uint32 length of the payload, uint8 kind, uint32 CRC-32 of kind and payload, payload; integers big-endian.
 * The numbers of the kinds are on wires: never reuse one.
 */
export const FrameKind = {
  /** The first frame of a connection, by the side that dialled: `raft.v1.Hello`. */
  hello: 1,
  /** The answer to it: `raft.v1.HelloReply`. */
  helloReply: 2,
  /** From peer to peer: `raft.v1.Envelope`. */
  envelope: 3,
  /** From client to server: `raft.v1.CallBatch`. */
  calls: 4,
  /** From server to client: `raft.v1.ReplyBatch`. */
  replies: 5,
  /** Asks for a sign of life; no payload. */
  ping: 6,
  /** Gives it; no payload. */
  pong: 7,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export const frameHeaderBytes = 9;

/** Bytes of a Hello or its reply, before which nobody is trusted with more. */
export const maxHelloBytes = 4096;

/** Tells a checksum that covers the kind as well as the payload. */
export function frameChecksum(kind: number, payload: Uint8Array): number {
  return crc32(payload, kind);
}

/** Writes the header of a frame at the start of `out`. */
export function writeFrameHeader(out: Uint8Array, kind: FrameKind, payload: Uint8Array): void {
  writeUint32(out, 0, payload.length);
  out[4] = kind;
  writeUint32(out, 5, frameChecksum(kind, payload));
}

function writeUint32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** The other side does not speak this protocol, or the bytes were damaged on the way: the connection is of no more use. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}
