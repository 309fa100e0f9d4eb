import type { Socket } from 'node:net';
import type { CallHandler, Clock, NodeId } from '@raft/core';
import { DecodeError, decodeHello, encodeHelloReply, PROTOCOL_VERSION } from '@raft/proto';
import type { Hello } from '@raft/proto';
import { formatAddress, refuseHello } from '@raft/proto/transport';
import type { Self, ThrottledLog, VersionedHello } from '@raft/proto/transport';
import { Connection } from './connection.js';
import type { ConnectionEnd } from './connection.js';
import { FrameError, FrameKind, maxHelloBytes } from './frame.js';
import type { Limits } from './limits.js';
import { ServedClient } from './served-client.js';

export interface InboundContext {
  readonly self: Self;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: ThrottledLog;
  readonly onCall: CallHandler;
  /** Called when a peer's handshake was accepted. */
  readonly peerConnected: (inbound: Inbound, hello: Hello) => void;
  /** Called when a client's handshake would be accepted; a reason refuses it. */
  readonly refuseClient: () => string | undefined;
  /** An envelope from a peer. May throw `DecodeError` and `FrameError`. */
  readonly receive: (peer: NodeId, payload: Uint8Array) => void;
  readonly closed: (inbound: Inbound) => void;
  /** Why the other side of a socket cannot be this node. */
  readonly refusePeer: (socket: Socket, nodeId: NodeId) => string | undefined;
}

const noPayload = new Uint8Array(0);

/** Of one topic, however many strangers knock. */
const linesPerSecond = 10;

/** With so much unsent, whoever asks for a sign of life does not read what he is sent. */
const maxUnsentBeforePongBytes = 65_536;

/** A connection that somebody else opened: first a handshake, then a peer's messages or a client's calls. */
export class Inbound {
  readonly #context: InboundContext;
  readonly #connection: Connection;
  readonly #remote: string;
  #peer: NodeId | undefined;
  #client: ServedClient | undefined;
  #refused = false;
  #pongDue = false;

  constructor(socket: Socket, context: InboundContext) {
    const { limits, clock } = context;
    this.#context = context;
    this.#remote = formatAddress({ host: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0 });
    const deadline = clock.setTimer(clock.now() + limits.handshakeTimeoutMs, () => {
      this.#connection.destroy({ reason: `no handshake within ${limits.handshakeTimeoutMs} ms`, fault: true });
    });
    this.#connection = new Connection(socket, maxHelloBytes, {
      frame: (kind, payload) => {
        if (this.#peer !== undefined || this.#client !== undefined) return this.#onFrame(kind, payload);
        deadline.cancel();
        this.#onHello(socket, kind, payload);
      },
      closed: (end) => {
        deadline.cancel();
        this.#onClosed(end);
      },
    });
  }

  /** Once its handshake was accepted, when it is one. */
  get peer(): NodeId | undefined {
    return this.#peer;
  }

  get isClient(): boolean {
    return this.#client !== undefined;
  }

  /** Requests of a client that have no answer yet. */
  get requests(): number {
    return this.#client?.requests ?? 0;
  }

  /** Sends the answers that were given, then closes. */
  finish(reason: string): void {
    this.#client?.flush(Infinity);
    this.#connection.finish({ reason, fault: false });
    this.#client?.lost();
  }

  destroy(reason: string): void {
    this.#connection.destroy({ reason, fault: false });
  }

  #onHello(socket: Socket, kind: number, payload: Uint8Array): void {
    if (kind !== FrameKind.hello) throw new FrameError(`a frame of kind ${kind} instead of a handshake`);
    let hello: VersionedHello | undefined;
    let refusal: string | undefined;
    try {
      hello = decodeHello(payload);
      refusal = refuseHello(this.#context.self, hello);
      refusal ??=
        hello.kind === 'client' ? this.#context.refuseClient() : this.#context.refusePeer(socket, hello.nodeId);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      refusal = `${error.message} (protocol version ${PROTOCOL_VERSION} is spoken here)`;
    }
    if (hello === undefined || refusal !== undefined) this.#refuse(hello, refusal ?? 'malformed');
    else this.#accept(hello);
  }

  #refuse(hello: Hello | undefined, reason: string): void {
    const who = hello?.kind === 'peer' ? `peer ${JSON.stringify(hello.nodeId)}` : (hello?.kind ?? 'a stranger');
    // It comes again and again, each time from another port.
    const host = this.#remote.replace(/:\d+$/, '');
    const topic = `refuse ${who} from ${host}: ${reason}`;
    this.#context.log(topic, 'seldom', 'warn', `refused ${who} from ${this.#remote}: ${reason}`);
    this.#refused = true;
    this.#connection.write(FrameKind.helloReply, encodeHelloReply({ accepted: false, ...this.#context.self, reason }));
    this.#connection.finish({ reason, fault: false });
  }

  #accept(hello: Hello): void {
    const { self, limits, onCall, peerConnected } = this.#context;
    this.#connection.maxFrameBytes = limits.maxFrameBytes;
    if (hello.kind === 'client') {
      this.#client = new ServedClient(this.#connection, onCall, limits);
    } else {
      this.#peer = hello.nodeId;
      peerConnected(this, hello);
    }
    this.#connection.write(FrameKind.helloReply, encodeHelloReply({ accepted: true, ...self, reason: '' }));
  }

  #onFrame(kind: number, payload: Uint8Array): void {
    if (kind === FrameKind.ping) this.#onPing();
    else if (kind === FrameKind.envelope && this.#peer !== undefined) this.#context.receive(this.#peer, payload);
    else if (kind === FrameKind.calls && this.#client !== undefined) this.#client.receive(payload);
    else throw new FrameError(`a frame of kind ${kind} does not belong here`);
  }

  /** One answer serves all questions of a turn. */
  #onPing(): void {
    if (this.#pongDue) return;
    this.#pongDue = true;
    process.nextTick(() => {
      this.#pongDue = false;
      if (this.#connection.unsentBytes <= maxUnsentBeforePongBytes) this.#connection.write(FrameKind.pong, noPayload);
    });
  }

  #onClosed(end: ConnectionEnd): void {
    this.#client?.lost();
    if (end.fault && !this.#refused) {
      const who =
        this.#peer !== undefined ? `peer ${this.#peer}` : this.#client !== undefined ? 'a client' : 'a stranger';
      this.#context.log(
        'close',
        linesPerSecond,
        'warn',
        `closed the connection of ${who} from ${this.#remote}: ${end.reason}`,
      );
    }
    this.#context.closed(this);
  }
}
