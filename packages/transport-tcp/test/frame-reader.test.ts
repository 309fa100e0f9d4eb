import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameError, frameHeaderBytes } from '../src/frame.js';
import { FrameReader, ownBytes } from '../src/frame-reader.js';
import { frame } from './support/raw.js';
import type { Frame } from './support/raw.js';

function collector(maxFrameBytes = 1000): { reader: FrameReader; frames: Frame[] } {
  const frames: Frame[] = [];
  const reader = new FrameReader(maxFrameBytes, (kind, payload) => frames.push({ kind, payload }));
  return { reader, frames };
}

/** The twin: joins everything first, then cuts. */
function naive(stream: Buffer): { kind: number; payload: string }[] {
  const frames = [];
  for (let at = 0; at + frameHeaderBytes <= stream.length;) {
    const end = at + frameHeaderBytes + stream.readUInt32BE(at);
    if (end > stream.length) break;
    frames.push({ kind: stream.readUInt8(at + 4), payload: stream.toString('hex', at + frameHeaderBytes, end) });
    at = end;
  }
  return frames;
}

const hex = ({ kind, payload }: Frame): { kind: number; payload: string } => ({
  kind,
  payload: Buffer.from(payload).toString('hex'),
});

describe('frame reader', () => {
  test('cuts a stream into the same frames whatever the chunks are', () => {
    const frames = fc.array(fc.record({ kind: fc.nat(255), payload: fc.uint8Array({ maxLength: 60 }) }), {
      maxLength: 8,
    });
    const cuts = fc.array(fc.nat(600), { maxLength: 12 });
    fc.assert(
      fc.property(frames, cuts, fc.nat(8), (sent, cutsAt, missing) => {
        const whole = Buffer.concat(sent.map(({ kind, payload }) => frame(kind, payload)));
        // The stream may also end within a frame.
        const stream = whole.subarray(0, Math.max(0, whole.length - missing));
        const { reader, frames: received } = collector();
        const bounds = [0, ...cutsAt.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b), stream.length];
        for (let i = 1; i < bounds.length; i += 1) reader.push(stream.subarray(bounds[i - 1], bounds[i]));
        expect(received.map(hex)).toEqual(naive(stream));
      }),
      { numRuns: 500 },
    );
  });

  test('byte by byte, with frames that have no payload', () => {
    const stream = Buffer.concat([
      frame(6, new Uint8Array(0)),
      frame(3, Buffer.from('abc')),
      frame(7, new Uint8Array(0)),
    ]);
    const { reader, frames } = collector();
    for (const byte of stream) reader.push(Uint8Array.of(byte));
    expect(frames.map(({ kind, payload }) => [kind, Buffer.from(payload).toString()])).toEqual([
      [6, ''],
      [3, 'abc'],
      [7, ''],
    ]);
  });

  test('puts a large frame of many chunks together in linear time', () => {
    const payload = Buffer.alloc(32 * 1024 * 1024, 7);
    const stream = frame(3, payload);
    const { reader, frames } = collector(payload.length);
    const from = process.cpuUsage();
    for (let at = 0; at < stream.length; at += 4096) reader.push(stream.subarray(at, at + 4096));
    // Quadratic copying of 8192 chunks would take a minute.
    expect(process.cpuUsage(from).user / 1000).toBeLessThan(2000);
    expect(payload.equals(frames[0]?.payload ?? Buffer.alloc(0))).toBe(true);
    expect(frames[0]?.payload.buffer.byteLength).toBe(payload.length);
  });

  test('refuses a frame beyond the limit as soon as it is announced, in a whole header or a split one', () => {
    const header = frame(3, new Uint8Array(1001)).subarray(0, frameHeaderBytes);
    expect(() => collector().reader.push(header)).toThrow(FrameError);
    const { reader } = collector();
    reader.push(header.subarray(0, 5));
    expect(() => reader.push(header.subarray(5))).toThrow(/1001 bytes is announced, at most 1000/);
    const { reader: enough, frames } = collector(1001);
    enough.push(frame(3, new Uint8Array(1001)));
    expect(frames.length).toBe(1);
  });

  test('refuses any flipped bit of kind, checksum or payload', () => {
    const good = frame(3, Buffer.from('hello'));
    for (let bit = 32; bit < good.length * 8; bit += 1) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const { reader, frames } = collector();
      expect(() => reader.push(bad)).toThrow(/checksum/);
      expect(frames).toEqual([]);
    }
  });

  test('hands over nothing after it was stopped, also within a chunk', () => {
    const seen: number[] = [];
    const reader = new FrameReader(100, (kind) => {
      seen.push(kind);
      if (seen.length === 2) reader.stop();
    });
    const one = frame(3, Buffer.from('x'));
    reader.push(Buffer.concat([one, one, one, one]));
    reader.push(one);
    expect(seen).toEqual([3, 3]);
  });

  test('an announced frame costs memory only as it arrives', () => {
    const { reader } = collector(2 ** 31);
    const header = Buffer.alloc(frameHeaderBytes);
    header.writeUInt32BE(2 ** 31, 0);
    const before = process.memoryUsage().arrayBuffers;
    reader.push(header);
    reader.push(Buffer.alloc(100));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
  });
});

test('own bytes share memory with no other frame', () => {
  const { reader, frames } = collector();
  const chunk = new Uint8Array(Buffer.concat([frame(3, Buffer.from('one')), frame(3, Buffer.from('two'))]));
  reader.push(chunk);
  const own = frames.map(({ payload }) => ownBytes(payload));
  expect(own.map((bytes) => Buffer.from(bytes).toString())).toEqual(['one', 'two']);
  for (const bytes of own) expect(bytes.buffer).not.toBe(chunk.buffer);
  // Alone in its chunk it is not copied.
  const alone = collector();
  const single = new Uint8Array(frame(3, Buffer.from('one')));
  alone.reader.push(single);
  expect(ownBytes(alone.frames[0]?.payload ?? single).buffer).toBe(single.buffer);
});
