import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from './cluster-error.js';
import { identify } from './identity.js';
import { waitForLeader } from './leader.js';
import { layOut } from './layout.js';
import { lastLine, startNode } from './node-process.js';
import type { NodeProcess } from './node-process.js';
import type { ClusterOptions } from './options.js';
import { describeCluster } from './report.js';
import { withoutProcesses, writeState } from './state.js';
import type { ClusterState } from './state.js';
import { stopTimeoutMs } from './stop.js';
import { writeAndRead } from './write-and-read.js';

/** From the first process to a leader that all know. */
const leaderTimeoutMs = 30_000;

export type Print = (line: string) => void;

/**
 * Starts the nodes, waits for a leader, writes and reads a key and tells about it. In the foreground it then stays until
 * `stop` is aborted and stops the nodes; in the background it returns. Throws {@link ClusterError}; then nothing is left running.
 */
export async function startCluster(options: ClusterOptions, print: Print, stop: AbortSignal): Promise<void> {
  const layout = await layOut(options);
  const nodes: NodeProcess[] = [];
  const over = new AbortController();
  const gaveUp = AbortSignal.any([stop, over.signal]);
  try {
    for (const node of layout.nodes) nodes.push(startNode(node, layout, options));
    await writeState(options.directory, withProcesses(layout, nodes, options.detach));
    await Promise.race([bringUp(layout, options, nodes, print, gaveUp), firstDeath(nodes), aborted(stop)]);
    if (options.detach && !stop.aborted) return void nodes.forEach((node) => node.release());
    await Promise.race([reportDeaths(nodes, print, stop), aborted(stop)]);
  } catch (error) {
    over.abort();
    await stopNodes(nodes, options, layout);
    throw error;
  }
  print('stopping');
  await stopNodes(nodes, options, layout);
  print('stopped');
}

function withProcesses(layout: ClusterState, nodes: readonly NodeProcess[], detach: boolean): ClusterState {
  const supervisor = detach ? undefined : identify(process.pid);
  return {
    ...layout,
    ...(supervisor === undefined ? {} : { supervisor }),
    nodes: nodes.map(({ node, identity }) => ({ ...node, process: identity })),
  };
}

async function bringUp(
  layout: ClusterState,
  options: ClusterOptions,
  nodes: readonly NodeProcess[],
  print: Print,
  gaveUp: AbortSignal,
): Promise<void> {
  const reports = await waitForLeader(layout.nodes, leaderTimeoutMs, gaveUp);
  if (gaveUp.aborted) return;
  if (reports === undefined) {
    throw new ClusterError(
      `no leader within ${leaderTimeoutMs / 1000} s: see ${nodes.map(({ logFile }) => logFile).join(', ')}`,
    );
  }
  const times = await writeAndRead(layout);
  for (const line of describeCluster(layout, options, nodes, reports, times)) print(line);
}

/** Rejects when a node ends before the cluster stands. */
async function firstDeath(nodes: readonly NodeProcess[]): Promise<never> {
  const { node, how, logFile } = await Promise.race(nodes.map(async (one) => ({ ...one, how: await one.ended })));
  throw new ClusterError(`node ${node.id} ended with ${how}: ${lastLine(logFile) || `see ${logFile}`}`);
}

/** Tells of each node that ends before it is told to; rejects when none is left. */
async function reportDeaths(nodes: readonly NodeProcess[], print: Print, stop: AbortSignal): Promise<never> {
  await Promise.all(
    nodes.map(async ({ node, identity, ended, logFile }) => {
      const how = await ended;
      if (!stop.aborted) print(`node ${node.id} (process ${identity.pid}) ended with ${how}: see ${logFile}`);
    }),
  );
  throw new ClusterError('every node has ended');
}

async function stopNodes(nodes: readonly NodeProcess[], options: ClusterOptions, layout: ClusterState): Promise<void> {
  const all = Promise.all(nodes.map(async ({ ended }) => ended));
  for (const node of nodes) node.kill('SIGTERM');
  const late = new AbortController();
  const timer = sleep(stopTimeoutMs, undefined, { signal: late.signal }).then(
    () => nodes.forEach((node) => node.kill('SIGKILL')),
    // Not needed any more.
    () => undefined,
  );
  await all;
  late.abort();
  await timer;
  await writeState(options.directory, withoutProcesses(layout));
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}
