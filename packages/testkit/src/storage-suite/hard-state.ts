import assert from 'node:assert/strict';
import { assertRejects, batch, command, commands, opened, reopened } from './world.js';
import type { StorageCase } from './world.js';

/** Term and vote, alone and with entries. */
export const hardStateCases: readonly StorageCase[] = [
  {
    name: 'hard state alone, in overlapping batches: the last one counts',
    async run(world) {
      const { storage } = await opened(world);
      const order: number[] = [];
      const writes = Array.from({ length: 50 }, async (_, i) => {
        const hardState = { term: i + 1, votedFor: i % 3 === 0 ? undefined : `n${i % 3}`, commitIndex: 0 };
        await storage.append(batch([], { hardState }));
        order.push(i);
      });
      await Promise.all(writes);
      assert.deepEqual(
        order,
        order.map((_, i) => i),
      );
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.hardState, { term: 50, votedFor: 'n1', commitIndex: 0 });
      assert.equal(again.restored.lastIndex, 0);
    },
  },
  {
    name: 'a refused batch changes nothing, its hard state and truncation included',
    async run(world) {
      const { storage } = await opened(world);
      const hardState = { term: 1, votedFor: 'n1', commitIndex: 0 };
      await storage.append(batch(commands(1, 4, 1), { hardState }));
      const wrong = batch([command(9, 2)], { hardState: { term: 2, votedFor: 'n2', commitIndex: 3 }, truncateFrom: 3 });
      await assertRejects(storage.append(wrong), 'RAFT_INVALID_ARGUMENT');
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.hardState, hardState);
      assert.equal(again.restored.lastIndex, 4);
      assert.deepEqual(again.restored.terms, [
        { index: 0, term: 0 },
        { index: 1, term: 1 },
      ]);
    },
  },
];
