import assert from 'node:assert/strict';
import type { Applied, StateMachine } from '@raft/core';

type Machine = StateMachine<unknown, unknown, unknown, unknown>;
type Entry = Applied<unknown>;

/** What cases work with. */
export interface Workbench {
  readonly create: () => Machine;
  /** The commands at places in the log with gaps, as other entries lie between. */
  readonly entries: readonly Entry[];
  readonly queries: readonly unknown[];
}

export interface StateMachineCase {
  readonly name: string;
  readonly run: (bench: Workbench) => Promise<void>;
}

async function apply(machine: Machine, entries: readonly Entry[]): Promise<readonly unknown[]> {
  const results = await machine.apply(entries);
  assert.equal(results.length, entries.length, `apply gave ${results.length} results for ${entries.length} commands`);
  return results;
}

async function answers(machine: Machine, { queries }: Workbench): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const query of queries) all.push(structuredClone(await machine.query(query)));
  return all;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    assert.ok(chunk instanceof Uint8Array, 'a snapshot yields chunks that are Uint8Array');
    parts.push(chunk.slice());
  }
  return Buffer.concat(parts);
}

/** The same bytes in chunks of `size`. */
async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function restored(bench: Workbench, bytes: Uint8Array, size: number): Promise<Machine> {
  const machine = bench.create();
  await machine.restore(cut(bytes, size));
  return machine;
}

