import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../usage-error.js';
import { isRunning } from './identity.js';
import type { ProcessIdentity } from './identity.js';

/** What `cluster.json` says: how the cluster is laid out, and which processes run it. `raft-client` reads it too. */
export interface ClusterState {
  readonly version: 1;
  readonly clusterId: string;
  readonly transport: string;
  readonly storage: string;
  /** The process that stays up with the nodes; absent in the background. */
  readonly supervisor?: ProcessIdentity;
  readonly nodes: readonly NodeState[];
}

export interface NodeState {
  readonly id: string;
  /** `host:port` for peers and clients. */
  readonly address: string;
  /** `host:port` of its status page. */
  readonly http: string;
  /** Absent once it has been stopped. */
  readonly process?: ProcessIdentity;
}

export function stateFile(directory: string): string {
  return join(directory, 'cluster.json');
}

/** Undefined when there is none. Throws {@link UsageError} when it cannot be understood. */
export async function readState(directory: string): Promise<ClusterState | undefined> {
  const file = stateFile(directory);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new UsageError(`${file} cannot be read (${code}): change its rights or choose another --data`);
  }
  try {
    const state = JSON.parse(text) as ClusterState;
    if (state.version === 1 && Array.isArray(state.nodes)) return state;
  } catch {
    // Reported below, like other nonsense.
  }
  throw new UsageError(`${file} is not a cluster's: choose another --data, or remove it`);
}

/** Whole or not at all: others read it at any time. */
export async function writeState(directory: string, state: ClusterState): Promise<void> {
  const file = stateFile(directory);
  await writeFile(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}

/** The same cluster with nobody running it. */
export function withoutProcesses(state: ClusterState): ClusterState {
  const { supervisor: _supervisor, ...rest } = state;
  return { ...rest, nodes: state.nodes.map(({ id, address, http }) => ({ id, address, http })) };
}

export function runningProcesses(state: ClusterState): ProcessIdentity[] {
  return state.nodes.flatMap((node) => (node.process !== undefined && isRunning(node.process) ? [node.process] : []));
}
