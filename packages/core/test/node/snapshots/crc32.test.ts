import { crc32 as zlibCrc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/index.js';
import { crc32 } from '../../../src/node/snapshots/crc32.js';

const random = seededRandom(7);
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(random() * 256));

test('equals that of zlib, at any length and any place in memory', () => {
  for (let length = 0; length < 70; length++) {
    const whole = bytes(length + 3);
    for (const start of [0, 1, 3]) {
      const part = whole.subarray(start, start + length);
      expect(crc32(part)).toBe(zlibCrc32(part));
    }
  }
});

test('goes on from what came before', () => {
  const whole = bytes(1000);
  for (const at of [0, 1, 500, 999, 1000]) {
    expect(crc32(whole.subarray(at), crc32(whole.subarray(0, at)))).toBe(zlibCrc32(whole));
  }
});
