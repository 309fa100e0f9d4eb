import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeId, Storage } from '@raft/core';
import { encodeSet } from '@raft/kv';
import { fileStorage } from '@raft/storage-file';
import { levelStorage } from '@raft/storage-level';
import { memoryStorage } from '@raft/storage-memory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { leaderOrNone } from './support/campaigns.js';
import { Cluster } from './support/cluster.js';
import { eventually } from './support/eventually.js';
import { memory } from './support/networks.js';

// X is acknowledged by 1 and 2 while 3 is cut off; all stop. What 2 knew of X is damaged, or its directory is gone; then 2 and 3 start
// alone. Whoever leads without X was elected by forgetting.

const key = new TextEncoder().encode('x');
const value = 'a value that stands in the files as it is';

let folder: string;
let cluster: Cluster | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raft-amnesia-'));
});

afterEach(async () => {
  // Nodes that refuse to start, or stop for what they find, are what is tested here.
  await cluster?.close().catch(() => 'told by the test');
  await rm(folder, { recursive: true, force: true });
});

const directoryOf = (id: NodeId): string => join(folder, id);

async function acknowledgeX(storage: (id: NodeId) => Storage): Promise<Cluster> {
  const made = new Cluster(memory(), { storage, close: async () => {} });
  cluster = made;
  await made.start();
  const before = await made.leader();
  await before.node.propose(encodeSet(key, new TextEncoder().encode('before')));
  // All know by then with which storage each of them takes part: the leader has written it to the log.
  const { index } = before.node.status().membership;
  await eventually(
    () => index > 1 && made.lives.every(({ node }) => node.status().appliedIndex >= index),
    'the identities of all storages',
  );
  made.partition(['3'], 'cut');
  const leader = await made.leader(['1', '2']);
  await leader.node.propose(encodeSet(key, new TextEncoder().encode(value)));
  await eventually(
    () => ['1', '2'].every((id) => made.life(id).node.status().appliedIndex === leader.node.status().lastIndex),
    'X on 1 and 2',
  );
  await made.stop('1', '2', '3');
  made.heal();
  return made;
}

/** Changes a bit of every copy of X's value; gives how many there were. */
async function damageX(directory: string): Promise<number> {
  let found = 0;
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 1)) {
      bytes[at] = (bytes[at] as number) ^ 1;
      found++;
    }
    await writeFile(path, bytes);
  }
  return found;
}

async function leadsWithX(made: Cluster): Promise<void> {
  const leader = await made.leader();
  const answer = await leader.node.read({ type: 'get', key });
  expect(answer.type === 'get' && new TextDecoder().decode(answer.found?.value)).toBe(value);
}

const durable: [string, (id: NodeId) => Storage][] = [
  ['simplefile', (id) => fileStorage({ directory: directoryOf(id), segmentBytes: 128 * 1024 })],
  ['level', (id) => levelStorage({ directory: directoryOf(id) })],
];

describe.each(durable)('amnesia (%s)', (_, storage) => {
  test('a node whose record of X is damaged does not start, and the one without X does not lead', async () => {
    const made = await acknowledgeX(storage);
    expect(await damageX(directoryOf('2'))).toBeGreaterThan(0);
    await expect(made.start('2')).rejects.toMatchObject({ code: 'RAFT_STORAGE_CORRUPT' });
    await made.start('3');
    expect(await leaderOrNone(made, ['3'])).toBeUndefined();
    await made.start('1');
    await leadsWithX(made);
  }, 180_000);

  test('a node whose directory is gone does not help the one without X to lead', async () => {
    const made = await acknowledgeX(storage);
    await rm(directoryOf('2'), { recursive: true });
    await made.start('2', '3');
    expect(await leaderOrNone(made, ['2', '3'])).toBeUndefined();
    await made.start('1');
    await leadsWithX(made);
  }, 180_000);
});

describe('amnesia (inmemory)', () => {
  test('a process that restarts does not help the one without X to lead, nor vote as its former self', async () => {
    // As long as an object stays, its process has not ended.
    const processes = new Map<NodeId, Storage>();
    const storage = (id: NodeId): Storage => {
      const found = processes.get(id) ?? memoryStorage();
      processes.set(id, found);
      return found;
    };
    const made = await acknowledgeX(storage);
    processes.delete('2');
    await made.start('2', '3');
    expect(await leaderOrNone(made, ['2', '3'])).toBeUndefined();
    await made.start('1');
    const votersSeen: string[] = [];
    made.life('1').node.on('membership', ({ voters }) => void votersSeen.push(voters.join()));
    await leadsWithX(made);
    // It is a new member: a learner first. Once admitted it has a vote again, and it and the former minority are enough.
    await eventually(() => votersSeen.includes('1,3'), 'that 2 is a learner');
    await eventually(
      () =>
        made.lives.every(({ node }) => {
          const { voters, outgoing } = node.status().membership;
          return voters.length === 3 && outgoing.length === 0;
        }),
      'the admission of 2',
    );
    await made.stop('1');
    await leadsWithX(made);
  }, 180_000);
});
