import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { seededRandom } from '@raft/core';
import type { HardState, Random, Storage } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { contentOf, entry, identity } from './support/model.js';
import { makeLoopDisk } from './support/loop-disk.js';

/** RAFT_POWER_CUTS=N cuts the power N times, on each file system. */
const given = process.env['RAFT_POWER_CUTS'];
const disks = [
  { kind: 'xfs', cuts: Number(given ?? 50) },
  { kind: 'ext4', cuts: Number(given ?? 8) },
] as const;
const configuration = { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };
const inFlight = 4;

/** What the storage must hold: the term of every entry from the first one on, term and vote. */
interface State {
  readonly terms: readonly number[];
  readonly hardState: HardState;
}

interface Known {
  /** Nothing that is told while the disk goes proves anything. */
  believed: boolean;
  /** After what was acknowledged; then after each batch that is under way. */
  states: State[];
  snapshot: number;
  compacted: number;
}

/** Appends, truncates, takes snapshots and compacts until the disk is gone. */
async function load(storage: Storage, known: Known, random: Random): Promise<number> {
  let acknowledged = 0;
  const pending: Promise<void>[] = [];
  const append = async (state: State, batch: Parameters<Storage['append']>[0]): Promise<void> => {
    known.states.push(state);
    await storage.append(batch);
    if (!known.believed) return;
    known.states.shift();
    acknowledged++;
  };
  const broken = (error: Error & { code?: string }): void => {
    // A write that the cut left short, as ext4 does, looks like one that found the disk full.
    if (error.code !== 'RAFT_STORAGE_FULL' || known.believed)
      assert.equal(error.code, 'RAFT_STORAGE_IO', error.message);
  };
  const snapshots = takeSnapshots(storage, known).catch(broken);
  try {
    for (;;) {
      const { terms, hardState } = known.states.at(-1)!;
      const [first, term] = [terms.length + 1, hardState.term];
      const count = 1 + Math.floor(random() * 4);
      if (random() < 0.05) {
        await Promise.all(pending.splice(0));
        const from = Math.max(first - Math.floor(random() * 3), known.compacted + 1, known.snapshot + 1);
        const next = { term: term + 1, votedFor: 'n1', commitIndex: 0 };
        const batch = { hardState: next, truncateFrom: from, entries: [entry(from, term + 1, 3000)] };
        await append({ terms: [...terms.slice(0, from - 1), term + 1], hardState: next }, batch);
        continue;
      }
      const entries = Array.from({ length: count }, (_, i) => entry(first + i, term, Math.floor(random() * 4000)));
      const appended = append({ terms: [...terms, ...entries.map(() => term)], hardState }, { entries });
      appended.catch(() => undefined); // awaited in its turn
      pending.push(appended);
      if (pending.length >= inFlight) await pending.shift();
    }
  } catch (error) {
    broken(error as Error);
  }
  await Promise.allSettled(pending);
  await snapshots;
  return acknowledged;
}

async function takeSnapshots(storage: Storage, known: Known): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const index = known.states[0]!.terms.length;
    const term = known.states[0]!.terms.at(-1) ?? 0;
    const writer = await storage.createSnapshot({ index, term, configuration, configurationIndex: 0 });
    for (let i = 0; i < 10; i++) await writer.write(new Uint8Array(100_000).fill(index % 251));
    await writer.commit();
    if (known.believed) known.snapshot = index;
    const through = Math.max(0, index - 20);
    await storage.compact(through);
    known.compacted = through;
  }
}

/** All that was acknowledged is there, and of what was under way whole batches, in order. */
async function check(storage: Storage, known: Known, what: string): Promise<void> {
  const restored = await storage.open(identity);
  const { firstIndex, lastIndex, hardState } = restored;
  const content = await contentOf(storage, restored);
  const terms = content.entries.map((text) => Number(text.split(':')[1]));
  const at = known.states.findIndex(
    (state) =>
      state.terms.length === lastIndex &&
      state.hardState.term === hardState.term &&
      state.terms.slice(firstIndex - 1).every((term, i) => term === terms[i]),
  );
  const expected = known.states.map((state) => `${state.terms.length} in term ${state.hardState.term}`).join(', ');
  assert(at >= 0, `${what}: the log ends at ${lastIndex} in term ${hardState.term}; expected ${expected}`);
  for (const text of content.entries) {
    const [index, term, , data] = text.split(':');
    const bytes = Buffer.from(data!, 'base64');
    assert(
      bytes.every((byte) => byte === (Number(index) * 31 + Number(term)) % 251),
      `${what}: entry ${index}`,
    );
  }
  const snapshot = restored.snapshot?.index ?? 0;
  assert(snapshot >= known.snapshot, `${what}: snapshot ${known.snapshot} was acknowledged, ${snapshot} is there`);
  const reader = await storage.openSnapshot();
  for await (const chunk of reader?.chunks() ?? [])
    assert(
      chunk.every((byte) => byte === snapshot % 251),
      what,
    );
  await reader?.close();
  known.states = [known.states[at]!];
  known.snapshot = snapshot;
  known.compacted = firstIndex - 1;
}

describe('storage-file: power cuts', { timeout: 600_000 }, () => {
  test.for(disks)(
    'no acknowledged write is lost on $kind that is cut off $cuts times under load',
    async (on, context) => {
      const { kind, cuts } = on;
      const disk = makeLoopDisk(kind);
      if (typeof disk === 'string') return context.skip(disk);
      const seed = Number(process.env['RAFT_SEED'] ?? Math.floor(Math.random() * 1e9));
      const random = seededRandom(seed);
      const start: State = { terms: [], hardState: { term: 0, votedFor: undefined, commitIndex: 0 } };
      const known: Known = { believed: true, states: [start], snapshot: 0, compacted: 0 };
      let acknowledged = 0;
      try {
        for (let round = 1; round <= cuts; round++) {
          const storage = fileStorage({ directory: join(disk.path, 'data'), segmentBytes: 256 * 1024 });
          await check(storage, known, `seed ${seed}, after cut ${round - 1}`);
          known.believed = true;
          const loaded = load(storage, known, random);
          await new Promise((resolve) => setTimeout(resolve, 30 + random() * 200));
          known.believed = false;
          await disk.cutPower();
          acknowledged += await loaded;
          await storage.close();
          await disk.restorePower();
        }
        const storage = fileStorage({ directory: join(disk.path, 'data'), segmentBytes: 256 * 1024 });
        await check(storage, known, `seed ${seed}, after the last cut`);
        await storage.close();
        console.log(
          `simplefile on ${kind}, power cut ${cuts} times: ${acknowledged} acknowledged batches, none lost (seed ${seed})`,
        );
        assert(acknowledged > cuts);
      } finally {
        disk.remove();
      }
    },
  );
});
