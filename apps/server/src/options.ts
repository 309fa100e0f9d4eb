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
  join: { describe: 'Starts empty, without --peers, and waits to be added to a cluster; needs --listen', switch: true },
  transport: { describe: `How nodes and clients are reached: ${transportNames}`, default: 'grpc' },
  storage: { describe: `Where log and term are kept: ${storageNames}`, default: 'inmemory' },
  data: { describe: 'Directory of a storage on disk; made when it is missing' },
  listen: { describe: 'host:port to listen on', default: 'own address in --peers' },
  advertise: {
    describe: 'host:port at which the others reach this node',
    default: 'own address in --peers, or --listen',
  },
  'cluster-id': { describe: 'Nodes of clusters with different ids refuse each other', default: 'raft' },
  'heartbeat-interval': { describe: 'Milliseconds between messages to an idle follower', default: '100' },
  'election-timeout': {
    describe: 'min-max, milliseconds without a leader before a campaign; min at least twice the heartbeat interval',
    default: '500-1000',
  },
  priority: {
    describe: 'A leader hands over to a node of a higher priority; one of priority 0 never campaigns by itself',
    default: '1',
  },
  'snapshot-threshold': {
    describe: 'Entries after which a snapshot is taken; 0: never for their number',
    default: '100000',
  },
  'snapshot-threshold-bytes': {
    describe: 'Bytes of entries after which a snapshot is taken; 0: never for their size',
    default: '67108864',
  },
  'retained-entries': { describe: 'Entries kept behind a snapshot for nodes that lag a little', default: '10000' },
  'lease-reads': {
    describe:
      "Answers reads that ask for it by the leader's lease, which counts on clocks that drift no more than told",
    switch: true,
  },
  'max-clock-drift': {
    describe: 'How much faster one clock may run than another, in percent: a lease is that much shorter',
    default: '10',
  },
  'session-timeout': { describe: 'Milliseconds without use after which a client session expires', default: '3600000' },
  http: { describe: 'host:port that serves /status, /healthz and /readyz', default: 'none' },
  'max-key-bytes': { describe: 'Longer keys are refused', default: '4096' },
  'max-value-bytes': { describe: 'Longer values are refused', default: '1048576' },
  'log-level': { describe: `Least level on stderr: ${logLevels.join(', ')}`, default: 'info' },
  'stop-on-stdin-end': { describe: 'Stops cleanly when stdin ends: with the parent that holds it', switch: true },
} satisfies Record<string, Flag>;

export const program: Program = {
  name: 'raft-server',
  usage:
    '--id ID --peers PEERS [options]\n       raft-server --id ID --join --listen HOST:PORT [options]\n' +
    '       raft-server storage dump|verify|diff|repair|recover --help\n\nRuns one node of a replicated map.',
  flags,
  prefix: 'RAFT_',
  epilogue:
    'Each flag may come from the environment instead: --election-timeout from RAFT_ELECTION_TIMEOUT, and so on.\n' +
    'Exit codes: 0 stopped as asked, 1 failed while it ran, 2 cannot start as asked.',
};

