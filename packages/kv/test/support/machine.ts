import type { Applied } from '@raft/core';
import * as fc from 'fast-check';
import { encodeCompareAndSet, encodeDelete, encodeSet, type Expected, KvStateMachine } from '../../src/index.js';
import type { KvAnswer, KvQuery, KvResult, KvValue } from '../../src/types.js';

/** What a command says, before it is bytes. */
export type Step =
  | { readonly type: 'set'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array }
  | {
      readonly type: 'compareAndSet';
      readonly key: Uint8Array;
      readonly expected: Expected;
      readonly value: Uint8Array;
    };

export function encodeStep(step: Step): Uint8Array {
  if (step.type === 'set') return encodeSet(step.key, step.value);
  if (step.type === 'delete') return encodeDelete(step.key);
  return encodeCompareAndSet(step.key, step.expected, step.value);
}

/** The naive map: hexadecimal keys, whose order as text is that of the bytes; sorted anew for each question. */
export class Twin {
  readonly #map: Map<string, KvValue>;

  constructor(map: ReadonlyMap<string, KvValue> = new Map()) {
    this.#map = new Map(map);
  }

  copy(): Twin {
    return new Twin(this.#map);
  }

  apply(step: Step, index: number): KvResult {
    const key = hex(step.key);
    const current = this.#map.get(key);
    if (step.type === 'delete') return { type: 'delete', existed: this.#map.delete(key), revision: index };
    if (step.type === 'compareAndSet' && !isThere(current, step.expected)) {
      return { type: 'compareAndSet', swapped: false, current };
    }
    this.#map.set(key, { value: step.value, revision: index });
    if (step.type === 'set') return { type: 'set', revision: index };
    return { type: 'compareAndSet', swapped: true, revision: index };
  }

  get(key: Uint8Array): KvValue | undefined {
    return this.#map.get(hex(key));
  }

  /** `key@revision=value`, in hexadecimal, in order. */
  lines(prefix = '', after = ''): string[] {
    return [...this.#map]
      .filter(([key]) => key.startsWith(prefix) && key > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { value, revision }]) => `${key}@${revision}=${hex(value)}`);
  }
}

function isThere(current: KvValue | undefined, expected: Expected): boolean {
  if ('absent' in expected) return current === undefined;
  if (current === undefined) return false;
  if ('revision' in expected) return current.revision === expected.revision;
  return hex(current.value) === hex(expected.value as Uint8Array);
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The same with bytes as text, so that it does not matter of which class they are. */
export function bare(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(bare);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, bare(part)]));
}

/** A state machine that counts the log's indexes. */
export class Applier {
  readonly machine = new KvStateMachine();
  index = 0;

  apply(...commands: Uint8Array[]): readonly KvResult[] {
    const entries: Applied<Uint8Array>[] = commands.map((command) => ({ index: ++this.index, term: 1, command }));
    return this.machine.apply(entries);
  }
}

/** Everything that a machine holds, as the twin's lines. */
export function linesOf(machine: KvStateMachine, prefix: Uint8Array = new Uint8Array(0), limit?: number): string[] {
  const lines: string[] = [];
  let after: Uint8Array | undefined;
  for (;;) {
    const page = pageOf(machine, { type: 'list', prefix, after, limit });
    for (const { key, value, revision } of page.items) lines.push(`${hex(key)}@${revision}=${hex(value)}`);
    if (!page.more) return lines;
    const last = page.items.at(-1)?.key;
    if (last === undefined) throw new Error('an empty page says that more follows');
    if (after !== undefined && hex(last) <= hex(after)) throw new Error('a page does not go on');
    after = last;
  }
}

export function pageOf(machine: KvStateMachine, query: KvQuery & { type: 'list' }): KvAnswer & { type: 'list' } {
  return machine.query(query) as KvAnswer & { type: 'list' };
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(Uint8Array.from(chunk));
  return Buffer.concat(parts);
}

export async function* chunksOf(bytes: Uint8Array, chunkBytes = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** Few keys that collide, share prefixes, and have bytes on both sides of where signed and unsigned, text and bytes differ. */
export const someKey: fc.Arbitrary<Uint8Array> = fc
  .array(fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xc3, 0xff), { minLength: 1, maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes));

export const someValue: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 4 });

/** Commands whose expectations are met now and then. */
export function someStep(keys: fc.Arbitrary<Uint8Array> = someKey): fc.Arbitrary<Step> {
  const expected: fc.Arbitrary<Expected> = fc.oneof(
    fc.constant({ absent: true } as const),
    fc.constantFrom(0, 1).map((byte) => ({ value: Uint8Array.of(byte) })),
    fc.nat(60).map((revision) => ({ revision })),
  );
  const value = fc.oneof(
    someValue,
    fc.constantFrom(0, 1).map((byte) => Uint8Array.of(byte)),
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('set' as const), key: keys, value }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key: keys }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('compareAndSet' as const), key: keys, expected, value }) },
  );
}
