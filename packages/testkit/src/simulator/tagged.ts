import type { Applied, Codec, StateMachine } from '@raft/core';
import type { Machine } from './machine.js';

/** What became of a command, and where in the log. */
export interface PlacedResult {
  readonly index: number;
  readonly result: unknown;
}

/** Bytes before a command: its number, by which it is told from all others. */
const TAG_BYTES = 4;
/** Bytes before a kept result: the command's index. */
const INDEX_BYTES = 8;

const join = (head: Buffer, tail: Uint8Array): Uint8Array => Buffer.concat([head, tail]);

export function tagged(tag: number, command: Uint8Array): Uint8Array {
  const head = Buffer.alloc(TAG_BYTES);
  head.writeUInt32BE(tag);
  return join(head, command);
}

export const tagOf = (bytes: Uint8Array): number => Buffer.from(bytes.subarray(0, TAG_BYTES)).readUInt32BE();

/** The bytes of a command as somebody's machine knows them. */
export const untagged = (bytes: Uint8Array): Uint8Array => bytes.slice(TAG_BYTES);

export type AnyMachine = StateMachine<unknown, unknown, unknown, unknown>;

export const encodeFor = ({ codec }: AnyMachine, command: unknown): Uint8Array =>
  codec === undefined ? (command as Uint8Array) : codec.encode(command);

/** Somebody's machine, given commands that bear numbers; its results tell where they took place. */
export class TaggedMachine implements Machine {
  readonly resultCodec?: Codec<unknown>;
  readonly #inner: AnyMachine;

  constructor(inner: AnyMachine) {
    this.#inner = inner;
    const { resultCodec } = inner;
    if (resultCodec !== undefined) this.resultCodec = placedCodec(resultCodec);
  }

  apply(entries: readonly Applied<Uint8Array>[]): readonly PlacedResult[] | Promise<readonly PlacedResult[]> {
    const placed = (results: readonly unknown[]): PlacedResult[] => {
      if (results.length !== entries.length)
        throw new Error(`apply gave ${results.length} results for ${entries.length} commands`);
      return entries.map(({ index }, place) => ({ index, result: results[place] }));
    };
    const results = this.#inner.apply(
      entries.map(({ index, term, command }) => ({ index, term, command: this.#decode(untagged(command)) })),
    );
    return results instanceof Promise ? results.then(placed) : placed(results);
  }

  query(query: unknown): unknown {
    return this.#inner.query(query);
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return this.#inner.snapshot();
  }

  restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#inner.restore(chunks);
  }

  #decode(bytes: Uint8Array): unknown {
    const { codec } = this.#inner;
    return codec === undefined ? bytes : codec.decode(bytes);
  }
}

function placedCodec(inner: Codec<unknown>): Codec<unknown> {
  return {
    encode(value) {
      const { index, result } = value as PlacedResult;
      const head = Buffer.alloc(INDEX_BYTES);
      head.writeDoubleBE(index);
      return join(head, inner.encode(result));
    },
    decode(bytes): PlacedResult {
      const index = Buffer.from(bytes.subarray(0, INDEX_BYTES)).readDoubleBE();
      return { index, result: inner.decode(bytes.slice(INDEX_BYTES)) };
    },
  };
}
