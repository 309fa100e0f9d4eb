import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Client, status as Status } from '@grpc/grpc-js';
import type { ChannelOptions, ClientDuplexStream, Metadata, StatusObject } from '@grpc/grpc-js';
import type { Address, Clock, Timer } from '@raft/core';
import { DecodeError } from '@raft/proto';
import type { Hello } from '@raft/proto';
import { parseAddress, refuseReply } from '@raft/proto/transport';
import type { LinkEnd } from '@raft/proto/transport';
import { asBuffer } from './bytes.js';
import { channelCredentials, OwnedCredentials } from './credentials.js';
import type { GrpcTls } from './credentials.js';
import { helloMetadata, replyFrom } from './handshake.js';
import type { Limits } from './limits.js';

export type ClientStream = ClientDuplexStream<Uint8Array, Uint8Array>;

export interface DialContext {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly tls: GrpcTls | undefined;
}

export interface DialOptions extends DialContext {
  readonly address: Address;
  /** Of the method, `/package.Service/Method`. */
  readonly path: string;
  readonly hello: Hello;
  /** The other side is closed when it gives no sign of life for so many milliseconds. Default `limits.silenceTimeoutMs`. */
  readonly keepAliveMs?: number;
  /** The other side accepted the handshake; only now may anything be written. */
  readonly opened: (stream: ClientStream) => void;
  /** A message after the handshake. May throw `DecodeError`, which ends the stream. */
  readonly message: (bytes: Uint8Array) => void;
  /** Called once, also when the stream never opened. Never within `dial`. */
  readonly closed: (end: LinkEnd) => void;
}

/** A stream of our own to somebody who listens, open or on its way. One connection carries nothing else. */
export class Dialled {
  readonly #options: DialOptions;
  readonly #credentials: OwnedCredentials;
  #state: 'dialling' | 'open' | 'refused' | 'closed' = 'dialling';
  /** Finds out whether somebody listens, before grpc-js is set up, whose attempts can be neither limited nor taken back. */
  #probe: Socket | undefined;
  #client: Client | undefined;
  #stream: ClientStream | undefined;
  readonly #timer: Timer;

  /** Throws {@link InvalidArgumentError} for a malformed address. */
  constructor(options: DialOptions) {
    const { clock, limits, tls, hello } = options;
    this.#options = options;
    this.#credentials = new OwnedCredentials(channelCredentials(tls, hello.targetId));
    const probe = connect(parseAddress(options.address));
    this.#probe = probe;
    probe.on('error', (error) => this.destroy(describe(error)));
    probe.once('connect', () => this.#open());
    this.#timer = clock.setTimer(clock.now() + limits.handshakeTimeoutMs, () =>
      this.destroy(`no handshake within ${limits.handshakeTimeoutMs} ms`),
    );
  }

  /** Tells the other side that there is no more; it closes once it has read everything. */
  finish(): void {
    if (this.#state === 'open') this.#stream?.end();
  }

  /** Closes at once. */
  destroy(reason: string): void {
    if (this.#state === 'closed') return;
    const opened = this.#state === 'open';
    const refused = this.#state === 'refused';
    this.#state = 'closed';
    this.#timer.cancel();
    this.#probe?.destroy();
    this.#stream?.cancel();
    this.#client?.close();
    this.#credentials.destroy();
    this.#options.closed({ reason, opened, refused });
  }

  #open(): void {
    const { address, path, hello } = this.#options;
    this.#probe?.destroy();
    this.#probe = undefined;
    if (this.#state === 'closed') return;
    this.#client = new Client(`dns:///${address}`, this.#credentials, channelOptions(this.#options));
    const stream = this.#client.makeBidiStreamRequest<Uint8Array, Uint8Array>(
      path,
      asBuffer,
      (bytes) => bytes,
      helloMetadata(hello),
    );
    this.#stream = stream;
    stream.on('metadata', (metadata) => this.#onReply(metadata));
    stream.on('data', (bytes: Uint8Array) => this.#guard(() => this.#options.message(bytes)));
    // Told by the status as well.
    stream.on('error', () => {});
    stream.on('status', (status) => this.#onStatus(status));
  }

  #onReply(metadata: Metadata): void {
    this.#guard(() => {
      const reply = replyFrom(metadata);
      const refusal = reply === undefined ? 'it is not a Raft node' : refuseReply(this.#options.hello, reply);
      if (this.#state !== 'dialling') return;
      if (refusal !== undefined) return this.#refuse(refusal);
      this.#timer.cancel();
      this.#state = 'open';
      if (this.#stream !== undefined) this.#options.opened(this.#stream);
    });
  }

  #onStatus({ code, details, metadata }: StatusObject): void {
    this.#guard(() => {
      if (this.#state !== 'dialling') return;
      const reply = replyFrom(metadata);
      if (reply !== undefined) this.#refuse(refuseReply(this.#options.hello, reply) ?? details);
      else if (code === Status.UNIMPLEMENTED) this.#refuse(details);
    });
    this.destroy(code === Status.OK ? 'closed by the other side' : `${Status[code] ?? code}: ${plain(details)}`);
  }

  #refuse(reason: string): void {
    this.#state = 'refused';
    this.destroy(reason);
  }

  /** What the other side sent may be nonsense, which ends this stream and nothing else. */
  #guard(read: () => void): void {
    if (this.#state === 'closed') return;
    try {
      read();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.destroy(error.message);
    }
  }
}

/** Bytes that the server may send before we have read them: larger than HTTP/2's default, or long answers come in short steps. */
const replyWindowBytes = 1024 * 1024;

function channelOptions({ limits, tls, keepAliveMs = limits.silenceTimeoutMs }: DialOptions): ChannelOptions {
  return {
    // A connection of our own, attempted once: when to try again is decided by whoever dials.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    'grpc-node.flow_control_window': replyWindowBytes,
    'grpc.max_send_message_length': limits.maxMessageBytes,
    'grpc.max_receive_message_length': limits.maxMessageBytes,
    // Asked for when nothing was heard for the first half, and awaited for the second.
    'grpc.keepalive_time_ms': Math.ceil(keepAliveMs / 2),
    'grpc.keepalive_timeout_ms': Math.ceil(keepAliveMs / 2),
    ...(tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
  };
}

/** Without the time of the attempt, which grpc-js adds: the same trouble is to read the same each time. */
function plain(details: string): string {
  return details.replace(/ \(\d{4}-[\d-]+T[\d:.]+Z\)/g, '').replace(/\. Resolution note: $/, '');
}

function describe(error: NodeJS.ErrnoException): string {
  // One for each address of a host name.
  if (error instanceof AggregateError) return error.errors.map((each) => describe(each as Error)).join(', ');
  return error.message;
}
