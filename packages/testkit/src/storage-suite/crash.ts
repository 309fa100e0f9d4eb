import assert from 'node:assert/strict';
import { seededRandom } from '@raft/core';
import type { Storage } from '@raft/core';
import { applyStep, applyToTwin, assertHolds, assertHoldsOneOf, NaiveLog, randomStep } from './model.js';
import { assertLog, batch, commands, opened, pattern, readAll, snapshotMeta, takeSnapshot } from './world.js';
import type { StorageCase, StorageWorld } from './world.js';

async function crashed(world: StorageWorld): ReturnType<typeof opened> {
  assert.ok(world.crash, 'a world with the ability crash has a method crash');
  await world.crash();
  return opened(world);
}

async function snapshotIs(storage: Storage, index: number, data: Uint8Array): Promise<void> {
  const reader = await storage.openSnapshot();
  assert.equal(reader?.meta.index, index);
  assert.ok((await readAll(reader.chunks())).equals(data), `the data of snapshot ${index} differ`);
  await reader.close();
}

/** Random steps, of which some are under way at each crash: what is there then is what one of them left, none too early. */
async function walk(world: StorageWorld, seed: number): Promise<void> {
  const random = seededRandom(seed);
  let twin = new NaiveLog();
  let { storage } = await opened(world);
  for (let life = 1; life <= 6; life++) {
    const states = [twin.clone()];
    let acknowledged = 0;
    const steps: Promise<void>[] = [];
    for (let i = 1 + Math.floor(random() * 12); i > 0; i--) {
      const step = randomStep(random, twin);
      applyToTwin(twin, step);
      states.push(twin.clone());
      const number = states.length - 1;
      const done = applyStep(storage, step).then(() => {
        acknowledged = Math.max(acknowledged, number);
      });
      // Of what a crash cuts off nobody hears any more.
      done.catch(() => undefined);
      steps.push(done);
    }
    await steps[Math.floor(random() * (steps.length + 1))];
    const certain = acknowledged;
    const again = await crashed(world);
    const what = `seed ${seed}, life ${life}: ${certain} of ${states.length - 1} steps were acknowledged`;
    const found = await assertHoldsOneOf(again.storage, again.restored, states.slice(certain), what);
    twin = states[certain + found]!.clone();
    twin.base = { index: again.restored.firstIndex - 1, term: again.restored.terms[0]!.term };
    twin.entries = await again.storage.entries(again.restored.firstIndex, twin.lastIndex, Number.MAX_SAFE_INTEGER);
    ({ storage } = again);
  }
}

/** What outlives the end of the process and of the machine. */
export const crashCases: readonly StorageCase[] = [
  {
    name: 'what was acknowledged is there after a crash: entries, term and vote',
    needs: 'crash',
    async run(world) {
      const twin = new NaiveLog();
      let { storage, restored } = await opened(world);
      const { storeId } = restored;
      for (let life = 1; life <= 5; life++) {
        const hardState = { term: life, votedFor: `n${life}`, commitIndex: life };
        const step = { append: batch(commands(twin.lastIndex + 1, twin.lastIndex + 4, life, 300), { hardState }) };
        applyToTwin(twin, step);
        await applyStep(storage, step);
        ({ storage, restored } = await crashed(world));
        await assertHolds(storage, restored, twin, `life ${life}`);
        assert.equal(restored.storeId, storeId);
      }
    },
  },
  {
    name: 'a vote that was acknowledged alone is there after a crash',
    needs: 'crash',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch([], { hardState: { term: 7, votedFor: 'n3', commitIndex: 0 } }));
      const { restored } = await crashed(world);
      assert.deepEqual(restored.hardState, { term: 7, votedFor: 'n3', commitIndex: 0 });
    },
  },
  {
    name: 'truncation and reset that were acknowledged stay after a crash',
    needs: 'crash',
    async run(world) {
      let { storage, restored } = await opened(world);
      await storage.append(batch(commands(1, 20, 1)));
      await storage.append(batch(commands(11, 12, 2), { truncateFrom: 11 }));
      ({ storage, restored } = await crashed(world));
      assert.equal(restored.lastIndex, 12);
      await assertLog(storage, [...commands(1, 10, 1), ...commands(11, 12, 2)]);
      await storage.append(batch(commands(41, 42, 3), { resetTo: { index: 40, term: 2 } }));
      ({ storage, restored } = await crashed(world));
      assert.equal(restored.firstIndex, 41);
      assert.equal(restored.lastIndex, 42);
      await assertLog(storage, commands(41, 42, 3));
    },
  },
  {
    name: 'a crash after a compaction costs nothing that is left of the log',
    needs: 'crash',
    async run(world) {
      const { storage } = await opened(world);
      for (let index = 1; index <= 60; index++) await storage.append(batch(commands(index, index, 1, 4000)));
      await storage.compact(50);
      const again = await crashed(world);
      assert.ok(again.restored.firstIndex <= 51);
      assert.equal(again.restored.lastIndex, 60);
      await assertLog(again.storage, commands(51, 60, 1, 4000));
      await again.storage.append(batch(commands(61, 61, 1)));
    },
  },
  {
    name: 'a snapshot that was committed is there after a crash, one that is torn is not, and the one before it is',
    needs: 'crash',
    async run(world) {
      let { storage, restored } = await opened(world);
      await takeSnapshot(storage, 3, [pattern(700_000, 3)]);
      ({ storage, restored } = await crashed(world));
      assert.deepEqual(restored.snapshot, snapshotMeta(3));
      await snapshotIs(storage, 3, pattern(700_000, 3));
      const torn = await storage.createSnapshot(snapshotMeta(4));
      for (let i = 0; i < 5; i++) await torn.write(pattern(500_000, i));
      ({ storage, restored } = await crashed(world));
      assert.deepEqual(restored.snapshot, snapshotMeta(3));
      await snapshotIs(storage, 3, pattern(700_000, 3));
      await takeSnapshot(storage, 4, [pattern(10, 4)]);
      ({ storage, restored } = await crashed(world));
      assert.deepEqual(restored.snapshot, snapshotMeta(4));
      await snapshotIs(storage, 4, pattern(10, 4));
    },
  },
  ...[1, 2, 3, 4, 5, 6].map((seed) => ({
    name: `a crash leaves whole batches, in order, none of those acknowledged missing (seed ${seed})`,
    needs: 'crash' as const,
    run: (world: StorageWorld) => walk(world, seed),
  })),
];
