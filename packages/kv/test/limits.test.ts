import { InvalidArgumentError } from '@raft/core';
import { describe, expect, it } from 'vitest';
import { defaultLimits, encodeCompareAndSet, encodeDelete, encodeSet, kvService } from '../src/index.js';
import { otherRequest } from '../src/request.js';
import { ask, FakeNode, requestOf } from './support/node.js';

const bytes = (length: number): Uint8Array => Buffer.alloc(length, 0x78);
const { maxKeyBytes, maxValueBytes } = defaultLimits;

/** What the service answers to a command, and what it proposed. */
function served(command: Uint8Array, limits = {}): { error: string | undefined; proposed: number } {
  const node = new FakeNode();
  const { response } = ask(kvService(node, limits), requestOf(command));
  return { error: response?.error?.message ?? undefined, proposed: node.proposed.length };
}

describe('the limits of the service', () => {
  it('are 4 KiB for a key and 1 MiB for a value unless others are given', () => {
    expect(defaultLimits).toEqual({ maxKeyBytes: 4096, maxValueBytes: 1_048_576 });
  });

  it.each([
    ['a key of one byte', encodeSet('k', '')],
    ['the longest key', encodeSet(bytes(maxKeyBytes), 'v')],
    ['the longest key to delete', encodeDelete(bytes(maxKeyBytes))],
    ['the largest value', encodeSet('k', bytes(maxValueBytes))],
    ['the largest expected value', encodeCompareAndSet('k', { value: bytes(maxValueBytes) }, bytes(maxValueBytes))],
  ])('let %s into the log', (_, command) => {
    expect(served(command)).toEqual({ error: undefined, proposed: 1 });
  });

  it.each([
    ['an empty key', encodeSet('', 'v'), 'the key is empty'],
    ['an empty key to delete', encodeDelete(''), 'the key is empty'],
    ['a key a byte too long', encodeSet(bytes(4097), 'v'), 'the key has 4097 bytes: at most 4096 are allowed'],
    ['a key to delete a byte too long', encodeDelete(bytes(4097)), 'the key has 4097 bytes: at most 4096 are allowed'],
    [
      'a value a byte too large',
      encodeSet('k', bytes(1_048_577)),
      'the value has 1048577 bytes: at most 1048576 are allowed',
    ],
    [
      'a new value a byte too large',
      encodeCompareAndSet('k', { absent: true }, bytes(1_048_577)),
      'the value has 1048577 bytes: at most 1048576 are allowed',
    ],
    [
      'an expected value a byte too large',
      encodeCompareAndSet('k', { value: bytes(1_048_577) }, 'v'),
      'the value has 1048577 bytes: at most 1048576 are allowed',
    ],
  ])('refuse %s before it enters the log, and say why', (_, command, why) => {
    const { error, proposed } = served(command);
    expect(error).toContain(why);
    expect(proposed).toBe(0);
  });

  it('may be others', () => {
    const limits = { maxKeyBytes: 2, maxValueBytes: 3 };
    expect(served(encodeSet('kk', 'vvv'), limits).proposed).toBe(1);
    expect(served(encodeSet('kkk', 'v'), limits).error).toContain('3 bytes: at most 2');
    expect(served(encodeSet('k', 'vvvv'), limits).error).toContain('4 bytes: at most 3');
  });

  it.each([
    ['get', otherRequest({ get: { key: bytes(4097) } })({ timeoutMs: 1 }), 'the key has 4097 bytes'],
    ['get of nothing', otherRequest({ get: {} })({ timeoutMs: 1 }), 'the key is empty'],
    ['prefix', otherRequest({ list: { prefix: bytes(4097) } })({ timeoutMs: 1 }), 'the key has 4097 bytes'],
    ['after', otherRequest({ list: { after: bytes(4097) } })({ timeoutMs: 1 }), 'the key has 4097 bytes'],
  ])('hold for the keys of reads: %s', (_, request, why) => {
    const node = new FakeNode();
    const { response } = ask(kvService(node), request);
    expect(response?.error?.code).toBe('RAFT_INVALID_ARGUMENT');
    expect(response?.error?.message).toContain(why);
    expect(node.reads).toEqual([]);
  });

  it.each([
    { maxKeyBytes: 0 },
    { maxKeyBytes: 1.5 },
    { maxValueBytes: -1 },
    { maxValueBytes: Number.NaN },
    { defaultTimeoutMs: 0 },
    { defaultTimeoutMs: Number.NaN },
  ])('that cannot work are refused by name: %o', (limits) => {
    const [name] = Object.keys(limits) as [string];
    expect(() => kvService(new FakeNode(), limits)).toThrow(InvalidArgumentError);
    expect(() => kvService(new FakeNode(), limits)).toThrow(name);
  });
});
