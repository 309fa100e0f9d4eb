import assert from 'node:assert/strict';
import { assertLog, assertRejects, batch, command, commands, configuration, opened } from './world.js';
import type { StorageCase } from './world.js';

/** What is refused, and that refusing harms nothing. */
export const errorCases: readonly StorageCase[] = [
  {
    name: 'a batch that does not follow the log is refused, and the storage goes on',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 3, 1)));
      await storage.compact(1);
      const wrong = [
        batch([command(5, 1)]),
        batch([command(3, 1)]),
        batch([command(4, 1), command(6, 1)]),
        batch([], { truncateFrom: 1 }),
        batch([], { truncateFrom: 5 }),
        batch([command(4, 1)], { truncateFrom: 3 }),
        batch([command(4, 1)], { resetTo: { index: 9, term: 1 } }),
        batch([], { resetTo: { index: 9, term: 1 }, truncateFrom: 5 }),
      ];
      for (const one of wrong) await assertRejects(storage.append(one), 'RAFT_INVALID_ARGUMENT');
      await assertRejects(storage.compact(4), 'RAFT_INVALID_ARGUMENT');
      await storage.append(batch([command(4, 1)]));
      await assertLog(storage, commands(2, 4, 1));
    },
  },
  {
    name: 'nothing works before open and after close; closing twice is safe',
    async run(world) {
      const storage = world.storage();
      const closed = async (): Promise<void> => {
        await assertRejects(storage.append(batch([])), 'RAFT_STORAGE_CLOSED');
        await assertRejects(storage.entries(1, 1, 1), 'RAFT_STORAGE_CLOSED');
        await assertRejects(storage.compact(0), 'RAFT_STORAGE_CLOSED');
        const meta = { index: 1, term: 1, configuration: configuration('n1'), configurationIndex: 1 };
        await assertRejects(storage.createSnapshot(meta), 'RAFT_STORAGE_CLOSED');
        await assertRejects(storage.openSnapshot(), 'RAFT_STORAGE_CLOSED');
      };
      await closed();
      await storage.close();
      await storage.open({ clusterId: 'c', nodeId: 'n1', groupId: 'g' });
      await storage.append(batch(commands(1, 1, 1)));
      await Promise.all([storage.close(), storage.close()]);
      await storage.close();
      await closed();
    },
  },
  {
    name: 'what is open cannot be opened again, and goes on',
    async run(world) {
      const { storage } = await opened(world);
      const second = world.storage();
      await assertRejects(second.open({ clusterId: 'c', nodeId: 'n1', groupId: 'g' }), 'RAFT_STORAGE_IN_USE');
      await storage.append(batch(commands(1, 2, 1)));
      await assertLog(storage, commands(1, 2, 1));
    },
  },
  {
    name: 'what is under way at a close ends, in its result or in RAFT_STORAGE_CLOSED',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 50, 1, 2000)));
      const calls: Promise<unknown>[] = [
        ...commands(51, 60, 1, 2000).map((entry) => storage.append(batch([entry]))),
        ...Array.from({ length: 10 }, (_, i) => storage.entries(1 + i, 50, 100_000)),
      ];
      const closing = storage.close();
      const outcomes = await Promise.allSettled(calls);
      await closing;
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') continue;
        assert.ok(i >= 10, 'an append before the close was not finished');
        assert.equal((outcome.reason as { code?: unknown }).code, 'RAFT_STORAGE_CLOSED');
      }
      const again = await opened(world);
      await assertLog(again.storage, commands(1, 60, 1, 2000));
    },
  },
];
