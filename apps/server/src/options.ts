import { checkName, parseAddress, parsePeers } from './addresses.js';
import { chooseStorage, chooseTransport, storageNames, transportNames } from './choices.js';
import type { StorageChoice, TransportChoice } from './choices.js';
import type { Flag, Given, Program } from './flags.js';
import { logLevels } from './log.js';
import type { LogLevelName } from './log.js';
import { readNumber, readSpan } from './numbers.js';
import { UsageError } from './usage-error.js';

const flags = {
  id: { describe: 'This node, one of --peers' },
  peers: { describe: 'All nodes of a new cluster, the same on each: "1=host:port,2=host:port,3=host:port"' },
  transport: { describe: `How nodes and clients are reached: ${transportNames}`, default: 'grpc' },
  storage: { describe: `Where log and term are kept: ${storageNames}`, default: 'inmemory' },
  data: { describe: 'Directory of a storage on disk; made when it is missing' },
  listen: { describe: 'host:port to listen on', default: 'own address in --peers' },
  'cluster-id': { describe: 'Nodes of clusters with different ids refuse each other', default: 'raft' },
  'heartbeat-interval': { describe: 'Milliseconds between messages to an idle follower', default: '100' },
  'election-timeout': {
    describe: 'min-max, milliseconds without a leader before a campaign; min at least twice the heartbeat interval',
    default: '500-1000',
  },
  http: { describe: 'host:port that serves /status, /healthz and /readyz', default: 'none' },
  'max-key-bytes': { describe: 'Longer keys are refused', default: '4096' },
  'max-value-bytes': { describe: 'Longer values are refused', default: '1048576' },
  'log-level': { describe: `Least level on stderr: ${logLevels.join(', ')}`, default: 'info' },
  'stop-on-stdin-end': { describe: 'Stops cleanly when stdin ends: with the parent that holds it', switch: true },
} satisfies Record<string, Flag>;

export const program: Program = {
  name: 'raft-server',
  usage: '--id ID --peers PEERS [options]\n\nRuns one node of a replicated map.',
  flags,
  prefix: 'RAFT_',
  epilogue:
    'Each flag may come from the environment instead: --election-timeout from RAFT_ELECTION_TIMEOUT, and so on.\n' +
    'Exit codes: 0 stopped as asked, 1 failed while it ran, 2 cannot start as asked.',
};

export interface ServerOptions {
  readonly id: string;
  readonly clusterId: string;
  readonly peers: ReadonlyMap<string, string>;
  readonly transport: TransportChoice;
  readonly transportName: string;
  readonly storage: StorageChoice;
  readonly storageName: string;
  /** Empty without `--data`. */
  readonly directory: string;
  /** `host:port` */
  readonly listen: string;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: { readonly min: number; readonly max: number };
  /** `host:port` */
  readonly http: string | undefined;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly logLevel: LogLevelName;
  readonly stopOnStdinEnd: boolean;
}

/** Checks all that can be checked without touching disk and network. Throws {@link UsageError}. */
export function readOptions(given: Given): ServerOptions {
  const id = required(given, 'id', 'the id of this node, such as 1');
  const peers = parsePeers(required(given, 'peers', '"1=host:port,2=host:port"'), given.nameOf('peers'));
  const own = peers.get(id);
  if (own === undefined) {
    const known = [...peers.keys()].join(', ');
    throw new UsageError(`${given.nameOf('id')} ${id} is not in --peers: use one of ${known}, or add it to --peers`);
  }
  return {
    id,
    peers,
    clusterId: checkName(given.text('cluster-id') ?? 'raft', given.nameOf('cluster-id')),
    ...readTransport(given, peers),
    ...readStorage(given),
    listen: readAddress(given, 'listen') ?? own,
    ...readTimes(given),
    http: readAddress(given, 'http'),
    maxKeyBytes: readNumber(given, 'max-key-bytes', { min: 1, max: 65_536, unit: 'bytes' }) ?? 4096,
    maxValueBytes: readNumber(given, 'max-value-bytes', { min: 1, max: 2 ** 21, unit: 'bytes' }) ?? 2 ** 20,
    logLevel: readLogLevel(given),
    stopOnStdinEnd: given.isSet('stop-on-stdin-end'),
  };
}

function required(given: Given, flag: keyof typeof flags, wanted: string): string {
  const text = given.text(flag);
  if (text === undefined) throw new UsageError(`--${flag} is missing: give ${wanted}`);
  return text;
}

function readTransport(
  given: Given,
  peers: ReadonlyMap<string, string>,
): Pick<ServerOptions, 'transport' | 'transportName'> {
  const transportName = given.text('transport') ?? flags.transport.default;
  const transport = chooseTransport(transportName, given.nameOf('transport'));
  if (!transport.listens && peers.size > 1) {
    throw new UsageError(
      `--transport ${transportName} reaches no other process, but --peers names ${peers.size} nodes: use grpc or tcp, or name one node`,
    );
  }
  return { transport, transportName };
}

function readStorage(given: Given): Pick<ServerOptions, 'storage' | 'storageName' | 'directory'> {
  const storageName = given.text('storage') ?? flags.storage.default;
  const storage = chooseStorage(storageName, given.nameOf('storage'));
  const directory = given.text('data') ?? '';
  if (storage.needsData && directory === '') {
    throw new UsageError(`--storage ${storageName} needs a directory for its files: add --data DIR`);
  }
  if (!storage.needsData && directory !== '') {
    throw new UsageError(
      `--storage ${storageName} writes nothing to ${directory}: use simplefile or level, or leave --data out`,
    );
  }
  return { storage, storageName, directory };
}

function readTimes(given: Given): Pick<ServerOptions, 'heartbeatIntervalMs' | 'electionTimeoutMs'> {
  const range = { min: 1, max: 600_000, unit: 'milliseconds' };
  const heartbeatIntervalMs = readNumber(given, 'heartbeat-interval', range) ?? 100;
  const electionTimeoutMs = readSpan(given, 'election-timeout', range) ?? { min: 500, max: 1000 };
  const { min, max } = electionTimeoutMs;
  if (min < 2 * heartbeatIntervalMs) {
    throw new UsageError(
      `the heartbeat interval of ${heartbeatIntervalMs} ms is too long for an election timeout of ${min}-${max} ms: ` +
        `use --heartbeat-interval ${Math.max(1, Math.floor(min / 2))} or less, or --election-timeout ${2 * heartbeatIntervalMs}-${4 * heartbeatIntervalMs}`,
    );
  }
  return { heartbeatIntervalMs, electionTimeoutMs };
}

function readAddress(given: Given, flag: 'listen' | 'http'): string | undefined {
  const text = given.text(flag);
  // Any free port will do for people and scrapers who read the log; peers have to know the other one.
  if (text !== undefined) parseAddress(text, given.nameOf(flag), flag === 'http');
  return text;
}

function readLogLevel(given: Given): LogLevelName {
  const text = given.text('log-level') ?? 'info';
  const level = logLevels.find((name) => name === text);
  if (level !== undefined) return level;
  throw new UsageError(`${given.nameOf('log-level')} ${JSON.stringify(text)} is unknown: use ${logLevels.join(', ')}`);
}
