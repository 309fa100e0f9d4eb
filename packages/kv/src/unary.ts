import { type CallOptions, InvalidArgumentError } from '@raft/core';
import { DecodeError, kvV1 } from '@raft/proto';
import { BodyTag, wrapCommand } from './command.js';
import { type KvNode, KvOperations, type KvServiceOptions } from './operations.js';
import { answerBody, malformedCommand, resultBody, statusBody } from './response.js';
import { outcomeOf } from './service.js';
import type { KvAnswer } from './types.js';

/**
 * One request in, one answer out, both serialized; rejects with a {@link RaftError}, and with any other error only after a
 * mistake in the server. `signal` fires when the caller waits no longer.
 */
export type UnaryMethod = (payload: Uint8Array, signal?: AbortSignal) => Promise<Uint8Array>;

/** A service as a gRPC server can offer it, without a word of gRPC. */
export interface UnaryService {
  /** With its package. */
  readonly name: string;
  readonly methods: Readonly<Record<string, UnaryMethod>>;
}

type Body = kvV1.Response.$Properties;
type Options = CallOptions;

/** The unary methods of kv.proto's service. Throws {@link InvalidArgumentError} for limits that cannot work. */
export function kvUnaryService(node: KvNode, options: KvServiceOptions = {}): UnaryService {
  const operations = new KvOperations(node, options);
  const write = async (tag: number, payload: Uint8Array, options: Options): Promise<Body> =>
    propose(operations, wrapCommand(tag, payload), options);
  const read = async (reading: Promise<KvAnswer>): Promise<Body> => answerBody(await reading);
  const method =
    (
      perform: (payload: Uint8Array, options: Options) => Promise<Body>,
      encode: (body: Body) => Uint8Array,
    ): UnaryMethod =>
    async (payload, signal) => {
      try {
        return encode(await perform(payload, { timeoutMs: operations.timeout(0), signal }));
      } catch (error) {
        throw error instanceof DecodeError ? new InvalidArgumentError(error.message) : error;
      }
    };
  const { GetResponse, SetResponse, DeleteResponse, CompareAndSetResponse, ListResponse, StatusResponse } = kvV1;
  return {
    name: 'kv.v1.KV',
    methods: {
      Get: method(
        async (payload, options) => read(operations.get(payload, options)),
        (body) => GetResponse.encode(body.get ?? {}).finish(),
      ),
      Set: method(
        async (payload, options) => write(BodyTag.set, payload, options),
        (body) => SetResponse.encode(body.set ?? {}).finish(),
      ),
      Delete: method(
        async (payload, options) => write(BodyTag.delete, payload, options),
        (body) => DeleteResponse.encode(body.delete ?? {}).finish(),
      ),
      CompareAndSet: method(
        async (payload, options) => write(BodyTag.compareAndSet, payload, options),
        (body) => CompareAndSetResponse.encode(body.compareAndSet ?? {}).finish(),
      ),
      List: method(
        async (payload, options) => read(operations.list(payload, options)),
        (body) => ListResponse.encode(body.list ?? {}).finish(),
      ),
      Status: method(
        async () => statusBody(operations.status()),
        (body) => StatusResponse.encode(body.status ?? {}).finish(),
      ),
    },
  };
}

async function propose(operations: KvOperations, command: Uint8Array, options: Options): Promise<Body> {
  const proposing = operations.write(command, options);
  const result = await proposing.catch((error: unknown) => {
    throw outcomeOf(error, operations);
  });
  if (result.type === 'malformed') throw malformedCommand();
  return resultBody(result);
}
