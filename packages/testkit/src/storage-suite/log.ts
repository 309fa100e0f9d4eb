import assert from 'node:assert/strict';
import type { Entry } from '@raft/core';
import { assertLog, assertRejects, batch, command, commands, opened, pattern, plain, reopened } from './world.js';
import type { StorageCase } from './world.js';

/** Appends, truncations, resets, reads and compaction. */
export const logCases: readonly StorageCase[] = [
  {
    name: 'overlapping appends resolve in the order of the calls',
    async run(world) {
      const { storage } = await opened(world);
      const order: number[] = [];
      const appends = commands(1, 100, 1).map(async (entry) => {
        await storage.append(batch([entry]));
        order.push(entry.index);
      });
      await Promise.all(appends);
      assert.deepEqual(
        order,
        commands(1, 100, 1).map((entry) => entry.index),
      );
      await assertLog(storage, commands(1, 100, 1));
    },
  },
  {
    name: 'reads give at least one entry, then what fits in maxBytes, never past the end',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 10, 1, 100)));
      const indices = async (from: number, to: number, maxBytes: number): Promise<number[]> =>
        (await storage.entries(from, to, maxBytes)).map((entry) => entry.index);
      assert.deepEqual(await indices(1, 10, 0), [1]);
      assert.deepEqual(await indices(1, 10, 99), [1]);
      assert.deepEqual(await indices(1, 10, 299), [1, 2]);
      assert.deepEqual(await indices(1, 10, 300), [1, 2, 3]);
      assert.deepEqual(await indices(4, 6, 1_000_000), [4, 5, 6]);
      assert.deepEqual(await indices(9, 50, 1_000_000), [9, 10]);
      assert.deepEqual(await indices(11, 50, 1_000_000), []);
    },
  },
  {
    name: 'what a read gave stays as it is, whatever happens to the log',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 5, 1, 50)));
      const read = await storage.entries(1, 5, 1_000_000);
      await storage.append(batch(commands(2, 40, 2, 300), { truncateFrom: 2 }));
      await storage.entries(1, 40, 1_000_000);
      await storage.compact(39);
      assert.deepEqual(plain(read), plain(commands(1, 5, 1, 50)));
    },
  },
  {
    name: 'truncation drops a tail, alone or with what takes its place',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 10, 1)));
      await storage.append(batch([], { truncateFrom: 8 }));
      assert.deepEqual(await storage.entries(8, 10, 1000), []);
      await storage.append(batch(commands(5, 6, 2), { truncateFrom: 5 }));
      const expected = [...commands(1, 4, 1), ...commands(5, 6, 2)];
      await assertLog(storage, expected);
      const again = await reopened(world, storage);
      assert.equal(again.restored.lastIndex, 6);
      assert.deepEqual(again.restored.terms, [
        { index: 0, term: 0 },
        { index: 1, term: 1 },
        { index: 5, term: 2 },
      ]);
      await assertLog(again.storage, expected);
    },
  },
  {
    name: 'the whole log can be truncated; truncating one past its end changes nothing',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 3, 1)));
      await storage.append(batch([], { truncateFrom: 4 }));
      await assertLog(storage, commands(1, 3, 1));
      await storage.append(batch([], { truncateFrom: 1 }));
      const again = await reopened(world, storage);
      assert.equal(again.restored.lastIndex, 0);
      assert.deepEqual(again.restored.terms, [{ index: 0, term: 0 }]);
      await again.storage.append(batch(commands(1, 2, 4)));
      await assertLog(again.storage, commands(1, 2, 4));
    },
  },
  {
    name: 'truncations of what is still being written take effect in order',
    async run(world) {
      const { storage } = await opened(world);
      const appends: Promise<void>[] = [];
      for (let term = 1; term <= 30; term++) {
        appends.push(storage.append(batch(commands(1, 3, term, 200), { truncateFrom: 1 })));
        appends.push(storage.append(batch(commands(3, 7, term, 100), { truncateFrom: 3 })));
      }
      await Promise.all(appends);
      const expected = [...commands(1, 2, 30, 200), ...commands(3, 7, 30, 100)];
      await assertLog(storage, expected);
      const again = await reopened(world, storage);
      await assertLog(again.storage, expected);
      assert.equal(again.restored.lastIndex, 7);
    },
  },
  {
    name: 'a truncated configuration is not restored',
    async run(world) {
      const { storage } = await opened(world);
      const made = [1, 3, 5].map((index): Entry => ({ index, term: 1, type: 2, data: pattern(30, index) }));
      const [first, second, last] = made as [Entry, Entry, Entry];
      await storage.append(batch([first, command(2, 1), second, command(4, 1), last]));
      await storage.append(batch([command(5, 2)], { truncateFrom: 5 }));
      const again = await reopened(world, storage);
      assert.deepEqual(plain(again.restored.configurations), plain([first, second]));
      await again.storage.compact(1);
      const third = await reopened(world, again.storage);
      assert.deepEqual(plain(third.restored.configurations), plain([second]));
    },
  },
  {
    name: 'a reset drops the log; the next entry follows the reset',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 5, 1)));
      await storage.append(batch([], { resetTo: { index: 100, term: 7 } }));
      await assertRejects(storage.entries(5, 5, 1000), 'RAFT_STORAGE_COMPACTED');
      await assertRejects(storage.entries(100, 100, 1000), 'RAFT_STORAGE_COMPACTED');
      const again = await reopened(world, storage);
      assert.equal(again.restored.firstIndex, 101);
      assert.equal(again.restored.lastIndex, 100);
      assert.deepEqual(again.restored.terms, [{ index: 100, term: 7 }]);
      await again.storage.append(batch(commands(101, 103, 8)));
      await assertLog(again.storage, commands(101, 103, 8));
    },
  },
  {
    name: 'a reset may go back, and carry hard state and entries in the same batch',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 50, 1)));
      const hardState = { term: 9, votedFor: undefined, commitIndex: 20 };
      await storage.append(batch(commands(21, 22, 9), { hardState, resetTo: { index: 20, term: 8 } }));
      await assertLog(storage, commands(21, 22, 9));
      const again = await reopened(world, storage);
      assert.deepEqual(again.restored.hardState, hardState);
      assert.deepEqual(again.restored.terms, [
        { index: 20, term: 8 },
        { index: 21, term: 9 },
      ]);
      await assertLog(again.storage, commands(21, 22, 9));
    },
  },
  {
    name: 'compaction forgets a prefix and keeps the term before the first entry',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(
        batch([...commands(1, 5, 1), ...commands(6, 10, 2)], {
          hardState: { term: 2, votedFor: 'n3', commitIndex: 9 },
        }),
      );
      await storage.compact(4);
      await assertRejects(storage.entries(4, 10, 1000), 'RAFT_STORAGE_COMPACTED');
      await assertLog(storage, [...commands(5, 5, 1), ...commands(6, 10, 2)]);
      await storage.compact(3);
      const again = await reopened(world, storage);
      assert.equal(again.restored.firstIndex, 5);
      assert.deepEqual(again.restored.terms, [
        { index: 4, term: 1 },
        { index: 6, term: 2 },
      ]);
      assert.deepEqual(again.restored.hardState, { term: 2, votedFor: 'n3', commitIndex: 9 });
      await again.storage.compact(7);
      const third = await reopened(world, again.storage);
      assert.deepEqual(third.restored.terms, [{ index: 7, term: 2 }]);
      await assertLog(third.storage, commands(8, 10, 2));
    },
  },
  {
    name: 'a log that was compacted to its end is empty and goes on',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 6, 3)));
      await storage.compact(6);
      const again = await reopened(world, storage);
      assert.equal(again.restored.firstIndex, 7);
      assert.equal(again.restored.lastIndex, 6);
      assert.deepEqual(again.restored.terms, [{ index: 6, term: 3 }]);
      await again.storage.append(batch(commands(7, 9, 3)));
      const third = await reopened(world, again.storage);
      assert.deepEqual(third.restored.terms, [{ index: 6, term: 3 }]);
      await assertLog(third.storage, commands(7, 9, 3));
    },
  },
  {
    name: 'compaction overlaps with appends and reads',
    async run(world) {
      const { storage } = await opened(world);
      const steps: Promise<unknown>[] = [];
      for (let index = 1; index <= 200; index++) {
        steps.push(storage.append(batch([command(index, 1, 500)])));
        if (index % 20 === 0) steps.push(storage.compact(index - 10));
      }
      await Promise.all(steps);
      const again = await reopened(world, storage);
      assert.equal(again.restored.firstIndex, 191);
      await assertLog(again.storage, commands(191, 200, 1, 500));
    },
  },
  {
    name: 'big batches and big entries',
    async run(world) {
      const { storage } = await opened(world);
      const many = commands(1, 5000, 1, 64);
      const big = [command(5001, 1, 3_000_000), command(5002, 1, 0), command(5003, 1, 1_000_001)];
      await storage.append(batch(many));
      await storage.append(batch(big));
      await storage.append(batch(commands(5004, 5010, 2)));
      const again = await reopened(world, storage);
      assert.equal(again.restored.lastIndex, 5010);
      await assertLog(again.storage, [...many, ...big, ...commands(5004, 5010, 2)].slice(4000));
    },
  },
  {
    name: 'an empty batch resolves after those before it',
    async run(world) {
      const { storage } = await opened(world);
      const order: string[] = [];
      const first = storage.append(batch(commands(1, 1, 1))).then(() => order.push('first'));
      await storage.append(batch([])).then(() => order.push('empty'));
      await first;
      assert.deepEqual(order, ['first', 'empty']);
    },
  },
  {
    name: 'entries of every type come back as they were',
    async run(world) {
      const { storage } = await opened(world);
      const entries = ([0, 1, 2, 3, 4] as const).map((type, i) => ({ ...command(i + 1, 1, i * 50), type }));
      await storage.append(batch(entries));
      const again = await reopened(world, storage);
      assert.deepEqual(plain(await again.storage.entries(1, 5, 1_000_000)), plain(entries));
    },
  },
  {
    name: 'a refused batch between others is refused alone',
    async run(world) {
      const { storage } = await opened(world);
      const first = storage.append(batch(commands(1, 3, 1)));
      const wrong = assertRejects(storage.append(batch([command(7, 1)])), 'RAFT_INVALID_ARGUMENT');
      const second = storage.append(batch(commands(4, 6, 1)));
      await Promise.all([first, wrong, second]);
      await assertLog(storage, commands(1, 6, 1));
    },
  },
  {
    name: 'reads overlap with appends and truncations: each is of one moment',
    async run(world) {
      const { storage } = await opened(world);
      await storage.append(batch(commands(1, 40, 1, 100)));
      const steps: Promise<void>[] = [];
      for (let term = 2; term <= 40; term++) {
        steps.push(storage.append(batch(commands(10, 40, term, 100), { truncateFrom: 10 })));
        steps.push(
          storage.entries(8, 40, 1_000_000).then((entries) => {
            const terms = new Set(entries.slice(2).map((entry) => entry.term));
            assert.ok(terms.size <= 1, `one read shows entries of terms ${[...terms].join(', ')}`);
            for (const [i, entry] of entries.entries()) {
              const expected = command(8 + i, i < 2 ? 1 : [...terms][0]!, 100);
              assert.deepEqual(plain([entry]), plain([expected]));
            }
          }),
        );
      }
      await Promise.all(steps);
      await assertLog(storage, [...commands(1, 9, 1, 100), ...commands(10, 40, 40, 100)]);
    },
  },
  {
    name: 'only what is durable is read: nothing that is still being appended',
    async run(world) {
      const { storage } = await opened(world);
      const durable = new Set<number>();
      const appends = commands(1, 60, 1, 2000).map((entry) =>
        storage.append(batch([entry])).then(() => durable.add(entry.index)),
      );
      const reads = Array.from({ length: 20 }, async () => {
        const last = (await storage.entries(1, 60, 1_000_000)).at(-1)?.index ?? 0;
        // Whoever is told that an append is done is told in this turn.
        await new Promise((resolve) => setImmediate(resolve));
        assert.ok(last === 0 || durable.has(last), `entry ${last} was read before it was durable`);
      });
      await Promise.all(reads);
      await Promise.all(appends);
      assert.equal(durable.size, 60);
      await assertLog(storage, commands(1, 60, 1, 2000));
    },
  },
  {
    name: 'many terms come back',
    async run(world) {
      const { storage } = await opened(world);
      const entries = Array.from({ length: 1500 }, (_, i) => command(i + 1, 1 + Math.floor(i / 2) * 3, 10));
      for (let at = 0; at < entries.length; at += 100) await storage.append(batch(entries.slice(at, at + 100)));
      await storage.compact(101);
      const again = await reopened(world, storage);
      const runs = again.restored.terms;
      assert.deepEqual(runs[0], { index: 101, term: 151 });
      assert.equal(runs.length, 700);
      assert.deepEqual(runs.at(-1), { index: 1499, term: 2248 });
    },
  },
  {
    name: 'a large log is read back piece by piece, whole',
    async run(world) {
      const { storage } = await opened(world);
      const count = 24_000;
      const appends: Promise<void>[] = [];
      for (let from = 1; from <= count; from += 200) {
        appends.push(storage.append(batch(commands(from, from + 199, 1 + Math.floor(from / 5000), 700))));
        if (appends.length % 8 === 0) await Promise.all(appends);
      }
      await Promise.all(appends);
      const again = await reopened(world, storage);
      assert.equal(again.restored.lastIndex, count);
      let next = 1;
      while (next <= count) {
        const some = await again.storage.entries(next, count, 50_000);
        assert.ok(some.length > 0 && some.length <= 71, `${some.length} entries of 700 bytes in 50000`);
        for (const entry of some) {
          const expected = command(next, 1 + Math.floor((next - ((next - 1) % 200)) / 5000), 700);
          assert.equal(entry.index, expected.index);
          assert.equal(entry.term, expected.term);
          assert.ok(Buffer.compare(entry.data, expected.data) === 0, `the data of entry ${next} differ`);
          next++;
        }
      }
    },
  },
];
