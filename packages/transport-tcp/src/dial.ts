import type { Address, Clock } from '@raft/core';
import { decodeHelloReply, encodeHello } from '@raft/proto';
import type { Hello } from '@raft/proto';
import { parseAddress, refuseReply } from '@raft/proto/transport';
import type { LinkEnd } from '@raft/proto/transport';
import { Connection } from './connection.js';
import type { ConnectionEnd } from './connection.js';
import { FrameError, FrameKind, maxHelloBytes } from './frame.js';
import type { Limits } from './limits.js';
import { Liveness } from './liveness.js';
import type { Sockets } from './sockets.js';

export interface DialOptions {
  readonly address: Address;
  readonly hello: Hello;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly sockets: Sockets;
  /** The other side is asked for signs of life also while nothing is sent, and closed without them after so many milliseconds. */
  readonly keepAliveMs?: number;
  /** The other side accepted the handshake; only now may anything be written. */
  readonly opened: (connection: Connection) => void;
  /** A frame after the handshake, but for signs of life. May throw `FrameError` or `DecodeError`, which ends the connection. */
  readonly frame: (kind: number, payload: Uint8Array) => void;
  /** Called once, also when the connection never opened. Never within `dial`. */
  readonly closed: (end: DialEnd) => void;
}

export interface DialEnd extends ConnectionEnd, LinkEnd {}

/** An outgoing connection, open or on its way. */
export interface Dialled {
  /** Tells that something was written, so that the other side is watched. */
  wrote(): void;
  /** Sends what was written, then closes. */
  finish(reason: string): void;
  destroy(reason: string): void;
}

/** Connects and shakes hands. Throws {@link InvalidArgumentError} for a malformed address. */
export function dial(options: DialOptions): Dialled {
  const { address, hello, limits, clock, sockets, keepAliveMs } = options;
  const socket = sockets.dial(parseAddress(address), hello.targetId);
  let state: 'greeting' | 'open' | 'refused' = 'greeting';

  const connection = new Connection(socket, maxHelloBytes, {
    frame(kind, payload) {
      if (state === 'greeting') return onReply(kind, payload);
      liveness.heard();
      if (kind !== FrameKind.pong) options.frame(kind, payload);
    },
    closed(end) {
      deadline.cancel();
      liveness.stop();
      options.closed({ ...end, opened: state === 'open', refused: state === 'refused' });
    },
  });
  const liveness = new Liveness(connection, clock, keepAliveMs ?? limits.silenceTimeoutMs, keepAliveMs !== undefined);
  const deadline = clock.setTimer(clock.now() + limits.handshakeTimeoutMs, () =>
    connection.destroy({ reason: `no handshake within ${limits.handshakeTimeoutMs} ms`, fault: false }),
  );
  socket.once(sockets.readyEvent, () => connection.write(FrameKind.hello, encodeHello(hello)));

  function onReply(kind: number, payload: Uint8Array): void {
    if (kind !== FrameKind.helloReply)
      throw new FrameError(`a frame of kind ${kind} instead of the answer to the handshake`);
    const refusal = refuseReply(hello, decodeHelloReply(payload));
    deadline.cancel();
    if (refusal !== undefined) {
      state = 'refused';
      return connection.destroy({ reason: refusal, fault: true });
    }
    state = 'open';
    connection.maxFrameBytes = limits.maxFrameBytes;
    liveness.start();
    options.opened(connection);
  }

  return {
    wrote: () => liveness.wrote(),
    finish: (reason) => connection.finish({ reason, fault: false }),
    destroy: (reason) => connection.destroy({ reason, fault: false }),
  };
}
