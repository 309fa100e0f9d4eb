import { join, resolve } from 'node:path';
import type { StatusReport } from '../http.js';
import { dataFolder } from './layout.js';
import type { NodeProcess } from './node-process.js';
import type { ClusterOptions } from './options.js';
import type { ClusterState } from './state.js';

/** How long a write and a read took, in milliseconds. */
export interface Times {
  readonly writeMs: number;
  readonly readMs: number;
}

/** What to tell the person who started the cluster, line by line. */
export function describeCluster(
  layout: ClusterState,
  options: ClusterOptions,
  nodes: readonly NodeProcess[],
  reports: readonly StatusReport[],
  times: Times,
): string[] {
  const leaderId = reports[0]?.leaderId;
  const roles = new Map(reports.map(({ id, role }) => [id, role]));
  const rows = nodes.map(({ node, identity }) => [
    `node ${node.id}`,
    node.address,
    roles.get(node.id) ?? '',
    `process ${identity.pid}`,
    `http://${node.http}/status`,
  ]);
  const kept = options.durable
    ? `${layout.storage} in ${join(options.directory, dataFolder(options))}`
    : `${layout.storage}, gone when they stop`;
  return [
    `${layout.nodes.length} ${layout.nodes.length === 1 ? 'node' : 'nodes'}, transport ${layout.transport}, storage ${kept}`,
    ...alignColumns(rows),
    `node ${leaderId} leads in term ${reports[0]?.term}; a key was written in ${ms(times.writeMs)} and read in ${ms(times.readMs)}`,
    ...hints(layout, options),
  ];
}

/** Commands to go on with. Through a package manager's script, programs are called by way of it. */
function hints(layout: ClusterState, options: ClusterOptions): string[] {
  const byScript = process.env['npm_lifecycle_event'] !== undefined;
  const client = `${byScript ? 'pnpm ' : ''}raft-client`;
  const stop = byScript ? 'pnpm cluster:stop' : 'raft-cluster stop';
  // Both find a cluster in its default place by themselves.
  const found = options.directory === resolve('.raft-cluster');
  const peers = layout.nodes.map(({ address }) => address).join(',');
  const where = found ? '' : ` --transport ${layout.transport} --peers ${peers}`;
  const data = found ? '' : ` --data ${options.directory}`;
  return [
    `try: ${client} set mykey "hello raft"${where}`,
    `     ${client} get mykey${where}`,
    options.detach ? `stop with: ${stop}${data}` : `stop with Ctrl-C, or with: ${stop}${data}`,
  ];
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => void (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
}
