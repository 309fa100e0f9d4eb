import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/index.js';
import { FrameCheck } from '../../../src/node/snapshots/frame-check.js';
import { frameSnapshot, inPieces, unframeSnapshot } from '../../../src/node/snapshots/framing.js';

const random = seededRandom(11);
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(random() * 256));

async function* chunksOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** As chunks of these sizes, again and again. */
function cut(whole: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0, i = 0; at < whole.length; i++) {
    const size = sizes[i % sizes.length] as number;
    parts.push(whole.subarray(at, at + size));
    at += size;
  }
  return parts;
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const table = (...blocks: readonly Uint8Array[]): Iterator<Uint8Array, undefined> => blocks.values();

async function unframe(parts: readonly Uint8Array[]): Promise<{ blocks: Uint8Array[]; state: Uint8Array }> {
  const blocks: Uint8Array[] = [];
  const machine = await unframeSnapshot(chunksOf(parts), (block) => void blocks.push(Uint8Array.from(block)));
  return { blocks, state: await gather(machine) };
}

test('session table and state come back from chunks of any size', async () => {
  for (const [blockBytes, stateBytes] of [
    [[], 0],
    [[], 1],
    [[5], 0],
    [[300, 1, 20], 1000],
  ] as const) {
    const [blocks, state] = [blockBytes.map(bytes), bytes(stateBytes)];
    const whole = await gather(frameSnapshot(table(...blocks), chunksOf(cut(state, [7, 1, 100]))));
    for (const sizes of [[1], [2, 3], [5], [8], [0, 4], [10_000]]) {
      expect(await unframe(cut(whole, sizes))).toEqual({ blocks, state });
    }
  }
});

/** What is found out without keeping any of it, in pieces of these sizes. */
function isWhole(snapshot: Uint8Array, sizes: readonly number[]): boolean {
  const check = new FrameCheck();
  for (const piece of cut(snapshot, sizes)) check.add(piece);
  return check.isWhole;
}

test('a snapshot is checked as its pieces come, whatever their sizes', async () => {
  const pieces = [[1], [2, 3], [5], [8, 1], [7, 100], [10_000]];
  for (const [blockBytes, stateBytes] of [
    [[], 0],
    [[], 1],
    [[5], 0],
    [[30, 1, 20], 100],
  ] as const) {
    const whole = await gather(frameSnapshot(table(...blockBytes.map(bytes)), chunksOf([bytes(stateBytes)])));
    for (const sizes of pieces) {
      expect(isWhole(whole, sizes)).toBe(true);
      for (let at = 0; at < whole.length; at++) {
        const changed = Uint8Array.from(whole, (byte, i) => (i === at ? byte ^ 1 : byte));
        expect([at, isWhole(changed, sizes)]).toEqual([at, false]);
        expect([at, isWhole(whole.subarray(0, at), sizes)]).toEqual([at, false]);
      }
    }
  }
});

test('every byte that is changed, and every end that is missing, is noticed', async () => {
  const whole = await gather(frameSnapshot(table(bytes(20), bytes(5)), chunksOf([bytes(30)])));
  for (let at = 0; at < whole.length; at++) {
    const changed = Uint8Array.from(whole);
    changed[at] = (changed[at] as number) ^ 1;
    await expect(unframe(cut(changed, [9]))).rejects.toMatchObject({ code: 'RAFT_STORAGE_CORRUPT' });
    await expect(unframe(cut(whole.subarray(0, at), [9]))).rejects.toMatchObject({ code: 'RAFT_STORAGE_CORRUPT' });
  }
});

test('nothing that is damaged is taken for a session table, and the rest of it is let go of', async () => {
  const whole = await gather(frameSnapshot(table(bytes(20), bytes(20)), chunksOf([bytes(30)])));
  const second = 4 + 4 + 20 + 4;
  const swapped = Uint8Array.from(whole);
  swapped.set(whole.subarray(second, second + 28), 4);
  swapped.set(whole.subarray(4, second), second);
  const left: Uint8Array[] = [];
  const huge = Uint8Array.from(whole).fill(255, 4, 8);
  for (const [damaged, taken, why] of [
    [Uint8Array.from(whole).fill(0, second + 10, second + 12), 1, 'a checksum of its session table differs'],
    [Uint8Array.of(...whole.subarray(0, 4), ...whole.subarray(second)), 0, 'a checksum of its session table differs'],
    [swapped, 0, 'a checksum of its session table differs'],
    [huge, 0, 'a block of 4294967295 bytes'],
  ] as const) {
    let ended = false;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      try {
        yield damaged;
        yield bytes(1);
      } finally {
        ended = true;
      }
    }
    left.length = 0;
    await expect(unframeSnapshot(chunks(), (block) => void left.push(block))).rejects.toThrow(why);
    expect([left.length, ended]).toEqual([taken, true]);
  }
});

test('a format that is not known is refused by its number', async () => {
  const whole = await gather(frameSnapshot(table(bytes(2)), chunksOf([])));
  whole[0] = 9;
  await expect(unframe([whole])).rejects.toThrow('has format 9, and this version reads 2');
});

test('the machine is asked for its first chunk within the call, before anything is applied after it', async () => {
  const state = ['a'];
  async function* machine(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(state.join());
  }
  const framed = frameSnapshot(table(), machine());
  state.push('b');
  const read = await unframeSnapshot(framed, () => {});
  expect(new TextDecoder().decode(await gather(read))).toBe('a');
});

test('a snapshot that is given up lets go of table and machine, read or not', async () => {
  const ended: string[] = [];
  async function* machine(name: string): AsyncGenerator<Uint8Array> {
    try {
      yield bytes(1);
      yield bytes(1);
    } finally {
      ended.push(name);
    }
  }
  function* blocks(): Generator<Uint8Array, undefined> {
    try {
      yield bytes(1);
      yield bytes(1);
    } finally {
      ended.push('table');
    }
  }
  await frameSnapshot(table(), machine('unread')).return?.();
  for await (const chunk of frameSnapshot(table(), machine('begun'))) if (chunk.length === 1) break;
  const framed = frameSnapshot(blocks(), machine('both'));
  await framed.next();
  await framed.next();
  await framed.return?.();
  expect(ended).toEqual(['unread', 'begun', 'table', 'both']);
});

test('a machine that throws does so to whoever reads, and to nobody else', async () => {
  const machine = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('no state')) }) };
  const framed = frameSnapshot(table(), machine);
  await new Promise((resolve) => void setImmediate(resolve));
  await expect(gather(framed)).rejects.toThrow('no state');
});

test('pieces have the size asked for, but for the last', async () => {
  const whole = bytes(1000);
  for (const sizes of [[1000], [1], [99, 3], [300]]) {
    const pieces: Uint8Array[] = [];
    for await (const piece of inPieces(chunksOf(cut(whole, sizes)), 300)) pieces.push(piece);
    expect(pieces.map((piece) => piece.length)).toEqual([300, 300, 300, 100]);
    expect(await gather(chunksOf(pieces))).toEqual(whole);
  }
  for await (const piece of inPieces(chunksOf([]), 10)) throw new Error(`a piece of ${piece.length} bytes of nothing`);
});
