import type { CallHandler, Logger, Storage, StorageInspector, Transport } from '@raft/core';
import type { UnaryService } from '@raft/kv';
import { UsageError } from './usage-error.js';

export interface StorageChoice {
  /** Keeps its data in the directory of `--data`. */
  readonly needsData: boolean;
  make(options: StorageOptions): Promise<Storage>;
  /** Whether a directory with these files has its data, damaged or not. */
  holds?(files: readonly string[]): boolean;
  /** Opens one that is not in use, for the tool; absent: there is nothing to look into. */
  readonly inspect?: Inspect;
}

export type Inspect = (directory: string) => Promise<StorageInspector>;

export interface StorageOptions {
  /** Set when the choice needs it. */
  readonly directory: string;
  readonly logger: Logger;
}

export interface TransportChoice {
  /** Listens on an address, for other processes and for clients. */
  readonly listens: boolean;
  make(options: TransportOptions): Promise<Transport>;
}

export interface TransportOptions {
  readonly nodeId: string;
  readonly clusterId: string;
  /** `host:port` to listen on. */
  readonly listen: string;
  /** `host:port` at which peers reach it. */
  readonly advertise: string;
  /** Serves the pipelined requests of clients. */
  readonly onCall: CallHandler;
  /** What gRPC serves besides, one request a call. */
  readonly services: readonly UnaryService[];
  readonly logger: Logger;
}

/** What `--storage` may name. Only what is chosen is loaded. */
const storages: Readonly<Record<string, StorageChoice>> = {
  inmemory: { needsData: false, make: async () => (await import('@raft/storage-memory')).memoryStorage() },
  simplefile: {
    needsData: true,
    holds: (files) =>
      files.some((name) => name === 'store' || name === 'change' || /^\d{10}\.(log|snapshot)$/.test(name)),
    make: async ({ directory, logger }) => (await import('@raft/storage-file')).fileStorage({ directory, logger }),
    inspect: async (directory) => (await import('@raft/storage-file')).inspectFileStorage({ directory }),
  },
  level: {
    needsData: true,
    holds: (files) => files.some((name) => name === 'raft-level' || name === 'db'),
    make: async ({ directory, logger }) => (await import('@raft/storage-level')).levelStorage({ directory, logger }),
    inspect: async (directory) => (await import('@raft/storage-level')).inspectLevelStorage({ directory }),
  },
};

/** What `--transport` may name. */
const transports: Readonly<Record<string, TransportChoice>> = {
  grpc: {
    listens: true,
    make: async (options) => (await import('@raft/transport-grpc')).grpcTransport({ ...options, reflection: [] }),
  },
  tcp: {
    listens: true,
    make: async ({ services: _services, ...options }) => (await import('@raft/transport-tcp')).tcpTransport(options),
  },
  inmemory: {
    listens: false,
    make: async ({ nodeId }) => (await import('@raft/transport-memory')).memoryNetwork().transport({ nodeId }),
  },
};

export function chooseStorage(name: string, flag: string): StorageChoice {
  return choose(storages, name, flag);
}

export function chooseTransport(name: string, flag: string): TransportChoice {
  return choose(transports, name, flag);
}

/** The name of the storage whose data a directory with these files holds. */
export function storageOf(files: readonly string[]): string | undefined {
  return Object.keys(storages).find((name) => storages[name]?.holds?.(files));
}

export const storageNames: string = listNames(storages);
export const transportNames: string = listNames(transports);
/** Those that `raft-server storage` can look into. */
export const inspectedNames: string = listNames(
  Object.fromEntries(Object.entries(storages).filter(([, { inspect }]) => inspect !== undefined)),
);

function choose<T>(choices: Readonly<Record<string, T>>, name: string, flag: string): T {
  const choice = Object.hasOwn(choices, name) ? choices[name] : undefined;
  if (choice !== undefined) return choice;
  throw new UsageError(`${flag} ${JSON.stringify(name)} is unknown: use ${listNames(choices)}`);
}

function listNames(choices: Readonly<Record<string, unknown>>): string {
  return Object.keys(choices)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1');
}
