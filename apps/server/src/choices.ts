import type { CallHandler, Logger, Storage, Transport } from '@raft/core';
import type { UnaryService } from '@raft/kv';
import { fileStorage } from '@raft/storage-file';
import { memoryStorage } from '@raft/storage-memory';
import { grpcTransport } from '@raft/transport-grpc';
import { memoryNetwork } from '@raft/transport-memory';
import { tcpTransport } from '@raft/transport-tcp';
import { UsageError } from './usage-error.js';

export interface StorageChoice {
  /** Keeps its data in the directory of `--data`. */
  readonly needsData: boolean;
  make(options: StorageOptions): Storage;
}

export interface StorageOptions {
  /** Set when the choice needs it. */
  readonly directory: string;
  readonly logger: Logger;
}

export interface TransportChoice {
  /** Listens on an address, for other processes and for clients. */
  readonly listens: boolean;
  make(options: TransportOptions): Transport;
}

export interface TransportOptions {
  readonly nodeId: string;
  readonly clusterId: string;
  /** `host:port` to listen on. */
  readonly listen: string;
  /** Serves the pipelined requests of clients. */
  readonly onCall: CallHandler;
  /** What gRPC serves besides, one request a call. */
  readonly services: readonly UnaryService[];
  readonly logger: Logger;
}

/** What `--storage` may name; undefined for what a later version brings. */
const storages: Readonly<Record<string, StorageChoice | undefined>> = {
  inmemory: { needsData: false, make: () => memoryStorage() },
  simplefile: { needsData: true, make: ({ directory, logger }) => fileStorage({ directory, logger }) },
  level: undefined,
};

/** What `--transport` may name. */
const transports: Readonly<Record<string, TransportChoice | undefined>> = {
  grpc: { listens: true, make: (options) => grpcTransport({ ...options, reflection: [] }) },
  tcp: { listens: true, make: ({ services: _services, ...options }) => tcpTransport(options) },
  inmemory: { listens: false, make: ({ nodeId }) => memoryNetwork().transport({ nodeId }) },
};

export function chooseStorage(name: string, flag: string): StorageChoice {
  return choose(storages, name, flag);
}

export function chooseTransport(name: string, flag: string): TransportChoice {
  return choose(transports, name, flag);
}

export const storageNames: string = listNames(storages);
export const transportNames: string = listNames(transports);

function choose<T>(choices: Readonly<Record<string, T | undefined>>, name: string, flag: string): T {
  const choice = Object.hasOwn(choices, name) ? choices[name] : undefined;
  if (choice !== undefined) return choice;
  const why = Object.hasOwn(choices, name) ? 'is not available in this version' : 'is unknown';
  throw new UsageError(`${flag} ${JSON.stringify(name)} ${why}: use ${listNames(choices)}`);
}

function listNames(choices: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(choices).filter((name) => choices[name] !== undefined);
  return names.join(', ').replace(/, ([^,]*)$/, ' or $1');
}