export const cases: readonly StateMachineCase[] = [
  {
    name: 'commands make a difference to the answers',
    async run(bench) {
      const machine = bench.create();
      const before = await answers(machine, bench);
      await apply(machine, bench.entries);
      assert.notDeepEqual(await answers(machine, bench), before, 'no query shows what the commands did');
    },
  },
  {
    name: 'the same commands give the same results and the same state, on every machine',
    async run(bench) {
      const [one, other] = [bench.create(), bench.create()];
      const results = structuredClone(await apply(one, bench.entries));
      // A machine that looks at the time or at chance is likely to differ by now.
      await new Promise((resolve) => void setTimeout(resolve, 20));
      assert.deepEqual(structuredClone(await apply(other, bench.entries)), results, 'the results differ');
      assert.deepEqual(await answers(other, bench), await answers(one, bench), 'the states differ');
    },
  },
  {
    name: 'how commands are batched makes no difference',
    async run(bench) {
      const [whole, single, thirds] = [bench.create(), bench.create(), bench.create()];
      const results = structuredClone(await apply(whole, bench.entries));
      const alone: unknown[] = [];
      for (const entry of bench.entries) alone.push(...structuredClone(await apply(single, [entry])));
      const inThrees: unknown[] = [];
      for (let at = 0; at < bench.entries.length; at += 3)
        inThrees.push(...structuredClone(await apply(thirds, bench.entries.slice(at, at + 3))));
      assert.deepEqual(alone, results, 'one by one, the results differ');
      assert.deepEqual(inThrees, results, 'in threes, the results differ');
      assert.deepEqual(await answers(single, bench), await answers(whole, bench), 'the states differ');
    },
  },
  {
    name: 'queries change nothing',
    async run(bench) {
      const [asked, left] = [bench.create(), bench.create()];
      for (const entry of bench.entries) {
        await answers(asked, bench);
        const results = structuredClone(await apply(asked, [entry]));
        assert.deepEqual(
          results,
          structuredClone(await apply(left, [entry])),
          'a machine that was asked answers otherwise',
        );
      }
      assert.deepEqual(await answers(asked, bench), await answers(asked, bench), 'the second answer is another');
      assert.deepEqual(await answers(asked, bench), await answers(left, bench), 'the states differ');
    },
  },
  {
    name: 'what was answered does not change afterwards',
    async run(bench) {
      const machine = bench.create();
      const half = bench.entries.length >> 1;
      const results = await apply(machine, bench.entries.slice(0, half));
      const given = [results, await Promise.all(bench.queries.map((query) => machine.query(query)))];
      const then = structuredClone(given);
      await apply(machine, bench.entries.slice(half));
      assert.deepEqual(structuredClone(given), then, 'an answer is part of the state, and goes on changing');
    },
  },
  {
    name: 'a snapshot brings the state to another machine, whatever chunks it travels in',
    async run(bench) {
      const machine = bench.create();
      await apply(machine, bench.entries);
      const bytes = await collect(machine.snapshot());
      for (const size of [1, 7, 4096, Math.max(1, bytes.length)]) {
        const copy = await restored(bench, bytes, size);
        assert.deepEqual(await answers(copy, bench), await answers(machine, bench), `in chunks of ${size} bytes`);
      }
    },
  },
  {
    name: 'an empty machine has a snapshot too',
    async run(bench) {
      const copy = await restored(bench, await collect(bench.create().snapshot()), 4096);
      assert.deepEqual(await answers(copy, bench), await answers(bench.create(), bench));
    },
  },
  {
    name: 'a restored machine goes on as the one that the snapshot is of',
    async run(bench) {
      const half = bench.entries.length >> 1;
      const machine = bench.create();
      await apply(machine, bench.entries.slice(0, half));
      const copy = await restored(bench, await collect(machine.snapshot()), 100);
      const rest = bench.entries.slice(half);
      const results = structuredClone(await apply(machine, rest));
      assert.deepEqual(structuredClone(await apply(copy, rest)), results, 'the results differ');
      assert.deepEqual(await answers(copy, bench), await answers(machine, bench), 'the states differ');
    },
  },
  {
    name: 'a snapshot shows the state as of the call, while commands go on being applied',
    async run(bench) {
      const half = bench.entries.length >> 1;
      const machine = bench.create();
      await apply(machine, bench.entries.slice(0, half));
      const then = await answers(machine, bench);
      const chunks = machine.snapshot()[Symbol.asyncIterator]();
      // As the node does: the first chunk is asked for at once, the others while commands are applied.
      const first = chunks.next();
      await apply(machine, bench.entries.slice(half, half + 2));
      const parts: Uint8Array[] = [];
      const rest = bench.entries.slice(half + 2);
      for (let next = await first; next.done !== true; next = await chunks.next()) {
        parts.push(next.value.slice());
        await apply(machine, rest.splice(0, 1));
      }
      await apply(machine, rest);
      const copy = await restored(bench, Buffer.concat(parts), 64);
      assert.deepEqual(await answers(copy, bench), then, 'later commands are in the snapshot, or earlier ones are not');
    },
  },
  {
    name: 'a restore replaces the whole state',
    async run(bench) {
      const empty = await collect(bench.create().snapshot());
      const machine = bench.create();
      await apply(machine, bench.entries);
      await machine.restore(cut(empty, 16));
      assert.deepEqual(await answers(machine, bench), await answers(bench.create(), bench), 'something was left over');
      const results = structuredClone(await apply(machine, bench.entries));
      assert.deepEqual(results, structuredClone(await apply(bench.create(), bench.entries)), 'the results differ');
    },
  },
  {
    name: 'a snapshot that nobody reads to its end holds up nothing',
    async run(bench) {
      const machine = bench.create();
      const half = bench.entries.length >> 1;
      await apply(machine, bench.entries.slice(0, half));
      for await (const _ of machine.snapshot()) break;
      await apply(machine, bench.entries.slice(half));
      const copy = await restored(bench, await collect(machine.snapshot()), 1000);
      assert.deepEqual(await answers(copy, bench), await answers(machine, bench));
    },
  },
  {
    name: 'results are kept for sessions: decoding gives back what was encoded',
    async run(bench) {
      const machine = bench.create();
      const { resultCodec } = machine;
      for (const result of await apply(machine, bench.entries)) {
        if (resultCodec === undefined) continue;
        const bytes = resultCodec.encode(result);
        assert.ok(bytes instanceof Uint8Array, 'a codec encodes to a Uint8Array');
        assert.deepEqual(structuredClone(resultCodec.decode(bytes)), structuredClone(result));
      }
    },
  },
  {
    name: 'commands travel: decoding gives back what was encoded',
    async run(bench) {
      const { codec } = bench.create();
      for (const { command } of bench.entries) {
        if (codec === undefined) {
          assert.ok(command instanceof Uint8Array, 'without a codec, commands are Uint8Array');
          continue;
        }
        const bytes = codec.encode(command);
        assert.ok(bytes instanceof Uint8Array, 'a codec encodes to a Uint8Array');
        assert.deepEqual(codec.decode(bytes), command);
        assert.deepEqual(codec.encode(command), bytes, 'the same command was encoded to other bytes');
      }
    },
  },
];
