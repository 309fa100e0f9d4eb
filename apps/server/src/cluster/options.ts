import { resolve } from 'node:path';
import { chooseStorage, chooseTransport, storageNames } from '../choices.js';
import type { Flag, Given, Program } from '../flags.js';
import { readNumber } from '../numbers.js';
import { UsageError } from '../usage-error.js';

/** Status pages are this far above the nodes' own ports. */
export const httpPortOffset = 100;

const flags = {
  nodes: { describe: 'How many, from 1 to 9', default: '3' },
  transport: { describe: 'How nodes and clients are reached: grpc or tcp', default: 'grpc' },
  storage: { describe: `Where each node keeps its log: ${storageNames}`, default: 'simplefile' },
  data: { describe: "Directory of the nodes' data, logs and cluster.json", default: '.raft-cluster' },
  fresh: { describe: 'Removes what an earlier cluster left in the directory', switch: true },
  'base-port': {
    describe: `The first node's port on 127.0.0.1; the others follow, and their status pages ${httpPortOffset} above`,
    default: '7601',
  },
  detach: { describe: 'Leaves the nodes running in the background', switch: true },
  'heartbeat-interval': { describe: 'Handed to each raft-server' },
  'election-timeout': { describe: 'Handed to each raft-server' },
  'log-level': { describe: 'Handed to each raft-server' },
} satisfies Record<string, Flag>;

export const program: Program = {
  name: 'raft-cluster',
  usage:
    '[options]\n       raft-cluster stop [--data DIR]\n\n' +
    'Starts a cluster of raft-server processes on this machine and runs until Ctrl-C; stop ends it from elsewhere.',
  flags,
  prefix: 'RAFT_CLUSTER_',
  commands: ['stop'],
  epilogue:
    'Each flag may come from the environment instead: --base-port from RAFT_CLUSTER_BASE_PORT, and so on.\n' +
    'Exit codes: 0 stopped as asked, 1 failed, 2 cannot start as asked.',
};

export interface ClusterOptions {
  readonly command: 'start' | 'stop';
  readonly nodes: number;
  readonly transport: string;
  readonly storage: string;
  /** The storage keeps its data in a directory. */
  readonly durable: boolean;
  /** An absolute path. */
  readonly directory: string;
  readonly fresh: boolean;
  readonly basePort: number;
  readonly detach: boolean;
  /** Arguments for each server, as they were given. */
  readonly serverArguments: readonly string[];
}

/** Throws {@link UsageError}. */
export function readClusterOptions(given: Given): ClusterOptions {
  const transport = given.text('transport') ?? flags.transport.default;
  if (!chooseTransport(transport, given.nameOf('transport')).listens) {
    throw new UsageError(`--transport ${transport} reaches no other process: use grpc or tcp`);
  }
  const storage = given.text('storage') ?? flags.storage.default;
  const handedOn = (['heartbeat-interval', 'election-timeout', 'log-level'] as const).flatMap((flag) => {
    const text = given.text(flag);
    return text === undefined ? [] : [`--${flag}`, text];
  });
  return {
    command: given.command === 'stop' ? 'stop' : 'start',
    nodes: readNumber(given, 'nodes', { min: 1, max: 9, unit: 'nodes' }) ?? 3,
    transport,
    storage,
    durable: chooseStorage(storage, given.nameOf('storage')).needsData,
    directory: resolve(given.text('data') ?? flags.data.default),
    fresh: given.isSet('fresh'),
    basePort: readNumber(given, 'base-port', { min: 1024, max: 65_400, unit: 'port' }) ?? 7601,
    detach: given.isSet('detach'),
    serverArguments: handedOn,
  };
}
