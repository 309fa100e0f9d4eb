import { createNode, RaftError, StorageError, TransportError } from '@raft/core';
import type { Logger, NodeStatus, RaftNode } from '@raft/core';
import { KvStateMachine, kvService, kvUnaryService } from '@raft/kv';
import type { KvAnswer, KvNode, KvQuery, KvResult } from '@raft/kv';
import { prepareDirectory } from './directory.js';
import { serveHttp } from './http.js';
import type { HttpServer } from './http.js';
import type { ServerOptions } from './options.js';
import { UsageError } from './usage-error.js';

export interface RunningServer {
  /** Where `/status` is served, with the port that was really taken. */
  readonly http: string | undefined;
  status(): NodeStatus;
  /** Lets another node lead, where this one does; takes at most some seconds, and never rejects. */
  handOver(): Promise<void>;
  /** Stops serving, then the node, then the transport. */
  close(): Promise<void>;
}

type Server = RaftNode<Uint8Array, KvResult, KvQuery, KvAnswer>;

export interface ComposeOptions extends ServerOptions {
  readonly version: string;
  readonly logger: Logger;
  /** The node stopped itself. */
  onFatal(error: RaftError): void;
}

/** Puts one storage, one transport and one node together and starts them. Throws {@link UsageError} or {@link RaftError}. */
export async function startServer(options: ComposeOptions): Promise<RunningServer> {
  if (options.storage.needsData) await prepareDirectory(options.directory, options.storageName);
  const { id, clusterId, peers, listen, advertise, logger } = options;
  const { maxKeyBytes, maxValueBytes, leaseReads, version } = options;
  const kv = { maxKeyBytes, maxValueBytes, leaseReads, version, logger };
  const served = lateNode();
  const transport = await options.transport.make({
    ...{ nodeId: id, clusterId, listen, advertise, logger },
    onCall: kvService(served, kv),
    services: [kvUnaryService(served, kv)],
  });
  const node = createNode({
    id,
    clusterId,
    transport,
    storage: await options.storage.make({ directory: options.directory, logger }),
    stateMachine: new KvStateMachine(),
    ...(peers === undefined ? {} : { bootstrap: Object.fromEntries(peers) }),
    heartbeatIntervalMs: options.heartbeatIntervalMs,
    electionTimeoutMs: options.electionTimeoutMs,
    snapshotThresholdEntries: options.snapshotThresholdEntries,
    snapshotThresholdBytes: options.snapshotThresholdBytes,
    retainedEntries: options.retainedEntries,
    priority: options.priority,
    maxClockDrift: options.maxClockDrift,
    sessionTimeoutMs: options.sessionTimeoutMs,
    // A client of the map finds the leader by itself, and stays there.
    forward: false,
    logger,
  });
  served.bind(node);
  node.on('fatal', ({ error }) => options.onFatal(error));
  // The node itself tells of what whoever looks after the cluster should know.
  node.on('snapshot', ({ index, source }) => logger('info', `snapshot ${source}`, { index }));
  let http: HttpServer | undefined;
  const close = async (): Promise<void> => {
    await http?.close();
    await node.stop();
    await transport.close();
  };
  try {
    // Ports first: one that is taken must not leave a new storage behind.
    await transport.start();
    if (options.http !== undefined) {
      http = await serveHttp({ address: options.http, version: options.version, status: () => node.status() });
    }
    await node.start();
  } catch (error) {
    await close();
    throw asUsageError(error, options);
  }
  return {
    http: http?.address,
    status: () => node.status(),
    handOver: async () => handOver(node, options.electionTimeoutMs.max, logger),
    close,
  };
}

/** Longer does nobody wait who stops a server: milliseconds. */
const maxHandOverMs = 3000;

/** A leader that goes lets another one take over first: the cluster does not have to find out. */
async function handOver(node: Server, electionTimeoutMs: number, logger: Logger): Promise<void> {
  const { role, membership } = node.status();
  if (role !== 'leader' || membership.voters.every((id) => id === node.id)) return;
  try {
    await node.transferLeadership(undefined, { timeoutMs: Math.min(2 * electionTimeoutMs, maxHandOverMs) });
  } catch (error) {
    // It stops all the same: then the others elect one by themselves.
    logger('warn', 'the leadership was not handed over', { error });
  }
}

/** The transport serves a node that is made with the transport: nothing is served before both are there. */
function lateNode(): KvNode & { bind(node: KvNode): void } {
  let bound: KvNode | undefined;
  const node = (): KvNode => {
    if (bound === undefined) throw new Error('a request came before the transport was started');
    return bound;
  };
  return {
    propose: (command, options) => node().propose(command, options),
    read: (query, options) => node().read(query, options),
    status: () => node().status(),
    on: (event, listener) => node().on(event, listener),
    snapshot: (options) => node().snapshot(options),
    registerSession: (options) => node().registerSession(options),
    keepSession: (id, options) => node().keepSession(id, options),
    closeSession: (id, options) => node().closeSession(id, options),
    changeMembership: (change, options) => node().changeMembership(change, options),
    previewMembership: (change, options) => node().previewMembership(change, options),
    transferLeadership: (target, options) => node().transferLeadership(target, options),
    bind(node) {
      bound = node;
    },
  };
}

/** What the person who starts the server can mend is a usage error; the rest stays what it is. */
export function asUsageError(error: unknown, options: Pick<ServerOptions, 'listen'>): unknown {
  if (error instanceof TransportError) {
    return new UsageError(
      error.code === 'RAFT_ADDRESS_IN_USE'
        ? `--listen ${options.listen} is in use: stop what listens there, or choose another port`
        : `--listen: ${error.message}`,
    );
  }
  if (
    error instanceof StorageError &&
    (error.code === 'RAFT_STORAGE_IN_USE' || error.code === 'RAFT_STORAGE_IDENTITY')
  ) {
    return new UsageError(`--data: ${error.message}`);
  }
  if (error instanceof StorageError && isForbidden(error.cause)) {
    return new UsageError(`--data: ${error.message}: change the rights of what is there, or choose another`);
  }
  if (error instanceof RaftError && error.code === 'RAFT_INVALID_ARGUMENT') return new UsageError(error.message);
  return error;
}

/** A directory that may be written to can hold files that may not. */
function isForbidden(cause: unknown): boolean {
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
}
