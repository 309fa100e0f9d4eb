import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { encodeCompareAndSet, encodeDelete, encodeSet } from '../src/index.js';
import { parseCommand } from '../src/command.js';
import type { KvAnswer } from '../src/types.js';
import { Applier, bare, encodeStep, hex, linesOf, pageOf, someKey, someStep, Twin } from './support/machine.js';

// Other work on the machine may slow these down; none of them waits for time.
vi.setConfig({ testTimeout: 30_000 });

describe('the state machine', () => {
  it('gives the results and the state of a naive map, in whatever batches', () => {
    const property = fc.property(
      fc.array(fc.array(someStep(), { maxLength: 12 }), { maxLength: 12 }),
      fc.array(someKey, { maxLength: 8 }),
      (batches, asked) => {
        const { machine, ...applier } = newApplier();
        const twin = new Twin();
        let index = 0;
        for (const batch of batches) {
          const results = applier.apply(batch.map(encodeStep));
          expect(results.map(bare)).toEqual(batch.map((step) => bare(twin.apply(step, ++index))));
        }
        expect(linesOf(machine)).toEqual(twin.lines());
        expect(machine.size).toBe(twin.lines().length);
        for (const key of asked) {
          const answer = machine.query({ type: 'get', key }) as KvAnswer & { type: 'get' };
          expect(bare(answer.found)).toEqual(bare(twin.get(key)));
        }
      },
    );
    fc.assert(property, { numRuns: 150 });
  });

  it('lists any prefix in pages of any size in the order of the bytes', () => {
    const property = fc.property(
      fc.array(someStep(), { maxLength: 120 }),
      fc.oneof(fc.constant(new Uint8Array(0)), someKey),
      fc.integer({ min: 1, max: 9 }),
      (steps, prefix, limit) => {
        const { machine, apply } = newApplier();
        const twin = new Twin();
        apply(steps.map(encodeStep));
        for (const [i, step] of steps.entries()) twin.apply(step, i + 1);
        expect(linesOf(machine, prefix, limit)).toEqual(twin.lines(hex(prefix)));
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('goes on after a key that is gone, before the prefix, or beyond it', () => {
    const property = fc.property(fc.array(someStep(), { maxLength: 60 }), someKey, someKey, (steps, prefix, after) => {
      const { machine, apply } = newApplier();
      const twin = new Twin();
      apply(steps.map(encodeStep));
      for (const [i, step] of steps.entries()) twin.apply(step, i + 1);
      const { items } = pageOf(machine, { type: 'list', prefix, after });
      expect(items.map(({ key, value, revision }) => `${hex(key)}@${revision}=${hex(value)}`)).toEqual(
        twin.lines(hex(prefix), hex(after)),
      );
    });
    fc.assert(property, { numRuns: 150 });
  });

  it('bounds a page by 1000 keys and by a mebibyte, but gives one key at least', () => {
    const { machine, apply } = newApplier();
    apply(Array.from({ length: 1500 }, (_, i) => encodeSet(`a${String(i).padStart(4, '0')}`, 'x')));
    const everything = pageOf(machine, { type: 'list', prefix: Buffer.from('a'), limit: 5000 });
    expect([everything.items.length, everything.more]).toEqual([1000, true]);

    apply(Array.from({ length: 4 }, (_, i) => encodeSet(`b${i}`, Buffer.alloc(400 * 1024))));
    const heavy = pageOf(machine, { type: 'list', prefix: Buffer.from('b') });
    expect([heavy.items.length, heavy.more]).toEqual([2, true]);

    apply([encodeSet('c0', Buffer.alloc(2 * 1024 * 1024)), encodeSet('c1', 'x')]);
    const huge = pageOf(machine, { type: 'list', prefix: Buffer.from('c') });
    expect([huge.items.length, huge.more]).toEqual([1, true]);
    const last = pageOf(machine, { type: 'list', prefix: Buffer.from('c'), after: huge.items[0]!.key });
    expect([last.items.length, last.more]).toEqual([1, false]);
  });

  it('keeps nothing of the bytes it was handed, and hands out nothing of its own', () => {
    const { machine, apply } = newApplier();
    const command = encodeSet('key', 'value');
    apply([command]);
    command.fill(0xff);
    const get = (): KvAnswer & { type: 'get' } =>
      machine.query({ type: 'get', key: Buffer.from('key') }) as KvAnswer & { type: 'get' };
    get().found!.value.fill(0xff);
    expect(Buffer.from(get().found!.value).toString()).toBe('value');
  });
});

describe('bytes in the log that are no command', () => {
  const wellFormed = fc.oneof(
    someStep().map(encodeStep),
    fc.tuple(someStep(), someStep()).map((steps) => Buffer.concat(steps.map(encodeStep))),
  );
  const garbled = fc.tuple(wellFormed, fc.nat(), fc.nat(255), fc.nat()).map(([bytes, at, byte, cut]) => {
    const out = Uint8Array.from(bytes);
    out[at % out.length] = byte;
    return out.subarray(0, cut % 3 === 0 ? cut % (out.length + 1) : out.length);
  });

  it('are the same result on every replica, wherever they lie in memory, and never thrown', () => {
    const property = fc.property(
      fc.array(fc.oneof(garbled, fc.uint8Array({ maxLength: 40 }), wellFormed), { maxLength: 30 }),
      (commands) => {
        const one = newApplier();
        const other = newApplier();
        const results = one.apply(commands);
        // Another replica finds them in other batches, as views on something larger.
        const others = commands.flatMap((command) => other.apply([within(command)]));
        expect(others.map(bare)).toEqual(results.map(bare));
        expect(linesOf(other.machine)).toEqual(linesOf(one.machine));
        for (const [i, command] of commands.entries()) {
          expect(results[i]!.type === 'malformed').toBe(!isCommand(command));
        }
      },
    );
    fc.assert(property, { numRuns: 250 });
  });

  it.each([
    ['nothing', ''],
    ['a get', '12030a0161'],
    ['an empty key', '1a020a00'],
    ['no key', '1a0312017a'],
    ['a set that is cut off', '1a060a016112'],
    ['a compare-and-set that expects nothing', '2a060a01612a0178'],
    ['a compare-and-set that expects absent to be false', '2a080a016110002a0178'],
    ['a revision beyond 2^53 - 1', '2a0e0a016120ffffffffffffffff7f2a00'],
    ['a group, which proto3 has not', '1b0a01611c'],
  ])('%s is malformed, and changes nothing', (_, bytes) => {
    const { machine, apply } = newApplier();
    apply([encodeSet('a', '1')]);
    expect(apply([Buffer.from(bytes, 'hex')])).toEqual([{ type: 'malformed' }]);
    expect(linesOf(machine)).toEqual(['61@1=31']);
  });

  it('do not keep the rest of their batch from being applied', () => {
    const { machine, apply } = newApplier();
    const results = apply([encodeSet('a', '1'), Buffer.from('ff'), encodeSet('b', '2'), encodeDelete('a')]);
    expect(results.map(({ type }) => type)).toEqual(['set', 'malformed', 'set', 'delete']);
    expect(linesOf(machine)).toEqual(['62@3=32']);
  });

  it('that have fields of a later version are commands still', () => {
    const { machine, apply } = newApplier();
    const unknown = Buffer.from('780182010261628d0101020304', 'hex');
    apply([Buffer.concat([unknown, encodeCompareAndSet('a', { absent: true }, '1'), unknown])]);
    expect(linesOf(machine)).toEqual(['61@1=31']);
  });
});

function newApplier(): {
  machine: Applier['machine'];
  apply: (commands: readonly Uint8Array[]) => ReturnType<Applier['apply']>;
} {
  const applier = new Applier();
  return { machine: applier.machine, apply: (commands) => applier.apply(...commands) };
}

function within(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.alloc(7, 0x1a), bytes, Buffer.alloc(9, 0x0a)]).subarray(7, 7 + bytes.length);
}

function isCommand(bytes: Uint8Array): boolean {
  try {
    parseCommand(bytes);
    return true;
  } catch {
    return false;
  }
}
