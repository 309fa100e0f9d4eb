import { status as Status } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import type { CallHandler, NodeId } from '@raft/core';
import { DecodeError, PROTOCOL_VERSION } from '@raft/proto';
import type { Hello } from '@raft/proto';
import { refuseCertificate, refuseHello } from '@raft/proto/transport';
import type { Self, ThrottledLog, VersionedHello } from '@raft/proto/transport';
import { asBuffer } from './bytes.js';
import { helloFrom, replyMetadata } from './handshake.js';
import { endStream, InboundPeer } from './inbound-peer.js';
import type { ServerStream } from './inbound-peer.js';
import type { Limits } from './limits.js';
import { peerPath } from './method.js';
import { ServedClient } from './served-client.js';
import { plainStatus } from './status.js';

export interface InboundContext {
  readonly self: Self;
  readonly limits: Limits;
  readonly log: ThrottledLog;
  /** Undefined when clients are not served. */
  readonly onCall: CallHandler | undefined;
  readonly callPath: string;
  /** A peer's handshake was accepted. */
  readonly peerConnected: (hello: Hello) => void;
  /** The stream of a peer has ended, and no new one of it has come. */
  readonly peerLost: (peer: NodeId) => void;
  /** Peers' certificates have to name their node ids. */
  readonly verifyNodeIds: boolean;
  /** An envelope from a peer. May throw `DecodeError`. */
  readonly receive: (peer: NodeId, envelope: Uint8Array) => void;
  /** Closes the connection of a stream's other side. */
  readonly cut: (remote: string) => void;
}

/** Of one topic, however many strangers knock. */
const linesPerSecond = 10;

/** The long-lived streams that others opened to us: of peers, and of clients that pipeline. */
export class Inbound {
  readonly #context: InboundContext;
  /** The one stream that each peer may have to us. */
  readonly #peers = new Map<NodeId, InboundPeer>();
  readonly #clients = new Set<ServedClient>();
  #closed = false;

  constructor(context: InboundContext) {
    this.#context = context;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Requests of clients that have no answer yet. */
  get requests(): number {
    let requests = 0;
    for (const client of this.#clients) requests += client.requests;
    return requests;
  }

  register(server: Server): void {
    const receive = (bytes: Uint8Array): Uint8Array => bytes;
    server.register(peerPath, (stream: ServerStream) => this.#onPeer(stream), asBuffer, receive, 'bidi');
    const { callPath } = this.#context;
    server.register(callPath, (stream: ServerStream) => this.#onClient(stream), asBuffer, receive, 'bidi');
  }

  close(reason: string): void {
    this.#closed = true;
    for (const peer of this.#peers.values()) peer.end(reason);
    for (const client of this.#clients) client.finish(reason);
  }

  #onPeer(stream: ServerStream): void {
    const hello = this.#greet(stream, 'peer');
    if (hello === undefined) return;
    const { nodeId } = hello;
    const earlier = this.#peers.get(nodeId);
    const remote = stream.getPeer();
    const peer: InboundPeer = new InboundPeer(nodeId, stream, {
      receive: (envelope) => this.#context.receive(nodeId, envelope),
      closed: (fault) => {
        if (this.#peers.get(nodeId) === peer) {
          this.#peers.delete(nodeId);
          this.#context.peerLost(nodeId);
        }
        if (fault !== undefined) this.#complain(`peer ${nodeId}`, remote, fault);
      },
    });
    this.#peers.set(nodeId, peer);
    // Messages of the earlier stream that were not read yet must not arrive after those of the new one.
    earlier?.end('the peer connected anew');
    this.#context.peerConnected(hello);
  }

  #onClient(stream: ServerStream): void {
    const hello = this.#greet(stream, 'client');
    const { limits, onCall } = this.#context;
    if (hello === undefined || onCall === undefined) return;
    const remote = stream.getPeer();
    const client: ServedClient = new ServedClient(stream, limits, {
      onCall,
      cut: () => this.#context.cut(remote),
      closed: (fault) => {
        this.#clients.delete(client);
        if (fault !== undefined) this.#complain('a client', remote, fault);
      },
    });
    this.#clients.add(client);
  }

  /** Answers the handshake. Undefined when the stream is refused. */
  #greet(stream: ServerStream, kind: 'peer' | 'client'): VersionedHello | undefined {
    let hello: VersionedHello | undefined;
    let refusal: string | undefined;
    try {
      // Tools that know nothing of us may call what clients call.
      hello = helloFrom(stream.metadata) ?? (kind === 'client' ? anyClient : undefined);
      refusal = hello === undefined ? 'a peer has to say who it is' : this.#refusal(stream, kind, hello);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      refusal = `${error.message} (protocol version ${PROTOCOL_VERSION} is spoken here)`;
    }
    if (hello !== undefined && refusal === undefined) {
      stream.sendMetadata(replyMetadata({ accepted: true, ...this.#context.self, reason: '' }));
      return hello;
    }
    this.#refuse(stream, hello, refusal ?? 'malformed');
    return undefined;
  }

  #refusal(stream: ServerStream, kind: 'peer' | 'client', hello: VersionedHello): string | undefined {
    const { self, limits, onCall, verifyNodeIds } = this.#context;
    if (hello.kind !== kind) return `a ${hello.kind} does not call this method`;
    const refusal = refuseHello(self, hello);
    if (refusal !== undefined) return refusal;
    if (kind === 'peer') {
      return verifyNodeIds ? refuseCertificate(stream.getAuthContext().sslPeerCertificate, hello.nodeId) : undefined;
    }
    if (onCall === undefined) return `node ${self.nodeId} serves no clients`;
    if (this.#closed) return `node ${self.nodeId} is stopping`;
    return this.#clients.size < limits.maxClients
      ? undefined
      : `${limits.maxClients} clients are connected, more are not served`;
  }

  #refuse(stream: ServerStream, hello: VersionedHello | undefined, reason: string): void {
    const { self, log } = this.#context;
    const who = hello?.kind === 'peer' ? `peer ${JSON.stringify(hello.nodeId)}` : (hello?.kind ?? 'a stranger');
    const remote = stream.getPeer();
    // It comes again and again, each time from another port.
    const topic = `refuse ${who} from ${remote.replace(/:\d+$/, '')}: ${reason}`;
    log(topic, 'seldom', 'warn', `refused ${who} from ${remote}: ${reason}`);
    const status = plainStatus(Status.FAILED_PRECONDITION, reason);
    status.metadata.merge(replyMetadata({ accepted: false, ...self, reason }));
    // Whatever it sends is not looked at.
    stream.resume();
    endStream(stream, status);
  }

  #complain(who: string, remote: string, fault: string): void {
    this.#context.log('close', linesPerSecond, 'warn', `closed the stream of ${who} from ${remote}: ${fault}`);
  }
}

const anyClient: VersionedHello = {
  version: PROTOCOL_VERSION,
  kind: 'client',
  clusterId: '',
  nodeId: '',
  targetId: '',
  address: '',
};
