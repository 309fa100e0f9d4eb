import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReport } from '../http.js';
import type { NodeState } from './state.js';

/** Waits until every node answers and all agree on a leader. Undefined when that has not come about in time. */
export async function waitForLeader(
  nodes: readonly NodeState[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<StatusReport[] | undefined> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && !signal.aborted) {
    const reports = await Promise.all(nodes.map(async ({ http }) => fetchStatus(http)));
    const known = reports.filter((report) => report !== undefined);
    const leaders = new Set(known.map(({ leaderId }) => leaderId));
    if (known.length === nodes.length && leaders.size === 1 && !leaders.has(null)) return known;
    await sleep(50);
  }
  return undefined;
}

async function fetchStatus(address: string): Promise<StatusReport | undefined> {
  try {
    const response = await fetch(`http://${address}/status`, { signal: AbortSignal.timeout(1000) });
    return response.ok ? ((await response.json()) as StatusReport) : undefined;
  } catch {
    // Not up yet: asked again until the deadline.
    return undefined;
  }
}
