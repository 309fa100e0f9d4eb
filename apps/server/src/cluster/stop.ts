import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, signal } from './identity.js';
import type { ProcessIdentity } from './identity.js';
import { readState, runningProcesses, withoutProcesses, writeState } from './state.js';

/** A server that has not stopped by then is killed. */
export const stopTimeoutMs = 12_000;

/** Ends exactly the processes that the cluster in this directory started; says what it did in one line. */
export async function stopCluster(directory: string): Promise<string> {
  const state = await readState(directory);
  if (state === undefined) return `no cluster was started in ${directory}`;
  const { supervisor } = state;
  if (supervisor !== undefined && signal(supervisor, 'SIGTERM')) {
    // It stops its nodes itself, and has as long for it as they have, and a little more.
    await ended([supervisor], stopTimeoutMs + 3000);
  }
  const nodes = runningProcesses(state);
  const killed = await stopProcesses(nodes);
  const now = (await readState(directory)) ?? state;
  await writeState(directory, withoutProcesses(now));
  if (nodes.length === 0 && supervisor === undefined) return `no cluster runs in ${directory}`;
  const forced =
    killed.length === 0 ? '' : `; killed, since they did not stop: ${killed.map(({ pid }) => pid).join(', ')}`;
  return `the cluster in ${directory} is stopped${forced}`;
}

/** Asks, waits, and kills what is left; returns the latter. */
export async function stopProcesses(processes: readonly ProcessIdentity[]): Promise<ProcessIdentity[]> {
  for (const known of processes) signal(known, 'SIGTERM');
  const late = await ended(processes, stopTimeoutMs);
  for (const known of late) signal(known, 'SIGKILL');
  await ended(late, 5000);
  return late;
}

/** Waits for processes that are perhaps not this one's children; returns those that still run after `timeoutMs`. */
async function ended(processes: readonly ProcessIdentity[], timeoutMs: number): Promise<ProcessIdentity[]> {
  const deadline = performance.now() + timeoutMs;
  let left = processes.filter(isRunning);
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(50);
    left = left.filter(isRunning);
  }
  return left;
}
