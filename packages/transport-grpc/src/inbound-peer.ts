import { status as Status } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { NodeId } from '@raft/core';
import { DecodeError } from '@raft/proto';
import { ownBytes } from './bytes.js';
import { plainStatus } from './status.js';
import type { CallStatus } from './status.js';

export type ServerStream = ServerDuplexStream<Uint8Array, Uint8Array>;

export interface InboundPeerEvents {
  /** An envelope, in memory of its own. May throw `DecodeError`, which ends the stream. */
  readonly receive: (bytes: Uint8Array) => void;
  /** Called once. `fault` says what the peer did wrong. */
  readonly closed: (fault: string | undefined) => void;
}

/** A peer's stream to us, after the handshake. */
export class InboundPeer {
  readonly id: NodeId;
  readonly #stream: ServerStream;
  readonly #events: InboundPeerEvents;
  #ended = false;

  constructor(id: NodeId, stream: ServerStream, events: InboundPeerEvents) {
    this.id = id;
    this.#stream = stream;
    this.#events = events;
    stream.on('data', (bytes: Uint8Array) => this.#onData(bytes));
    stream.on('end', () => {
      this.#close(undefined);
      stream.end();
    });
    stream.on('cancelled', () => this.#close(undefined));
  }

  /** Takes nothing more, and tells the peer why. */
  end(reason: string): void {
    this.#close(undefined);
    endStream(this.#stream, plainStatus(Status.UNAVAILABLE, reason));
  }

  #onData(bytes: Uint8Array): void {
    if (this.#ended) return;
    try {
      this.#events.receive(ownBytes(bytes));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#close(error.message);
      endStream(this.#stream, plainStatus(Status.INVALID_ARGUMENT, error.message));
    }
  }

  #close(fault: string | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.closed(fault);
  }
}

/** Ends a stream with an error. */
export function endStream(stream: ServerStream, status: CallStatus): void {
  if (!stream.destroyed) stream.emit('error', status);
}
