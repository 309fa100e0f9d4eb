import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Logger, LogLevel } from '@raft/core';
import { decodeHello, encodeHello, encodeHelloReply } from '@raft/proto';
import type { Hello } from '@raft/proto';
import { parseAddress } from '@raft/proto/transport';
import { FrameKind, frameChecksum, frameHeaderBytes } from '../../src/frame.js';
import { FrameReader } from '../../src/frame-reader.js';

/** Both ends of the wire by hand, to say what the transport never would. */
export interface Frame {
  readonly kind: number;
  readonly payload: Uint8Array;
}

export interface Raw {
  readonly socket: Socket;
  readonly frames: Frame[];
  send(...frames: Uint8Array[]): void;
  /** Resolves when the connection has ended, however. */
  readonly closed: Promise<void>;
}

export function frame(kind: number, payload: Uint8Array, checksum: number = frameChecksum(kind, payload)): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes + payload.length);
  bytes.writeUInt32BE(payload.length, 0);
  bytes.writeUInt8(kind, 4);
  bytes.writeUInt32BE(checksum >>> 0, 5);
  bytes.set(payload, frameHeaderBytes);
  return bytes;
}

export function helloFrame(hello: Partial<Hello>): Buffer {
  const whole: Hello = { kind: 'peer', clusterId: 'test', nodeId: '9', targetId: '1', address: '', ...hello };
  return frame(FrameKind.hello, encodeHello(whole));
}

export function raw(socket: Socket): Raw {
  const frames: Frame[] = [];
  const reader = new FrameReader(2 ** 31, (kind, payload) => frames.push({ kind, payload: new Uint8Array(payload) }));
  socket.on('data', (chunk: Buffer) => reader.push(chunk));
  // A reset is one way to be closed.
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
  });
  return { socket, frames, send: (...parts) => void socket.write(Buffer.concat(parts)), closed };
}

export async function rawConnect(address: string): Promise<Raw> {
  const socket = connect(parseAddress(address));
  const made = raw(socket);
  await new Promise((resolve) => {
    socket.once('connect', resolve);
  });
  return made;
}

export interface RawServer {
  readonly address: string;
  readonly connections: Raw[];
  readonly hellos: (Hello & { readonly version: number })[];
  close(): Promise<void>;
}

export interface RawServerOptions {
  readonly nodeId: string;
  readonly clusterId?: string;
  /** Answers the Hello. Default true. */
  readonly reply?: boolean;
  /** Gives signs of life. Default false. */
  readonly pong?: boolean;
}

export async function rawServer(options: RawServerOptions): Promise<RawServer> {
  const { nodeId, clusterId = 'test', reply = true, pong = false } = options;
  const connections: Raw[] = [];
  const hellos: (Hello & { readonly version: number })[] = [];
  const server: Server = createServer((socket) => {
    const made = raw(socket);
    connections.push(made);
    const { push } = made.frames;
    made.frames.push = (each) => {
      if (each.kind === FrameKind.hello) {
        hellos.push(decodeHello(each.payload));
        const answer = { accepted: true, clusterId, nodeId, reason: '' };
        if (reply) made.send(frame(FrameKind.helloReply, encodeHelloReply(answer)));
      }
      if (each.kind === FrameKind.ping && pong) made.send(frame(FrameKind.pong, new Uint8Array(0)));
      return push.call(made.frames, each);
    };
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    hellos,
    async close() {
      for (const { socket } of connections) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

export interface LogBook {
  readonly logger: Logger;
  readonly lines: { readonly level: LogLevel; readonly message: string }[];
  /** The messages of a level. */
  at(level: LogLevel): string[];
}

export function logBook(): LogBook {
  const lines: { level: LogLevel; message: string }[] = [];
  return {
    logger: (level, message) => void lines.push({ level, message }),
    lines,
    at: (level) => lines.filter((line) => line.level === level).map((line) => line.message),
  };
}
