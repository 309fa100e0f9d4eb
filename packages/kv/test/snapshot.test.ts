import { crc32 } from 'node:zlib';
import { StorageError } from '@raft/core';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { encodeDelete, encodeSet, KvStateMachine } from '../src/index.js';
import { Applier, chunksOf, collect, encodeStep, linesOf, someStep, Twin } from './support/machine.js';

/** So many that the tree has several levels and deletions merge its nodes. */
const wideKey = fc.nat(2000).map((n) => Uint8Array.of(n >> 8, n & 0xff));

// Other work on the machine may slow these down; none of them waits for time.
vi.setConfig({ testTimeout: 30_000 });

describe('a snapshot', () => {
  it('shows the instant of the call while commands go on, and so does each of several', async () => {
    const batches = fc.array(fc.array(someStep(wideKey), { maxLength: 40 }), { minLength: 2, maxLength: 4 });
    const property = fc.asyncProperty(fc.nat(1500), batches, async (size, later) => {
      const { machine, apply, twin } = filled(size);
      const taken: { twin: Twin; chunks: AsyncIterator<Uint8Array>; parts: Uint8Array[] }[] = [];
      for (const batch of later) {
        taken.push({ twin: twin.copy(), chunks: machine.snapshot()[Symbol.asyncIterator](), parts: [] });
        for (const step of batch) apply(step);
        // Runs of deletions empty and merge whole nodes that the snapshots share.
        if (batch.length > 20) for (let n = 0; n < 300; n++) apply({ type: 'delete', key: numbered(n) });
        for (const { chunks, parts } of taken) {
          const next = await chunks.next();
          if (next.done !== true) parts.push(next.value);
        }
      }
      for (const { twin: then, chunks, parts } of taken) {
        for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) parts.push(next.value);
        const restored = new KvStateMachine();
        await restored.restore(chunksOf(Buffer.concat(parts)));
        expect(linesOf(restored).join()).toBe(then.lines().join());
      }
      expect(linesOf(machine).join()).toBe(twin.lines().join());
    });
    await fc.assert(property, { numRuns: 8 });
  });

  it('is the same bytes for the same state, whatever way led to it', async () => {
    const [one, other] = ['x', 'y'].map((detour) => {
      const applier = new Applier();
      applier.apply(encodeSet(detour, '0'), encodeSet('a', '1'), encodeSet('b', '2'), encodeDelete(detour));
      return applier;
    }) as [Applier, Applier];
    expect((await collect(other.machine.snapshot())).equals(await collect(one.machine.snapshot()))).toBe(true);
  });

  it('is restored from chunks of any size, and revisions beyond 2^32 come back', async () => {
    const applier = new Applier();
    applier.index = 2 ** 53 - 4;
    applier.apply(encodeSet('a', Buffer.alloc(100_000, 1)), encodeSet('b', ''), encodeSet('c', Buffer.alloc(70_000)));
    const bytes = await collect(applier.machine.snapshot());
    for (const chunkBytes of [1, 7, 9, 4096, 65_545, 65_546, bytes.length]) {
      const restored = new KvStateMachine();
      await restored.restore(chunksOf(bytes, chunkBytes));
      expect(linesOf(restored)).toEqual(linesOf(applier.machine));
    }
    expect(linesOf(applier.machine)[1]).toBe(`62@${2 ** 53 - 2}=`);
  });

  it('comes in bounded chunks, and other work has its turn after each, when it is restored too', async () => {
    const applier = new Applier();
    for (let i = 0; i < 20_000; i++) applier.apply(encodeSet(`key-${i}`, Buffer.alloc(300, i)));
    const chunks: Uint8Array[] = [];
    let turns = 0;
    let timer = setImmediate(function count() {
      turns++;
      timer = setImmediate(count);
    });
    for await (const chunk of applier.machine.snapshot()) chunks.push(chunk);
    const turnsOfSnapshot = turns;
    const restored = new KvStateMachine();
    await restored.restore(chunksOf(Buffer.concat(chunks)));
    clearImmediate(timer);
    expect(restored.size).toBe(20_000);
    expect(chunks.length).toBeGreaterThan(90);
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(64 * 1024 + 9);
    // Not after the header and the last two.
    expect(turnsOfSnapshot).toBeGreaterThanOrEqual(chunks.length - 3);
    expect(turns - turnsOfSnapshot).toBeGreaterThanOrEqual(chunks.length - 3);
  });
});

it('a restore lets go of the map before it reads: there need not be room for two', async () => {
  const bytes = await collect(source().machine.snapshot());
  const { machine } = source();
  const sizes: number[] = [];
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 10) {
      sizes.push(machine.size);
      yield bytes.subarray(at, at + 10);
    }
  };
  await machine.restore(watched());
  expect([new Set(sizes), machine.size]).toEqual([new Set([0]), 3]);
});

