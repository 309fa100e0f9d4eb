import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogLevel, NodeId, SnapshotReader, Storage } from '@raft/core';
import { encodeSet } from '@raft/kv';
import { fileStorage } from '@raft/storage-file';
import { levelStorage } from '@raft/storage-level';
import { memoryStorage } from '@raft/storage-memory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cluster } from './support/cluster.js';
import type { Life } from './support/cluster.js';
import { eventually } from './support/eventually.js';
import { memory } from './support/networks.js';

// A bit of a snapshot flips: on the disk of the leader that is to send it, on that of the follower that is installing it, and on that of a
// node that is down. Nobody stops for it, and nobody shows anything of it.

/** What happens to the snapshots of one node's storage, from one life to the next. */
interface Rot {
  /** The present snapshot is damaged; to be forgotten when another is committed. */
  present: boolean;
  /** The next one that is committed is damaged at once. */
  next: boolean;
}

type Damage = (id: NodeId) => Promise<void>;

let folder: string;
let cluster: Cluster | undefined;
let rots: Map<NodeId, Rot>;
let log: { readonly level: LogLevel; readonly message: string }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raft-damaged-snapshot-'));
  rots = new Map(['1', '2', '3'].map((id) => [id, { present: false, next: false }]));
  log = [];
});

afterEach(async () => {
  await cluster?.close();
  await rm(folder, { recursive: true, force: true });
});

const rotOf = (id: NodeId): Rot => rots.get(id) as Rot;
const directoryOf = (id: NodeId): string => join(folder, id);

/** Damages are made as they are read, where no file can be changed behind the storage's back. */
const inReading: Damage = async (id) => void (rotOf(id).present = true);

const inFile: Damage = async (id) => {
  const names = (await readdir(directoryOf(id))).filter((name) => name.endsWith('.snapshot'));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    const path = join(directoryOf(id), name);
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] as number) ^ 1;
    await writeFile(path, bytes);
  }
};

function rotting(inner: Storage, id: NodeId, damage: Damage): Storage {
  const rot = rotOf(id);
  return {
    open: (identity) => inner.open(identity),
    append: (batch) => inner.append(batch),
    entries: (from, to, maxBytes) => inner.entries(from, to, maxBytes),
    compact: (through) => inner.compact(through),
    async createSnapshot(meta) {
      const writer = await inner.createSnapshot(meta);
      return {
        write: (chunk) => writer.write(chunk),
        abort: () => writer.abort(),
        async commit() {
          await writer.commit();
          rot.present = false;
          if (rot.next) await damage(id);
          rot.next = false;
        },
      };
    },
    async openSnapshot() {
      const reader = await inner.openSnapshot();
      return reader !== undefined && rot.present ? damagedReader(reader) : reader;
    },
    close: () => inner.close(),
  };
}

/** What only the checksum over all finds. */
function damagedReader(reader: SnapshotReader): SnapshotReader {
  return {
    meta: reader.meta,
    size: reader.size,
    async *chunks(offset = 0) {
      let at = offset;
      for await (const chunk of reader.chunks(offset)) {
        const middle = (reader.size >> 1) - at;
        at += chunk.length;
        yield chunk.map((byte, i) => (i === middle ? byte ^ 1 : byte));
      }
    },
    close: () => reader.close(),
  };
}

const valueOf = (i: number): string => `${i}: ${'x'.repeat(2000)}`;

async function write(life: Life, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    await life.node.propose(encodeSet(Buffer.from(`key-${i}`), Buffer.from(valueOf(i))), { timeoutMs: 60_000 });
  }
}

async function holds(made: Cluster, count: number): Promise<void> {
  const map = await made.converge();
  expect(map).toEqual(new Map(Array.from({ length: count }, (_, i) => [`key-${i}`, valueOf(i)])));
}

const memories = new Map<string, Storage>();
function memoryOf(id: NodeId): Storage {
  const key = directoryOf(id);
  const found = memories.get(key) ?? memoryStorage();
  memories.set(key, found);
  return found;
}

describe.each<[string, (id: NodeId) => Storage, Damage]>([
  ['memory', memoryOf, inReading],
  ['simplefile', (id) => fileStorage({ directory: directoryOf(id), segmentBytes: 128 * 1024 }), inFile],
  ['level', (id) => levelStorage({ directory: directoryOf(id) }), inReading],
])('a damaged snapshot (%s)', (_, storage, damage) => {
  async function start(): Promise<Cluster> {
    const made = new Cluster(
      memory(),
      { storage: (id) => rotting(storage(id), id, damage), close: async () => {} },
      {
        node: {
          snapshotThresholdEntries: 10,
          retainedEntries: 0,
          snapshotChunkBytes: 4096,
          logger: (level, message) => void log.push({ level, message }),
        },
      },
    );
    cluster = made;
    await made.start();
    return made;
  }

  /** A leader that has compacted what the follower, who is cut off, does not have. */
  async function withLaggard(made: Cluster): Promise<{ leader: Life; laggard: NodeId }> {
    const before = await made.leader();
    await write(before, 0, 5);
    const laggard = made.ids.find((id) => id !== before.id) as NodeId;
    const { lastIndex } = made.life(laggard).node.status();
    made.partition([laggard], 'cut');
    const leader = await made.leader(made.ids.filter((id) => id !== laggard));
    await write(leader, 5, 40);
    await eventually(() => leader.node.status().firstIndex > lastIndex + 1, 'the log is compacted');
    return { leader, laggard };
  }

  test('of a leader is replaced by one of its own state, which the follower gets', async () => {
    const made = await start();
    const { leader, laggard } = await withLaggard(made);
    await leader.node.snapshot();
    await damage(leader.id);
    made.heal();
    await eventually(() => made.life(laggard).node.status().snapshotIndex > 0, 'a snapshot is installed');
    expect(log.filter(({ level }) => level === 'error').map(({ message }) => message)).toContainEqual(
      expect.stringContaining(`the snapshot cannot be sent to ${laggard}, another is taken`),
    );
    await holds(made, 40);
  }, 180_000);

  test('of a follower that installs it is asked for again', async () => {
    const made = await start();
    const { laggard } = await withLaggard(made);
    rotOf(laggard).next = true;
    made.heal();
    await eventually(
      () => log.some(({ message }) => message.startsWith("the leader's snapshot cannot be read back")),
      'the damage is found',
    );
    await holds(made, 40);
  }, 180_000);

  test("of a node that starts: another replica's is fetched", async () => {
    const made = await start();
    const leader = await made.leader();
    await write(leader, 0, 40);
    const id = made.ids.find((each) => each !== leader.id) as NodeId;
    await eventually(
      () => made.life(id).node.status().appliedIndex >= leader.node.status().lastIndex,
      'all is applied',
    );
    await made.life(id).node.snapshot();
    await made.stop(id);
    await damage(id);
    await made.start(id);
    expect(log.filter(({ level }) => level === 'error').map(({ message }) => message)).toContainEqual(
      expect.stringContaining('the snapshot cannot be read, and one is fetched from the leader'),
    );
    await write(await made.leader(), 40, 45);
    await holds(made, 45);
  }, 180_000);
});
