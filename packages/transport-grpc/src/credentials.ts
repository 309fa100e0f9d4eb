import type { Socket } from 'node:net';
import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import type { CallCredentials, ChannelOptions } from '@grpc/grpc-js';

/** Mutual TLS: each side proves who it is by a certificate. Everything is PEM. */
export interface GrpcTls {
  /** Certificates of the authorities that sign those of nodes and clients. */
  readonly ca: string | Uint8Array;
  /** The certificate of this side, and what leads from it to the authority. */
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** The name that servers' certificates carry. Default: the host of their address. */
  readonly serverName?: string;
}

export function serverCredentials(tls: GrpcTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  return ServerCredentials.createSsl(Buffer.from(tls.ca), [pair], true);
}

export function channelCredentials(tls: GrpcTls | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  return ChannelCredentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert));
}

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type Target = Parameters<ChannelCredentials['_createSecureConnector']>[0];

/**
 * Remembers the sockets of a client, so that they can be closed at once: grpc-js ends a connection politely, which takes for
 * ever when the other side does not answer.
 */
export class OwnedCredentials extends ChannelCredentials {
  readonly #base: ChannelCredentials;
  readonly #sockets = new Set<Socket>();
  #destroyed = false;

  constructor(base: ChannelCredentials) {
    super();
    this.#base = base;
  }

  override _isSecure(): boolean {
    // oxlint-disable-next-line no-underscore-dangle -- the name is grpc-js's
    return this.#base._isSecure();
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(
    target: Target,
    options: ChannelOptions,
    callCredentials?: CallCredentials,
  ): SecureConnector {
    // oxlint-disable-next-line no-underscore-dangle -- the name is grpc-js's
    const connector = this.#base._createSecureConnector(target, options, callCredentials);
    return {
      connect: (socket) => {
        if (this.#destroyed) socket.destroy();
        this.#sockets.add(socket);
        return connector.connect(socket);
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }

  /** Closes the sockets, and those to come. */
  destroy(): void {
    this.#destroyed = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}