export interface ServerOptions {
  readonly id: string;
  readonly clusterId: string;
  /** The members of a new cluster; undefined for a node that waits to be added to one. */
  readonly peers: ReadonlyMap<string, string> | undefined;
  readonly transport: TransportChoice;
  readonly transportName: string;
  readonly storage: StorageChoice;
  readonly storageName: string;
  /** Empty without `--data`. */
  readonly directory: string;
  /** `host:port` */
  readonly listen: string;
  /** `host:port` */
  readonly advertise: string;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: { readonly min: number; readonly max: number };
  readonly priority: number;
  readonly snapshotThresholdEntries: number;
  readonly snapshotThresholdBytes: number;
  readonly retainedEntries: number;
  readonly leaseReads: boolean;
  /** A fraction. */
  readonly maxClockDrift: number;
  readonly sessionTimeoutMs: number;
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
  const { peers, own } = readPlace(given, id);
  const listen = readAddress(given, 'listen') ?? own;
  if (listen === undefined) {
    throw new UsageError(
      '--join needs an address to listen on, at which the cluster reaches this node: add --listen HOST:PORT',
    );
  }
  return {
    id,
    peers,
    clusterId: checkName(given.text('cluster-id') ?? 'raft', given.nameOf('cluster-id')),
    ...readTransport(given, peers),
    ...readStorage(given),
    listen,
    advertise: readAddress(given, 'advertise') ?? own ?? listen,
    ...readTimes(given),
    ...readSnapshots(given),
    priority: readNumber(given, 'priority', { min: 0, max: 1000, unit: 'steps' }) ?? 1,
    leaseReads: given.isSet('lease-reads'),
    maxClockDrift: (readNumber(given, 'max-clock-drift', { min: 0, max: 90, unit: 'percent' }) ?? 10) / 100,
    sessionTimeoutMs:
      readNumber(given, 'session-timeout', { min: 1000, max: 31_536_000_000, unit: 'milliseconds' }) ?? 3_600_000,
    http: readAddress(given, 'http'),
    maxKeyBytes: readNumber(given, 'max-key-bytes', { min: 1, max: 65_536, unit: 'bytes' }) ?? 4096,
    maxValueBytes: readNumber(given, 'max-value-bytes', { min: 1, max: 2 ** 21, unit: 'bytes' }) ?? 2 ** 20,
    logLevel: readLogLevel(given),
    stopOnStdinEnd: given.isSet('stop-on-stdin-end'),
  };
}

/** The members of a new cluster with this node's own address; nothing for a node that joins one. */
function readPlace(
  given: Given,
  id: string,
): { readonly peers: ReadonlyMap<string, string> | undefined; readonly own: string | undefined } {
  if (given.isSet('join')) {
    // The environment may name them for raft-client.
    const isAsked = given.text('peers') !== undefined && given.nameOf('peers') === '--peers';
    if (!isAsked) return { peers: undefined, own: undefined };
    throw new UsageError(
      '--join and --peers: a node that joins learns the members from the cluster; leave one of them out',
    );
  }
  const peers = parsePeers(required(given, 'peers', '"1=host:port,2=host:port", or --join'), given.nameOf('peers'));
  const own = peers.get(id);
  if (own !== undefined) return { peers, own };
  const known = [...peers.keys()].join(', ');
  throw new UsageError(`${given.nameOf('id')} ${id} is not in --peers: use one of ${known}, or add it to --peers`);
}

function readSnapshots(
  given: Given,
): Pick<ServerOptions, 'snapshotThresholdEntries' | 'snapshotThresholdBytes' | 'retainedEntries'> {
  const entries = { min: 0, max: 1_000_000_000_000, unit: 'entries' };
  const bytes = { min: 0, max: 2 ** 49, unit: 'bytes' };
  return {
    snapshotThresholdEntries: readNumber(given, 'snapshot-threshold', entries) ?? 100_000,
    snapshotThresholdBytes: readNumber(given, 'snapshot-threshold-bytes', bytes) ?? 64 * 1024 * 1024,
    retainedEntries: readNumber(given, 'retained-entries', entries) ?? 10_000,
  };
}

function required(given: Given, flag: keyof typeof flags, wanted: string): string {
  const text = given.text(flag);
  if (text === undefined) throw new UsageError(`--${flag} is missing: give ${wanted}`);
  return text;
}

function readTransport(
  given: Given,
  peers: ReadonlyMap<string, string> | undefined,
): Pick<ServerOptions, 'transport' | 'transportName'> {
  const transportName = given.text('transport') ?? flags.transport.default;
  const transport = chooseTransport(transportName, given.nameOf('transport'));
  if (!transport.listens && peers === undefined) {
    throw new UsageError(`--transport ${transportName} reaches no cluster to join: use grpc or tcp`);
  }
  if (!transport.listens && peers !== undefined && peers.size > 1) {
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

function readAddress(given: Given, flag: 'listen' | 'advertise' | 'http'): string | undefined {
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
