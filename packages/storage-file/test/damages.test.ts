import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { RaftError, seededRandom } from '@raft/core';
import type { Random } from '@raft/core';
import { fileStorage, inspectFileStorage } from '@raft/storage-file';
import { contentOf, entry, identity } from './support/model.js';
import type { Content } from './support/model.js';

/** RAFT_DAMAGES=N makes N of each kind, RAFT_SEED=N those of another seed. */
const each = Number(process.env['RAFT_DAMAGES'] ?? 38);
const seed = Number(process.env['RAFT_SEED'] ?? 5);
const segmentBytes = 128 * 1024;
const blockBytes = 4096;
const configuration = { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };

/** How the node ended before its directory was damaged. */
const endings = ['clean stop', 'killed'] as const;

type Damage = (directory: string, names: string[], random: Random) => string;

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)]!;
}

/** Changes the bytes of some file. */
function bytesOf(change: (bytes: Buffer, random: Random) => Buffer): Damage {
  return (directory, names, random) => {
    const name = pick(names, random);
    const path = join(directory, name);
    writeFileSync(path, change(readFileSync(path), random));
    return name;
  };
}

const damages: Record<string, Damage> = {
  cut: bytesOf((bytes, random) => bytes.subarray(0, Math.floor(random() * bytes.length))),
  zeroed: bytesOf((bytes, random) => {
    const at = Math.floor(random() * bytes.length);
    return bytes.fill(0, at, Math.min(bytes.length, at + 1 + Math.floor(random() * 20_000)));
  }),
  'garbage appended': bytesOf((bytes, random) => {
    const garbage = Buffer.from(
      Array.from({ length: 1 + Math.floor(random() * 5000) }, () => Math.floor(random() * 256)),
    );
    return Buffer.concat([bytes, garbage]);
  }),
  'bit flipped': bytesOf((bytes, random) => {
    bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
    return bytes;
  }),
  'block duplicated': bytesOf((bytes, random) => {
    const blocks = Math.max(1, Math.floor(bytes.length / blockBytes));
    const [from, to] = [Math.floor(random() * blocks), Math.floor(random() * blocks)];
    bytes.copy(bytes, to * blockBytes, from * blockBytes, (from + 1) * blockBytes);
    return bytes;
  }),
  'blocks swapped': bytesOf((bytes, random) => {
    const blocks = Math.max(1, Math.floor(bytes.length / blockBytes));
    const [a, b] = [Math.floor(random() * blocks) * blockBytes, Math.floor(random() * blocks) * blockBytes];
    const kept = Buffer.from(bytes.subarray(a, a + blockBytes));
    bytes.copy(bytes, a, b, b + blockBytes);
    kept.copy(bytes, b);
    return bytes;
  }),
  'file deleted': (directory, names, random) => {
    const name = pick(names, random);
    rmSync(join(directory, name));
    return name;
  },
  'files swapped': (directory, names, random) => {
    const [a, b] = [pick(names, random), pick(names, random)];
    if (a === b) return `${a} with itself`;
    renameSync(join(directory, a), join(directory, 'swap'));
    renameSync(join(directory, b), join(directory, a));
    renameSync(join(directory, 'swap'), join(directory, b));
    return `${a} and ${b}`;
  },
};

/** Entries over several segments, hard states, a truncation, a snapshot and a compaction; some of the log is compacted. */
async function makeNode(directory: string, copy: string): Promise<void> {
  const storage = fileStorage({ directory, segmentBytes });
  await storage.open(identity);
  for (let i = 1; i <= 60; i++) {
    const hardState = i % 10 === 0 ? { term: i / 10, votedFor: 'n1', commitIndex: i - 5 } : undefined;
    await storage.append({ hardState, entries: [entry(i, Math.max(1, Math.floor(i / 10)), 7000)] });
  }
  const writer = await storage.createSnapshot({ index: 35, term: 3, configuration, configurationIndex: 1 });
  await writer.write(new Uint8Array(200_000).fill(35));
  await writer.commit();
  await storage.compact(30);
  await storage.append({
    hardState: { term: 8, votedFor: 'n2', commitIndex: 50 },
    truncateFrom: 59,
    entries: [entry(59, 8)],
  });
  // Appends wait for what is done in the background.
  await new Promise((resolve) => setTimeout(resolve, 100));
  cpSync(directory, join(copy, 'killed'), { recursive: true });
  await storage.close();
  cpSync(directory, join(copy, 'clean stop'), { recursive: true });
}

