import type { Applied, StateMachine } from '@raft/core';
import { encodeCompareAndSet, encodeDelete, encodeSet, KvStateMachine } from '@raft/kv';
import type { KvAnswer, KvQuery, KvResult } from '@raft/kv';
import { describe, expect, it } from 'vitest';
import { stateMachineSuite } from '../../src/index.js';
import type { StateMachineSuiteOptions } from '../../src/index.js';
import { testSuite } from '../../src/vitest.js';

const key = (name: string): Uint8Array => new TextEncoder().encode(name);

testSuite(
  stateMachineSuite<Uint8Array, KvResult, KvQuery, KvAnswer>({
    name: 'the replicated map',
    create: () => new KvStateMachine(),
    commands: [
      ...Array.from({ length: 8 }, (_, place) => encodeSet(`k${place}`, `v${place}`.repeat(50))),
      encodeDelete('k3'),
      encodeDelete('nothing'),
      encodeCompareAndSet('k4', { value: 'v4'.repeat(50) }, 'swapped'),
      encodeCompareAndSet('k5', { absent: true }, 'refused'),
      encodeSet('k0', ''),
      new Uint8Array([1, 2, 3]),
    ],
    queries: [
      { type: 'list', prefix: new Uint8Array() },
      { type: 'get', key: key('k4') },
    ],
  }),
);

type Sum = StateMachine<string, number, 'sum' | 'all', unknown>;

/** A sum of numbers, with all of them kept in order. */
function sound(): Sum & { numbers: number[] } {
  const machine: Sum & { numbers: number[] } = {
    numbers: [],
    codec: {
      encode: (text) => new TextEncoder().encode(text),
      decode: (bytes) => new TextDecoder().decode(bytes),
    },
    apply: (entries) => entries.map(({ command }) => machine.numbers.push(Number(command))),
    query: (query) => (query === 'all' ? [...machine.numbers] : machine.numbers.reduce((a, b) => a + b, 0)),
    async *snapshot() {
      const text = JSON.stringify(machine.numbers);
      for (let at = 0; at < text.length; at += 5) yield new TextEncoder().encode(text.slice(at, at + 5));
    },
    async restore(chunks) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      machine.numbers = JSON.parse(Buffer.concat(parts).toString()) as number[];
    },
  };
  return machine;
}

const options = (create: () => Sum): StateMachineSuiteOptions<string, number, 'sum' | 'all', unknown> => ({
  name: 'a sum',
  create,
  commands: Array.from({ length: 12 }, (_, place) => String(place * place)),
  queries: ['sum', 'all'],
});

testSuite(stateMachineSuite(options(sound)));

/** Each machine breaks one promise, and the case that finds it out. */
const broken: [what: string, caught: RegExp, create: () => Sum][] = [
  ['does nothing', /make a difference/, () => ({ ...sound(), query: () => 0 })],
  [
    'looks at chance',
    /the same commands give/,
    () => {
      const machine = sound();
      return { ...machine, apply: (entries) => entries.map(() => machine.numbers.push(Math.random())) };
    },
  ],
  [
    'counts the batches',
    /batched makes no difference/,
    () => {
      const machine = sound();
      return {
        ...machine,
        apply: (entries) => entries.map(({ command }) => machine.numbers.push(Number(command) + entries.length)),
      };
    },
  ],
  [
    'loses a result',
    /batched makes no difference/,
    () => ({ ...sound(), apply: (entries: readonly Applied<string>[]) => entries.slice(1).map(() => 1) }),
  ],
  [
    'changes when it is asked',
    /queries change nothing/,
    () => {
      const machine = sound();
      return { ...machine, query: (query) => (machine.numbers.push(1), machine.query(query)) };
    },
  ],
  [
    'gives its own state away',
    /does not change afterwards/,
    () => {
      const machine = sound();
      return { ...machine, query: () => machine.numbers };
    },
  ],
  [
    'takes the chunks for wholes',
    /whatever chunks/,
    () => {
      const machine = sound();
      const restore = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
        for await (const chunk of chunks) machine.numbers = JSON.parse(Buffer.from(chunk).toString()) as number[];
      };
      return { ...machine, restore };
    },
  ],
  [
    'has no snapshot of nothing',
    /empty machine/,
    () => {
      const machine = sound();
      return {
        ...machine,
        async *snapshot() {
          if (machine.numbers.length > 0) yield* machine.snapshot();
        },
      };
    },
  ],
  [
    'forgets what it needs to go on',
    /goes on as the one/,
    () => {
      const machine = sound();
      let count = 0;
      return {
        ...machine,
        apply: (entries) => entries.map(({ command }) => (machine.numbers.push(Number(command)), ++count)),
      };
    },
  ],
  [
    'snapshots what comes later too',
    /state as of the call/,
    () => {
      const machine = sound();
      return {
        ...machine,
        async *snapshot() {
          yield new TextEncoder().encode('[');
          for (let at = 0; at < machine.numbers.length; at++)
            yield new TextEncoder().encode(`${at > 0 ? ',' : ''}${machine.numbers[at]}`);
          yield new TextEncoder().encode(']');
        },
      };
    },
  ],
  [
    'adds to its state at a restore',
    /replaces the whole state/,
    () => {
      const machine = sound();
      return {
        ...machine,
        async restore(chunks) {
          const before = machine.numbers;
          await machine.restore(chunks);
          machine.numbers = [...before, ...machine.numbers];
        },
      };
    },
  ],
  [
    'stands still while a snapshot is not read to its end',
    /holds up nothing/,
    () => {
      const machine = sound();
      let reading = 0;
      return {
        ...machine,
        apply: (entries) => (reading > 0 ? [] : machine.apply(entries)),
        async *snapshot() {
          const text = JSON.stringify(machine.numbers);
          reading++;
          yield new TextEncoder().encode(text.slice(0, 1));
          yield new TextEncoder().encode(text.slice(1));
          reading--;
        },
      };
    },
  ],
  [
    'keeps results that it cannot read again',
    /results are kept/,
    () => ({
      ...sound(),
      resultCodec: { encode: (value) => new Uint8Array([value % 2]), decode: (bytes) => bytes[0] ?? 0 },
    }),
  ],
  [
    'decodes something else',
    /decoding gives back/,
    () => ({ ...sound(), codec: { encode: (text) => new TextEncoder().encode(text), decode: () => '7' } }),
  ],
];

describe('a state machine that', () => {
  it.each(broken)('%s is found out', async (_, caught, create) => {
    const failed: string[] = [];
    for (const { name, run } of stateMachineSuite(options(create)).cases)
      await run().catch(() => void failed.push(name));
    expect(failed).toEqual(expect.arrayContaining([expect.stringMatching(caught)]));
  });

  it('is tried with too little is refused', () => {
    expect(() => stateMachineSuite({ ...options(sound), commands: ['1'] })).toThrow('10 commands at least');
    expect(() => stateMachineSuite({ ...options(sound), queries: [] })).toThrow('one query at least');
  });

  it('is found out by every case', () => {
    const names = stateMachineSuite(options(sound)).cases.map(({ name }) => name);
    expect(names.filter((name) => !broken.some(([, caught]) => caught.test(name)))).toEqual([]);
  });
});
