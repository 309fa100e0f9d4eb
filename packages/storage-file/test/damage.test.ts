import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { seededRandom, StorageError } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { contentOf, entry, identity } from './support/model.js';
import type { Content } from './support/model.js';

const configuration = { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'raft-storage-file-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A log of `count` entries, one batch each, as a process that was killed leaves it: nobody closed it. */
async function killedLog(directory: string, count: number): Promise<{ segment: string; ends: number[] }> {
  const storage = fileStorage({ directory, segmentBytes: 128 * 1024 });
  await storage.open(identity);
  const copy = join(root, 'killed');
  const ends: number[] = [];
  await storage.append({ hardState: { term: 1, votedFor: 'n1', commitIndex: 0 }, entries: [] });
  const segment = '0000000001.log';
  for (let i = 1; i <= count; i++) {
    await storage.append({ entries: [entry(i, 1, 100)] });
    ends.push(lastNonZero(readFileSync(join(directory, segment))) + 1);
  }
  cpSync(directory, copy, { recursive: true });
  await storage.close();
  rmSync(directory, { recursive: true });
  cpSync(copy, directory, { recursive: true });
  return { segment: join(directory, segment), ends };
}

/** As a loss of power leaves the store's file: the mark, which is not synced, did not get to the disk. */
function withoutMark(store: Buffer): Buffer {
  return Buffer.from(store).fill(0, 8192);
}

function lastNonZero(bytes: Buffer): number {
  let at = bytes.length - 1;
  while (at >= 0 && bytes[at] === 0) at--;
  return at;
}

async function open(directory: string): Promise<{ content: Content; repairs: readonly string[] }> {
  const storage = fileStorage({ directory, segmentBytes: 128 * 1024 });
  try {
    const restored = await storage.open(identity);
    return { content: await contentOf(storage, restored), repairs: restored.repairs };
  } finally {
    await storage.close();
  }
}

describe('storage-file: damage', { timeout: 60_000 }, () => {
  test('a last write that is torn after any byte is cut off and reported; the others stay', async () => {
    const directory = join(root, 'data');
    const { segment, ends } = await killedLog(directory, 5);
    const whole = readFileSync(segment);
    const store = withoutMark(readFileSync(join(directory, 'store')));
    const [before, end] = [ends[3] as number, ends[4] as number];
    for (let at = before; at < end; at += 1) {
      const torn = Buffer.from(whole);
      torn.fill(0, at);
      writeFileSync(segment, torn);
      writeFileSync(join(directory, 'store'), store);
      const { content, repairs } = await open(directory);
      assert.equal(content.entries.length, 4, `torn at ${at}`);
      assert.equal(
        repairs.length,
        at === before || lastNonZero(torn) < before ? 0 : 1,
        `torn at ${at}: ${repairs.join()}`,
      );
    }
  });

  test('the last record that was acknowledged is not cut off when it is damaged after the end of the process', async () => {
    const directory = join(root, 'data');
    const { segment, ends } = await killedLog(directory, 5);
    const whole = readFileSync(segment);
    const store = readFileSync(join(directory, 'store'));
    const [before, end] = [ends[3] as number, ends[4] as number];
    for (let at = before; at < end; at += 7) {
      for (const damage of [(bytes: Buffer) => bytes.fill(0, at), (bytes: Buffer) => (bytes[at]! ^= 0x20)]) {
        const damaged = Buffer.from(whole);
        damage(damaged);
        if (damaged.equals(whole)) continue;
        writeFileSync(segment, damaged);
        writeFileSync(join(directory, 'store'), store);
        await assert.rejects(open(directory), (error: StorageError) => {
          assert.equal(error.code, 'RAFT_STORAGE_CORRUPT');
          assert.match(error.message, /0000000001\.log is damaged at offset \d+ \(entries from 5 on\)/);
          return true;
        });
      }
    }
    // Nothing was changed by looking: with the bytes as they were, all is there.
    writeFileSync(segment, whole);
    assert.equal((await open(directory)).content.entries.length, 5);
    // Opened and closed, the same holds when the mark is lost.
    const closed = withoutMark(readFileSync(join(directory, 'store')));
    writeFileSync(join(directory, 'store'), closed);
    writeFileSync(segment, Buffer.from(whole).fill(0, before + 1));
    await assert.rejects(open(directory), { code: 'RAFT_STORAGE_CORRUPT' });
  });

  test('what was told at a start counts as acknowledged from then on, also after a loss of power', async () => {
    const directory = join(root, 'data');
    const { segment, ends } = await killedLog(directory, 5);
    const whole = readFileSync(segment);
    writeFileSync(join(directory, 'store'), withoutMark(readFileSync(join(directory, 'store'))));
    const storage = fileStorage({ directory, segmentBytes: 128 * 1024 });
    assert.equal((await storage.open(identity)).lastIndex, 5);
    const store = withoutMark(readFileSync(join(directory, 'store')));
    await storage.close();
    writeFileSync(join(directory, 'store'), store);
    writeFileSync(segment, Buffer.from(whole).fill(0, ends[3]));
    await assert.rejects(open(directory), { code: 'RAFT_STORAGE_CORRUPT' });
  });

  test('a torn write is not cut off when the mark is damaged too, since nobody can tell', async () => {
    const directory = join(root, 'data');
    const { segment, ends } = await killedLog(directory, 5);
    const store = readFileSync(join(directory, 'store'));
    store[8192 + 9]! ^= 1;
    writeFileSync(join(directory, 'store'), store);
    const whole = readFileSync(segment);
    writeFileSync(segment, Buffer.from(whole).fill(0, ends[4]! - 20));
    await assert.rejects(open(directory), { code: 'RAFT_STORAGE_CORRUPT' });
    writeFileSync(segment, whole);
    const { content, repairs } = await open(directory);
    assert.equal(content.entries.length, 5);
    assert.match(repairs.join(), /the mark of .* was damaged/);
  });

  test('a snapshot that is missing, or is an older one under its name, is refused', async () => {
    const directory = join(root, 'data');
    const storage = fileStorage({ directory });
    await storage.open(identity);
    const path = join(directory, '0000000002.snapshot');
    let older: Buffer | undefined;
    for (let i = 1; i <= 2; i++) {
      await storage.append({ entries: [entry(i, 1)] });
      const writer = await storage.createSnapshot({ index: i, term: 1, configuration, configurationIndex: 1 });
      await writer.write(new Uint8Array(1000).fill(i));
      await writer.commit();
      older ??= readFileSync(join(directory, '0000000001.snapshot'));
    }
    await storage.close();
    const whole = readFileSync(path);
    rmSync(path);
    await assert.rejects(open(directory), {
      code: 'RAFT_STORAGE_CORRUPT',
      message: /0000000002\.snapshot .* is missing/,
    });
    writeFileSync(path, older!);
    await assert.rejects(open(directory), {
      code: 'RAFT_STORAGE_CORRUPT',
      message: /\(entries 1 to 2\): it is the snapshot of entries 1 to 1/,
    });
    writeFileSync(path, whole);
    await open(directory);
  });

  test('a record that is damaged with good ones behind it is refused, naming file, offset and entries', async () => {
    const directory = join(root, 'data');
    const { segment, ends } = await killedLog(directory, 6);
    const whole = readFileSync(segment);
    for (let at = ends[1] as number; at < (ends[2] as number); at += 3) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      if (damaged.equals(whole)) continue;
      writeFileSync(segment, damaged);
      await assert.rejects(open(directory), (error: StorageError) => {
        assert.equal(error.code, 'RAFT_STORAGE_CORRUPT');
        assert.match(error.message, /0000000001\.log is damaged at offset \d+ \(entries 3 to 5|\(entries from 3 on/);
        return true;
      });
    }
  });

  test('a record of which a part is missing is no torn write when one that was written later is whole, also without the mark', async () => {
    const directory = join(root, 'data');
    const { segment, ends } = await killedLog(directory, 6);
    const whole = readFileSync(segment);
    const store = withoutMark(readFileSync(join(directory, 'store')));
    for (let at = (ends[1] as number) + 8; at < (ends[2] as number); at += 5) {
      writeFileSync(segment, Buffer.from(whole).fill(0, at, ends[2]));
      writeFileSync(join(directory, 'store'), store);
      await assert.rejects(open(directory), (error: StorageError) => {
        assert.equal(error.code, 'RAFT_STORAGE_CORRUPT');
        assert.match(error.message, /an intact record follows at offset \d+/);
        return true;
      });
    }
  });

  test('after a clean stop no bit of the log can change unseen', async () => {
    const seed = 7;
    const random = seededRandom(seed);
    const directory = join(root, 'data');
    const storage = fileStorage({ directory, segmentBytes: 128 * 1024 });
    await storage.open(identity);
    for (let i = 1; i <= 40; i++) await storage.append({ entries: [entry(i, 1, 5000)] });
    await storage.close();
    const expected = (await open(directory)).content;
    const files = readdirSync(directory).filter((name) => name.endsWith('.log'));
    for (let round = 0; round < 60; round++) {
      const path = join(directory, files[Math.floor(random() * files.length)] as string);
      const whole = readFileSync(path);
      const at = Math.floor(random() * (lastNonZero(whole) + 1));
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ (1 << Math.floor(random() * 8));
      writeFileSync(path, damaged);
      const outcome = await open(directory).catch((error: unknown) => error);
      const refused = outcome instanceof StorageError && outcome.code === 'RAFT_STORAGE_CORRUPT';
      if (!refused)
        assert.deepEqual((outcome as { content: Content }).content, expected, `seed ${seed}, byte ${at} of ${path}`);
      writeFileSync(path, whole);
    }
  });

  test('a missing segment is refused', async () => {
    const directory = join(root, 'data');
    const storage = fileStorage({ directory, segmentBytes: 128 * 1024 });
    await storage.open(identity);
    for (let i = 1; i <= 80; i++) await storage.append({ entries: [entry(i, 1, 5000)] });
    await storage.close();
    const files = readdirSync(directory).filter((name) => name.endsWith('.log'));
    assert(files.length >= 4);
    for (const name of files.slice(0, -1)) {
      const bytes = readFileSync(join(directory, name));
      rmSync(join(directory, name));
      await assert.rejects(open(directory), { code: 'RAFT_STORAGE_CORRUPT' }, name);
      writeFileSync(join(directory, name), bytes);
    }
    assert.equal((await open(directory)).content.entries.length, 80);
  });

  test('a flipped bit in a snapshot is found before its data are handed out', async () => {
    const directory = join(root, 'data');
    const storage = fileStorage({ directory });
    await storage.open(identity);
    await storage.append({ entries: [entry(1, 1)] });
    const writer = await storage.createSnapshot({ index: 1, term: 1, configuration, configurationIndex: 1 });
    await writer.write(new Uint8Array(700_000).fill(1));
    await writer.commit();
    const path = join(directory, '0000000001.snapshot');
    const whole = readFileSync(path);
    for (let at = 1000; at < whole.length; at += 50_001) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 1;
      writeFileSync(path, damaged);
      const read = async (): Promise<void> => {
        const reader = await storage.openSnapshot();
        try {
          for await (const chunk of reader?.chunks() ?? []) assert(chunk.every((byte) => byte === 1));
        } finally {
          await reader?.close();
        }
      };
      await assert.rejects(read(), { code: 'RAFT_STORAGE_CORRUPT' }, `byte ${at}`);
    }
    await storage.close();
  });

  test('leftovers of another store are not taken for its own', async () => {
    const [a, b] = [join(root, 'a'), join(root, 'b')];
    for (const directory of [a, b]) {
      const storage = fileStorage({ directory, segmentBytes: 128 * 1024 });
      await storage.open(identity);
      for (let i = 1; i <= 4; i++) await storage.append({ entries: [entry(i, 1)] });
      await storage.close();
    }
    cpSync(join(b, '0000000001.log'), join(a, '0000000001.log'));
    await assert.rejects(open(a), { code: 'RAFT_STORAGE_CORRUPT' });
  });
});
