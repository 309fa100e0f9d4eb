import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeDirectory } from '../directory.js';
import { UsageError } from '../usage-error.js';
import { httpPortOffset } from './options.js';
import type { ClusterOptions } from './options.js';
import { busyAddresses } from './ports.js';
import { readState, runningProcesses, stateFile } from './state.js';
import type { ClusterState } from './state.js';

export const clusterId = 'local';

/** The files that a cluster leaves in its directory. */
const ownFile = /^(cluster\.json(\.new)?|node-\d\.log(\.1)?|\d-nodes-\d+)$/;

/**
 * Where a cluster keeps its nodes' data, below its directory. Its log names its members and their addresses, so that
 * clusters of other shapes have others.
 */
export function dataFolder({ nodes, basePort }: ClusterOptions): string {
  return `${nodes}-nodes-${basePort}`;
}

/**
 * Lays the cluster out: which node has which ports. Sees that nothing is in its way, an earlier cluster included.
 * Throws {@link UsageError}.
 */
export async function layOut(options: ClusterOptions): Promise<ClusterState> {
  const { directory } = options;
  await makeDirectory(directory).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--data ${directory} cannot be made (${error.code}): choose another`);
  });
  const earlier = await readState(directory);
  if (earlier !== undefined && runningProcesses(earlier).length > 0) {
    const pids = runningProcesses(earlier).map(({ pid }) => pid);
    throw new UsageError(
      `a cluster runs in ${directory} already (process ${pids.join(', ')}): stop it first, or choose another --data and --base-port`,
    );
  }
  if (options.fresh) await wipe(directory, earlier !== undefined);
  const state = makeState(options);
  const busy = await busyAddresses(state.nodes.flatMap(({ address, http }) => [address, http]));
  if (busy.length > 0) {
    throw new UsageError(`${busy.join(', ')} in use: stop what listens there, or choose another --base-port`);
  }
  return state;
}

function makeState({ nodes, basePort, transport, storage }: ClusterOptions): ClusterState {
  return {
    version: 1,
    clusterId,
    transport,
    storage,
    nodes: Array.from({ length: nodes }, (_, at) => ({
      id: String(at + 1),
      address: `127.0.0.1:${basePort + at}`,
      http: `127.0.0.1:${basePort + httpPortOffset + at}`,
    })),
  };
}

/** Removes what a cluster leaves behind and nothing else. */
async function wipe(directory: string, known: boolean): Promise<void> {
  const names = await readdir(directory);
  const strange = names.filter((name) => !ownFile.test(name));
  if (strange.length > 0 && !known) {
    throw new UsageError(
      `${directory} holds ${strange[0]} and no ${basename(stateFile(''))}: --fresh removes only a cluster's data`,
    );
  }
  for (const name of names.filter((name) => ownFile.test(name))) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
}
