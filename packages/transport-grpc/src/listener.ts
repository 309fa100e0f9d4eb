import { createServer } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { Server } from '@grpc/grpc-js';
import type { ConnectionInjector, ServerCredentials } from '@grpc/grpc-js';
import { TransportError } from '@raft/core';
import type { Address } from '@raft/core';
import { formatAddress, parseAddress } from '@raft/proto/transport';
import type { ThrottledLog } from '@raft/proto/transport';
import type { Limits } from './limits.js';

/** Connections beyond those of pipelined clients: of peers, and of callers of unary methods. */
const spareConnections = 1024;
/** Streams of one connection at a time, in which unary calls count. */
const maxStreams = 1024;
/** Connections that are not closed by the other side are cut off after so many milliseconds. */
const closeTimeoutMs = 500;

/** A gRPC server on a port that we listen on ourselves, so that every socket is known and can be closed. */
export class Listener {
  readonly server: Server;
  readonly #net: NetServer;
  readonly #injector: ConnectionInjector;
  /** By remote address and port, as grpc-js names the other side of a call. */
  readonly #sockets = new Map<string, Socket>();
  readonly #log: ThrottledLog;

  constructor(credentials: ServerCredentials, limits: Limits, log: ThrottledLog) {
    this.#log = log;
    this.server = new Server({
      'grpc.max_receive_message_length': limits.maxMessageBytes,
      'grpc.max_send_message_length': limits.maxMessageBytes,
      'grpc.max_concurrent_streams': maxStreams,
      'grpc.keepalive_time_ms': Math.ceil(limits.silenceTimeoutMs / 2),
      'grpc.keepalive_timeout_ms': Math.ceil(limits.silenceTimeoutMs / 2),
      'grpc.enable_channelz': 0,
    });
    this.#injector = this.server.createConnectionInjector(credentials);
    this.#net = createServer({ noDelay: true }, (socket) => this.#onSocket(socket));
    this.#net.maxConnections = limits.maxClients + spareConnections;
    this.#net.on('drop', () => log('accept', 1, 'warn', `refused a connection: ${this.#net.maxConnections} are open`));
  }

  /** Resolves with the address that is listened on. Throws {@link TransportError}. */
  async listen(address: Address): Promise<Address> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#net.once('error', reject);
        this.#net.listen(parseAddress(address), () => {
          this.#net.off('error', reject);
          resolve();
        });
      });
    } catch (cause) {
      throw listenError(address, cause as NodeJS.ErrnoException);
    }
    this.#net.on('error', (error) => this.#log('accept', 1, 'error', `cannot accept connections: ${error.message}`));
    const { address: host, port } = this.#net.address() as AddressInfo;
    return formatAddress({ host, port });
  }

  /** Closes the connection of a call's other side, as `getPeer()` of the call names it. */
  cut(peer: string): void {
    this.#sockets.get(peer)?.destroy();
  }

  /** Stops listening, lets what was ended reach the other sides for a moment, then closes every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#net.close(() => resolve());
    });
    this.#injector.destroy();
    const deadline = setTimeout(() => {
      for (const socket of this.#sockets.values()) socket.destroy();
    }, closeTimeoutMs);
    // An error says that it was not listening, which is as well.
    await closed;
    clearTimeout(deadline);
  }

  #onSocket(socket: Socket): void {
    const { remoteAddress = 'unknown', remotePort = 0 } = socket;
    const name = `${remoteAddress}:${remotePort}`;
    this.#sockets.set(name, socket);
    socket.on('close', () => {
      if (this.#sockets.get(name) === socket) this.#sockets.delete(name);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A client that ends while something is on its way to it resets its connection: that is no news.
      const level = error.code === 'ECONNRESET' ? 'debug' : 'warn';
      this.#log('socket', 10, level, `closed the connection from ${name}: ${error.message}`);
    });
    this.#injector.injectConnection(socket);
  }
}

function listenError(address: Address, cause: NodeJS.ErrnoException): TransportError {
  if (cause.code === 'EADDRINUSE') {
    const message = `${address} is in use: stop the other process or choose another port`;
    return new TransportError('RAFT_ADDRESS_IN_USE', message, { cause });
  }
  return new TransportError('RAFT_TRANSPORT', `cannot listen on ${address}: ${cause.message}`, { cause });
}
