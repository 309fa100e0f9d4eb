import { kvV1 } from '@raft/proto';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type CommandSpans, parseCommand, wrapCommand } from '../src/command.js';
import { encodeStep, hex, someStep, type Step } from './support/machine.js';

// Other work on the machine may slow these down; none of them waits for time.
vi.setConfig({ testTimeout: 30_000 });

/** What the generated code makes of a step. */
function generated(step: Step): Uint8Array {
  if (step.type === 'set') return kvV1.Command.encode({ set: { key: step.key, value: step.value } }).finish();
  if (step.type === 'delete') return kvV1.Command.encode({ delete: { key: step.key } }).finish();
  const { key, value, expected } = step;
  const condition =
    'absent' in expected
      ? { absent: true }
      : 'revision' in expected
        ? { expectedRevision: expected.revision }
        : { expectedValue: expected.value as Uint8Array };
  return kvV1.Command.encode({ compareAndSet: { key, value, ...condition } }).finish();
}

/** The parts that the spans point to. */
function parts(bytes: Uint8Array, spans: CommandSpans): unknown {
  const { type, keyStart, keyEnd, valueStart, valueEnd, expected } = spans;
  const cut = (start: number, end: number): string => hex(bytes.subarray(start, end));
  return {
    type,
    key: cut(keyStart, keyEnd),
    value: cut(valueStart, valueEnd),
    expected: expected?.type === 'value' ? { value: cut(expected.start, expected.end) } : expected,
  };
}

/** The same, as the generated code reads it; undefined for what is no command. */
function decoded(bytes: Uint8Array): unknown {
  let command: kvV1.Command;
  try {
    command = kvV1.Command.decode(bytes);
  } catch {
    return undefined;
  }
  const body = command.set ?? command.delete ?? command.compareAndSet;
  if (!body?.key?.length) return undefined;
  const value = command.delete ? '' : hex((body as kvV1.SetRequest.$Properties).value ?? new Uint8Array(0));
  const type = command.set ? 'set' : command.delete ? 'delete' : 'compareAndSet';
  if (!command.compareAndSet) return { type, key: hex(body.key), value, expected: undefined };
  const { absent, expectedValue, expectedRevision } = command.compareAndSet;
  const expected =
    absent === true
      ? { type: 'absent' }
      : expectedValue
        ? { value: hex(expectedValue) }
        : typeof expectedRevision === 'number'
          ? { type: 'revision', revision: expectedRevision }
          : undefined;
  return expected && { type, key: hex(body.key), value, expected };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return parts(bytes, parseCommand(bytes));
  } catch {
    return undefined;
  }
}

describe('a command', () => {
  it('is written as the generated code writes it', () => {
    fc.assert(
      fc.property(someStep(), (step) => {
        expect(hex(encodeStep(step))).toBe(hex(generated(step)));
      }),
      { numRuns: 250 },
    );
  });

  it('is read as the generated code reads it', () => {
    fc.assert(
      fc.property(someStep(), (step) => {
        const bytes = generated(step);
        expect(parsed(bytes)).toEqual(decoded(bytes));
        expect(parsed(bytes)).toBeDefined();
      }),
      { numRuns: 250 },
    );
  });

  it('of any size is the same both ways', () => {
    for (const length of [0, 1, 126, 127, 128, 129, 16_383, 16_384, 2_097_152]) {
      const step = { type: 'set', key: Uint8Array.of(1), value: new Uint8Array(length) } as const;
      expect(Buffer.from(encodeStep(step)).equals(Buffer.from(generated(step)))).toBe(true);
      expect(parsed(generated(step))).toEqual(decoded(generated(step)));
    }
  });

  it('that is garbled and yet read by both means the same to both', () => {
    const garbled = fc.tuple(someStep(), fc.nat(), fc.nat(255), fc.boolean()).map(([step, at, byte, again]) => {
      const bytes = Uint8Array.from(encodeStep(step));
      bytes[at % bytes.length] = byte;
      if (again) bytes[(at * 7 + 1) % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(garbled, fc.uint8Array({ maxLength: 24 })), (bytes) => {
        const [here, there] = [parsed(bytes), decoded(bytes)];
        if (here !== undefined && there !== undefined) expect(here).toEqual(there);
      }),
      { numRuns: 1500 },
    );
  });

  it("is a request's body behind its tag", () => {
    const body = kvV1.SetRequest.encode({ key: Uint8Array.of(1), value: Uint8Array.of(2) }).finish();
    expect(hex(wrapCommand(0x1a, body))).toBe(
      hex(encodeStep({ type: 'set', key: Uint8Array.of(1), value: Uint8Array.of(2) })),
    );
  });
});