describe('a stream that is not a whole snapshot', () => {
  it('cut off at any byte is refused, and nothing is there then', async () => {
    const bytes = await collect(source().machine.snapshot());
    for (let end = 0; end < bytes.length; end++) await expectRefused(chunksOf(bytes.subarray(0, end), 64));
  });

  it('garbled at any byte is refused, and nothing is there then', async () => {
    const bytes = await collect(source().machine.snapshot());
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const garbled = Buffer.from(bytes);
        garbled.writeUInt8(garbled.readUInt8(at) ^ flip, at);
        await expectRefused(chunksOf(garbled, 50));
      }
    }
  });

  it('that lacks a block, repeats one or has two change places is refused', async () => {
    const blocks: Buffer[] = [];
    const applier = new Applier();
    for (let i = 0; i < 3; i++) applier.apply(encodeSet(`k${i}`, Buffer.alloc(60_000, i)));
    for await (const chunk of applier.machine.snapshot()) blocks.push(Buffer.from(chunk));
    expect(blocks.length).toBe(5);
    for (let i = 0; i < blocks.length; i++) {
      await expectRefused(chunksOf(Buffer.concat(blocks.toSpliced(i, 1))));
      await expectRefused(chunksOf(Buffer.concat(blocks.toSpliced(i, 0, blocks[i]!))));
      const swapped = blocks.with(i, blocks[(i + 1) % 5]!).with((i + 1) % 5, blocks[i]!);
      await expectRefused(chunksOf(Buffer.concat(swapped)));
    }
    await expectRefused(chunksOf(Buffer.concat([...blocks, Buffer.alloc(1)])));
    await expectRefused(chunksOf(Buffer.concat([...blocks, ...blocks])));
  });

  // Whole and with right checksums, as a mistake of a writer would make them.
  it.each([
    ['no header', [records(['a', '1']), end(1)], 'it does not begin as one'],
    ['another format', [sealed(0, Buffer.from('raft.xx\x02')), end(0)], 'it does not begin as one'],
    ['a later version', [sealed(0, Buffer.from('raft.kv\x03')), end(0)], 'its format has version 3'],
    ['keys out of order', [header(), records(['b', '1'], ['a', '2']), end(2)], 'its keys are not in order'],
    ['a key twice', [header(), records(['a', '1']), records(['a', '1']), end(2)], 'its keys are not in order'],
    ['an empty key', [header(), records(['', '1']), end(1)], 'its keys are not in order'],
    ['a record fewer than it says', [header(), records(['a', '1']), end(2)], '1 records are not all'],
    ['a record that is longer than its block', [header(), sealed(1, cutRecord()), end(1)], 'a record is cut off'],
    ['a block of an unknown kind', [header(), sealed(7, Buffer.alloc(3)), end(0)], 'the unknown kind 7'],
    ['two ends', [header(), end(0), end(0)], 'it goes on after its end'],
    ['no end', [header(), records(['a', '1'])], 'it is cut off'],
  ])('with %s says so', async (_, blocks, why) => {
    await expectRefused(chunksOf(chained(blocks)), why);
  });

  it('that fails where it comes from leaves nothing, with that failure', async () => {
    const bytes = await collect(source().machine.snapshot());
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 60);
      throw new Error('the connection is lost');
    };
    const { machine } = source();
    await expect(machine.restore(failing())).rejects.toThrow('the connection is lost');
    expect(linesOf(machine)).toEqual([]);
  });

  it('whose length would be a gigabyte is refused at once, and its source is let go', async () => {
    let released = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from('00000040000000000000', 'hex');
        for (;;) yield Buffer.alloc(1024);
      } finally {
        released = true;
      }
    };
    await expectRefused(endless(), 'a block of 1073741824 bytes');
    expect(released).toBe(true);
  });
});

/** Numbered keys that make a tree of two and three levels, and values that make a snapshot of many chunks. */
function filled(size: number): {
  machine: KvStateMachine;
  twin: Twin;
  apply: (step: Parameters<Twin['apply']>[0]) => void;
} {
  const applier = new Applier();
  const twin = new Twin();
  const apply = (step: Parameters<Twin['apply']>[0]): void => {
    applier.apply(encodeStep(step));
    twin.apply(step, applier.index);
  };
  for (let n = 0; n < size; n++) apply({ type: 'set', key: numbered((n * 7919) % 2001), value: Buffer.alloc(150, n) });
  return { machine: applier.machine, twin, apply };
}

function numbered(n: number): Uint8Array {
  return Uint8Array.of(n >> 8, n & 0xff);
}

function source(): Applier {
  const applier = new Applier();
  applier.apply(
    encodeSet('a', 'one'),
    encodeSet('b', ''),
    encodeSet('x', 'y'),
    encodeDelete('x'),
    encodeSet('c', 'three'),
  );
  return applier;
}

async function expectRefused(chunks: AsyncIterable<Uint8Array>, why = ''): Promise<void> {
  const applier = new Applier();
  applier.apply(encodeSet('old', 'state'));
  const error: unknown = await applier.machine.restore(chunks).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(StorageError);
  expect((error as StorageError).code).toBe('RAFT_STORAGE_CORRUPT');
  expect((error as StorageError).message).toContain(why);
  expect(linesOf(applier.machine)).toEqual([]);
}

interface Body {
  readonly kind: number;
  readonly body: Buffer;
}

function sealed(kind: number, body: Buffer): Body {
  return { kind, body };
}

function header(): Body {
  return sealed(0, Buffer.from('raft.kv\x02'));
}

function end(count: number): Body {
  const body = Buffer.alloc(16);
  body.writeBigUInt64LE(BigInt(count));
  return sealed(2, body);
}

function records(...pairs: [string, string][]): Body {
  return sealed(1, Buffer.concat(pairs.map(([key, value]) => record(key, value))));
}

function record(key: string, value: string): Buffer {
  const sizes = Buffer.alloc(16);
  sizes.writeUInt32LE(key.length, 0);
  sizes.writeUInt32LE(value.length, 4);
  sizes.writeBigUInt64LE(1n, 8);
  return Buffer.concat([sizes, Buffer.from(key + value)]);
}

function cutRecord(): Buffer {
  return record('a', '12345').subarray(0, -1);
}

/** The format from its description, a second time. */
function chained(blocks: readonly Body[]): Buffer {
  let crc = 0;
  return Buffer.concat(
    blocks.map(({ kind, body }) => {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(body.length + 1, 0);
      crc = crc32(Buffer.concat([head.subarray(0, 4), Buffer.of(kind), body]), crc);
      head.writeUInt32LE(crc, 4);
      return Buffer.concat([head, Buffer.of(kind), body]);
    }),
  );
}
