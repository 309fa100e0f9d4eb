import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KvClient } from '@raft/kv';
import { connectors, ServerFleet } from './fleet.js';
import type { FleetOptions } from './fleet.js';
import { residentMiB } from './wiped.js';

export interface MemoryOptions extends FleetOptions {
  readonly writes: number;
  readonly callers: number;
  readonly valueBytes: number;
  /** Keys that are written again and again. */
  readonly keys: number;
}

export interface MemoryReport {
  readonly writes: number;
  readonly seconds: number;
  /** After each tenth of the writes: the most that a node has in memory, and on its disk. */
  readonly samples: readonly { readonly writes: number; readonly rssMiB: number; readonly directoryMiB: number }[];
  readonly snapshotIndex: number;
  /** Milliseconds from the start of all nodes, after all were killed, until a read is answered. */
  readonly restartMs: number;
}

/** Writes to few keys for long, with snapshots on; tells what memory and disk do, and how long a restart takes. */
export async function runMemory(options: MemoryOptions): Promise<MemoryReport> {
  const fleet = new ServerFleet(options);
  const ids = ['1', '2', '3'];
  const peers = Object.fromEntries(ids.map((id) => [id, fleet.address(id)]));
  const client = new KvClient({ peers, connector: connectors[options.transport](), timeoutMs: 60_000 });
  try {
    for (const id of ids) fleet.startFounder(id, peers);
    await client.get('first');
    const begun = performance.now();
    const samples: MemoryReport['samples'][number][] = [];
    for (let tenth = 1; tenth <= 10; tenth++) {
      const writes = Math.floor((options.writes * tenth) / 10);
      await writeUpTo(client, writes, Math.floor((options.writes * (tenth - 1)) / 10), options);
      const rssMiB = Math.max(...ids.map((id) => residentMiB(fleet.pid(id))));
      const directoryMiB = Math.max(...ids.map((id) => directoryBytes(join(options.directory, id)))) / 2 ** 20;
      samples.push({ writes, rssMiB: Math.round(rssMiB), directoryMiB: Math.round(directoryMiB) });
    }
    const seconds = Math.round((performance.now() - begun) / 100) / 10;
    const snapshotIndex = await fleet.eventually('no snapshot', 60_000, (all) => {
      const least = Math.min(...all.map(({ snapshotIndex }) => snapshotIndex));
      return all.length === ids.length && least > 0 ? least : undefined;
    });
    await fleet.killAll();
    const restarted = performance.now();
    for (const id of ids) fleet.restart(id);
    const found = await client.get(keyOf(0));
    if (found?.value.length !== options.valueBytes) throw new Error('what was written is lost');
    return {
      writes: options.writes,
      seconds,
      samples,
      snapshotIndex,
      restartMs: Math.round(performance.now() - restarted),
    };
  } finally {
    client.close();
    await fleet.killAll();
  }
}

async function writeUpTo(client: KvClient, end: number, start: number, options: MemoryOptions): Promise<void> {
  let next = start;
  const caller = async (): Promise<void> => {
    while (next < end) {
      const n = next++;
      await client.set(keyOf(n % options.keys), Buffer.alloc(options.valueBytes, `${n};`));
    }
  };
  await Promise.all(Array.from({ length: options.callers }, caller));
}

function keyOf(n: number): string {
  return `m/${String(n).padStart(9, '0')}`;
}

/** Files that go meanwhile do not count. */
function directoryBytes(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    try {
      if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return bytes;
}