interface Outcome {
  /** What a start does. */
  readonly start: 'all there' | 'refused' | 'snapshot refused';
  readonly told: string;
}

/** Starts, reads everything, and compares it. A wrong value, a loss or another error than the named ones fails. */
async function start(directory: string, expected: Content, what: string): Promise<Outcome> {
  const storage = fileStorage({ directory, segmentBytes });
  try {
    const restored = await storage.open(identity);
    assert.deepEqual(await contentOf(storage, restored), expected, what);
    assert.equal(restored.snapshot?.index, 35, what);
    const told = restored.repairs.join('; ');
    const reader = await storage.openSnapshot();
    try {
      let bytes = 0;
      for await (const chunk of reader!.chunks()) {
        assert(
          chunk.every((byte) => byte === 35),
          what,
        );
        bytes += chunk.length;
      }
      assert.equal(bytes, 200_000, what);
    } catch (error) {
      return { start: 'snapshot refused', told: refusal(error, what) };
    } finally {
      await reader!.close();
    }
    return { start: 'all there', told };
  } catch (error) {
    return { start: 'refused', told: refusal(error, what) };
  } finally {
    await storage.close();
  }
}

/** The message, which must name a file and a place. */
function refusal(error: unknown, what: string): string {
  assert(error instanceof RaftError && error.code === 'RAFT_STORAGE_CORRUPT', `${what}: ${String(error)}`);
  const named = /\d{10}\.(log|snapshot)|store/.test(error.message) && /offset \d+|format version/.test(error.message);
  assert(named, `${what}: ${error.message}`);
  if (/\.log is damaged/.test(error.message)) assert.match(error.message, /\(entries (from )?\d+/, what);
  return error.message;
}

describe('storage-file: seeded damages of a stopped directory', { timeout: 60_000 + each * 8000 }, () => {
  test('each is mended without a loss, or refused by name; no value is ever wrong', async () => {
    const root = mkdtempSync(join(tmpdir(), 'raft-damages-'));
    try {
      const [directory, copy] = [join(root, 'data'), join(root, 'copies')];
      await makeNode(directory, copy);
      const table = new Map<string, Record<string, number>>();
      const expected = await contentAt(directory);
      const random = seededRandom(seed);
      let count = 0;
      for (const [kind, damage] of Object.entries(damages)) {
        const row = { 'all there': 0, mended: 0, refused: 0, 'snapshot refused': 0 };
        table.set(kind, row);
        for (let i = 0; i < each; i++) {
          const ending = endings[i % 2]!;
          rmSync(directory, { recursive: true });
          cpSync(join(copy, ending), directory, { recursive: true });
          const names = readdirSync(directory)
            .filter((name) => name !== 'LOCK')
            .toSorted();
          const what = `seed ${seed}, ${kind} ${i} after ${ending}: ${damage(directory, names, random)}`;
          const inspected = await inspect(directory);
          const { start: first, told } = await start(directory, expected, what);
          if (first === 'all there' && told !== '') row.mended++;
          else row[first]++;
          // A second start ends as the first one did: nothing was mended half, or cut bit by bit.
          const second = await start(directory, expected, what);
          assert.equal(second.start, first, what);
          assert(first === 'all there' || second.told === told, what);
          assert.equal(
            inspected === 'corrupt',
            first === 'refused',
            `${what}: inspected ${inspected}, ${first}: ${told}`,
          );
          count++;
        }
      }
      console.log(`simplefile: ${count} damages (seed ${seed})`);
      console.table(Object.fromEntries(table));
      assert.equal(count, each * Object.keys(damages).length);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

/** What the tool says beforehand. */
async function inspect(directory: string): Promise<'corrupt' | 'fit'> {
  try {
    const inspector = await inspectFileStorage({ directory });
    try {
      const { problems } = await inspector.verify();
      return problems.some(({ kind }) => kind === 'corrupt') ? 'corrupt' : 'fit';
    } finally {
      await inspector.close();
    }
  } catch (error) {
    assert(error instanceof RaftError, String(error));
    return 'corrupt';
  }
}

async function contentAt(directory: string): Promise<Content> {
  const storage = fileStorage({ directory, segmentBytes });
  const content = await contentOf(storage, await storage.open(identity));
  await storage.close();
  return content;
}
