import type { Socket } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import type { CallCredentials, ChannelOptions, VerifyOptions } from '@grpc/grpc-js';
import { InvalidArgumentError } from '@raft/core';
import { refuseCertificate } from '@raft/proto/transport';
import type { MutualTls } from '@raft/proto/transport';

export type GrpcTls = MutualTls;

export function serverCredentials(tls: GrpcTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  return ServerCredentials.createSsl(Buffer.from(tls.ca), [pair], true);
}

/** Throws {@link InvalidArgumentError} for certificates and keys that are none. */
export function checkTls(tls: GrpcTls | undefined): void {
  try {
    channelCredentials(tls, '');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`tls cannot be used: ${reason}: give ca, cert and key as PEM`);
  }
}

/** `nodeId` is that of the other side, empty for any. Throws for certificates and keys that are none. */
export function channelCredentials(tls: GrpcTls | undefined, nodeId: string): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  const verify = tls.verifyNodeIds === true && nodeId !== '' ? { checkServerIdentity: checking(nodeId) } : {};
  return ChannelCredentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert), verify);
}

function checking(nodeId: string): NonNullable<VerifyOptions['checkServerIdentity']> {
  return (host, certificate) => {
    const refusal = refuseCertificate(certificate, nodeId);
    return refusal === undefined ? checkServerIdentity(host, certificate) : new Error(refusal);
  };
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
