import assert from 'node:assert/strict';
import { RaftError } from '@raft/core';
import type { Storage } from '@raft/core';
import { assertHolds, assertHoldsOneOf, NaiveLog } from './model.js';
import { assertRejects, batch, command, commands, opened, pattern, readAll, reopened, snapshotMeta } from './world.js';
import type { StorageCase, StorageWorld } from './world.js';

const entryBytes = 32 * 1024;
/** A storage may have set space aside; more than this is a disk that is not full. */
const mostBatches = 8192;

/** Fills the disk and appends, three batches at a time, until one is refused. The twin keeps what was acknowledged. */
async function appendUntilFull(world: StorageWorld, storage: Storage, twin: NaiveLog): Promise<void> {
  assert.ok(world.fill, 'a world with the ability fullDisk has a method fill');
  await world.fill();
  for (let count = 0; count < mostBatches; count += 3) {
    const next = twin.lastIndex + 1;
    const batches = [0, 1, 2].map((i) => batch([command(next + i, 1, entryBytes)]));
    const outcomes = await Promise.allSettled(batches.map((each) => storage.append(each)));
    const refused = outcomes.findIndex(({ status }) => status === 'rejected');
    for (const each of batches.slice(0, refused < 0 ? 3 : refused)) twin.append(each);
    if (refused < 0) continue;
    for (const outcome of outcomes.slice(refused)) {
      assert.equal(outcome.status, 'rejected', 'a batch was taken that follows one that was refused');
      assertFull(outcome.reason);
    }
    return;
  }
  assert.fail(`${mostBatches} batches were taken on a full disk`);
}

function assertFull(error: unknown): void {
  assert.ok(
    error instanceof RaftError && error.code === 'RAFT_STORAGE_FULL',
    `not RAFT_STORAGE_FULL: ${String(error)}`,
  );
}

/** A disk without space: refusals that change nothing, and what comes after. */
export const fullDiskCases: readonly StorageCase[] = [
  {
    name: 'a full disk refuses whole batches and those behind them; the storage goes on from what it had',
    needs: 'fullDisk',
    async run(world) {
      const twin = new NaiveLog();
      const { storage } = await opened(world);
      const first = batch(commands(1, 3, 1), { hardState: { term: 1, votedFor: 'n1', commitIndex: 0 } });
      await storage.append(first);
      twin.append(first);
      await appendUntilFull(world, storage, twin);
      const read = await storage.entries(1, 3, 1_000_000);
      assert.equal(read.length, 3, 'what is there can be read while the disk is full');
      await world.free?.();
      const next = batch(commands(twin.lastIndex + 1, twin.lastIndex + 5, 2, 500));
      await storage.append(next);
      twin.append(next);
      const again = await reopened(world, storage);
      await assertHolds(again.storage, again.restored, twin);
    },
  },
  {
    name: 'a refused batch truncates nothing and votes for nobody',
    needs: 'fullDisk',
    async run(world) {
      const twin = new NaiveLog();
      const { storage } = await opened(world);
      await appendUntilFull(world, storage, twin);
      const { lastIndex } = twin;
      const from = Math.max(1, lastIndex);
      const many = Array.from({ length: 40 }, (_, i) => command(from + i, 5, entryBytes));
      const refused = batch(many, { truncateFrom: from, hardState: { term: 5, votedFor: 'n2', commitIndex: 0 } });
      await assertRejects(storage.append(refused), 'RAFT_STORAGE_FULL');
      const again = await reopened(world, storage);
      await assertHolds(again.storage, again.restored, twin);
    },
  },
  {
    name: 'term and vote on a full disk are durable or refused',
    needs: 'fullDisk',
    async run(world) {
      const twin = new NaiveLog();
      const { storage } = await opened(world);
      await appendUntilFull(world, storage, twin);
      for (let term = 2; term <= 20; term++) {
        const vote = batch([], { hardState: { term, votedFor: `n${term}`, commitIndex: 0 } });
        await storage.append(vote).then(() => twin.append(vote), assertFull);
      }
      const again = await reopened(world, storage);
      await assertHolds(again.storage, again.restored, twin);
    },
  },
  {
    name: 'what is full can be closed and opened, and goes on once there is space',
    needs: 'fullDisk',
    async run(world) {
      const twin = new NaiveLog();
      const { storage } = await opened(world);
      await appendUntilFull(world, storage, twin);
      await storage.close();
      await world.free?.();
      const again = await opened(world);
      await assertHolds(again.storage, again.restored, twin);
      const next = batch(commands(twin.lastIndex + 1, twin.lastIndex + 2, 3));
      await again.storage.append(next);
      twin.append(next);
      const third = await reopened(world, again.storage);
      await assertHoldsOneOf(third.storage, third.restored, [twin], 'after space was freed');
    },
  },
  {
    name: 'a snapshot for which there is no space leaves the present one',
    needs: 'fullDisk',
    async run(world) {
      const { storage } = await opened(world);
      const present = await storage.createSnapshot(snapshotMeta(3));
      await present.write(pattern(1000, 3));
      await present.commit();
      await appendUntilFull(world, storage, new NaiveLog());
      const write = async (): Promise<void> => {
        const writer = await storage.createSnapshot(snapshotMeta(4));
        try {
          for (let i = 0; i < 100; i++) await writer.write(pattern(1_000_000, i));
          await writer.commit();
        } catch (error) {
          await writer.abort();
          throw error;
        }
      };
      await assertRejects(write(), 'RAFT_STORAGE_FULL');
      const reader = await storage.openSnapshot();
      assert.equal(reader?.meta.index, 3);
      assert.ok((await readAll(reader.chunks())).equals(pattern(1000, 3)));
      await reader.close();
      await world.free?.();
      await storage.append(batch([], { hardState: { term: 9, votedFor: undefined, commitIndex: 0 } }));
    },
  },
];
