import assert from 'node:assert/strict';
import { assertLog, assertRejects, batch, command, commands, opened, pattern, plain, reopened } from './world.js';
import type { StorageCase } from './world.js';

/** What `open` tells, and what outlives a close. */
export const restoreCases: readonly StorageCase[] = [
  {
    name: 'a new storage is empty, at term 0, without a vote',
    async run(world) {
      const { restored } = await opened(world);
      assert.deepEqual(restored.hardState, { term: 0, votedFor: undefined, commitIndex: 0 });
      assert.equal(restored.firstIndex, 1);
      assert.equal(restored.lastIndex, 0);
      assert.deepEqual(restored.terms, [{ index: 0, term: 0 }]);
      assert.deepEqual(restored.configurations, []);
      assert.equal(restored.snapshot, undefined);
      assert.deepEqual(restored.repairs, []);
      assert.match(restored.storeId, /^.{8,}$/);
    },
  },
  {
    name: 'the store id stays; a new storage has another',
    async run(world, fresh) {
      const { storage, restored } = await opened(world);
      const again = await reopened(world, storage);
      assert.equal(again.restored.storeId, restored.storeId);
      const other = await fresh();
      try {
        assert.notEqual((await opened(other)).restored.storeId, restored.storeId);
      } finally {
        await other.dispose();
      }
    },
  },
  {
    name: 'entries of all types and the hard state are there after close and open',
    async run(world) {
      const { storage } = await opened(world);
      const entries = [
        { index: 1, term: 1, type: 2, data: pattern(40, 1) },
        { index: 2, term: 3, type: 0, data: new Uint8Array() },
        { index: 3, term: 3, type: 1, data: pattern(1, 2) },
      ] as const;
      const hardState = { term: 3, votedFor: 'n2', commitIndex: 2 };
      await storage.append(batch(entries, { hardState }));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.hardState, hardState);
      assert.equal(again.restored.lastIndex, 3);
      assert.deepEqual(again.restored.terms, [
        { index: 0, term: 0 },
        { index: 1, term: 1 },
        { index: 2, term: 3 },
      ]);
      assert.deepEqual(plain(again.restored.configurations), plain([entries[0]]));
      assert.deepEqual(again.restored.repairs, []);
      await assertLog(again.storage, entries);
    },
  },
  {
    name: 'the last hard state counts; a batch without one keeps it; a vote can be taken back',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch([], { hardState: { term: 1, votedFor: 'n1', commitIndex: 0 } }));
      await storage.append(batch(commands(1, 2, 1)));
      const second = await reopened(world, storage);
      assert.deepEqual(second.restored.hardState, { term: 1, votedFor: 'n1', commitIndex: 0 });
      await second.storage.append(batch([], { hardState: { term: 2, votedFor: undefined, commitIndex: 1 } }));
      const third = await reopened(world, second.storage);
      assert.deepEqual(third.restored.hardState, { term: 2, votedFor: undefined, commitIndex: 1 });
      await assertLog(third.storage, commands(1, 2, 1));
    },
  },
  {
    name: 'close finishes what was appended before it',
    async run(world) {
      const { storage } = await opened(world);
      const appends = commands(1, 20, 1).map((entry) => storage.append(batch([entry])));
      const again = await reopened(world, storage);
      await Promise.all(appends);
      await assertLog(again.storage, commands(1, 20, 1));
    },
  },
  {
    name: 'goes on where it was after each of many reopens',
    async run(world) {
      let { storage } = await opened(world);
      for (let index = 1; index <= 12; index++) {
        await storage.append(
          batch([command(index, index)], { hardState: { term: index, votedFor: 'n1', commitIndex: index - 1 } }),
        );
        const again = await reopened(world, storage);
        storage = again.storage;
        assert.equal(again.restored.lastIndex, index);
        assert.equal(again.restored.hardState.term, index);
        assert.deepEqual(again.restored.repairs, []);
      }
      await assertLog(
        storage,
        Array.from({ length: 12 }, (_, i) => command(i + 1, i + 1)),
      );
    },
  },
  {
    name: 'large terms, indices and names survive',
    async run(world) {
      const { storage } = await opened(world);
      const top = 2 ** 53 - 1;
      const entry = { index: 2 ** 40 + 1, term: top, type: 1, data: pattern(9, 1) } as const;
      const hardState = { term: top, votedFor: 'né-'.repeat(20), commitIndex: 2 ** 40 };
      await storage.append(batch([entry], { hardState, resetTo: { index: 2 ** 40, term: top - 1 } }));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.hardState, hardState);
      assert.deepEqual(again.restored.terms, [
        { index: 2 ** 40, term: top - 1 },
        { index: 2 ** 40 + 1, term: top },
      ]);
      await assertLog(again.storage, [entry]);
    },
  },
  {
    name: 'is for one identity: another cluster, node or group is refused, and harms nothing',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 3, 1)));
      await storage.close();
      for (const other of [{ clusterId: 'x' }, { nodeId: 'n2' }, { groupId: 'x' }]) {
        const stranger = world.storage();
        await assertRejects(
          stranger.open({ clusterId: 'c', nodeId: 'n1', groupId: 'g', ...other }),
          'RAFT_STORAGE_IDENTITY',
        );
        await stranger.close();
      }
      const again = await opened(world);
      await assertLog(again.storage, commands(1, 3, 1));
    },
  },
];
