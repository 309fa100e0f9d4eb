import { type CallOptions, InvalidArgumentError } from '@raft/core';
import { DecodeError, kvV1 } from '@raft/proto';
import { BodyTag, wrapCommand } from './command.js';
import type { KvNode } from './node.js';
import { KvOperations, type KvServiceOptions, type OtherRequest } from './operations.js';
import { sessionWithin } from './request.js';
import { type Body, malformedCommand, resultBody } from './response.js';
import { outcomeOf } from './service.js';

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

type Write = 'set' | 'delete' | 'compareAndSet';
type Options = CallOptions;

const others: Readonly<Record<OtherRequest, (body: Body) => Uint8Array>> = {
  get: ({ get }) => kvV1.GetResponse.encode(get ?? {}).finish(),
  list: ({ list }) => kvV1.ListResponse.encode(list ?? {}).finish(),
  status: ({ status }) => kvV1.StatusResponse.encode(status ?? {}).finish(),
  watch: ({ watch }) => kvV1.WatchResponse.encode(watch ?? {}).finish(),
  openSession: ({ openSession }) => kvV1.OpenSessionResponse.encode(openSession ?? {}).finish(),
  keepSession: () => new Uint8Array(0),
  closeSession: () => new Uint8Array(0),
  members: ({ members }) => kvV1.MembersResponse.encode(members ?? {}).finish(),
  previewMembers: ({ previewMembers }) => kvV1.PreviewMembersResponse.encode(previewMembers ?? {}).finish(),
  changeMembers: ({ changeMembers }) => kvV1.ChangeMembersResponse.encode(changeMembers ?? {}).finish(),
  transferLeadership: () => new Uint8Array(0),
  snapshot: ({ snapshot }) => kvV1.SnapshotResponse.encode(snapshot ?? {}).finish(),
};

const writes: Readonly<Record<Write, (body: Body) => Uint8Array>> = {
  set: ({ set }) => kvV1.SetResponse.encode(set ?? {}).finish(),
  delete: (body) => kvV1.DeleteResponse.encode(body.delete ?? {}).finish(),
  compareAndSet: ({ compareAndSet }) => kvV1.CompareAndSetResponse.encode(compareAndSet ?? {}).finish(),
};

/** What takes its time: it ends earlier when the client's own deadline does. */
const isLong: ReadonlySet<OtherRequest> = new Set(['watch', 'changeMembers', 'snapshot']);
const longTimeoutMs = 60_000;

/**
 * The unary methods of kv.proto's service. Changes that arrive at a node which does not lead are handed on to the leader. Throws
 * {@link InvalidArgumentError} for limits that cannot work.
 */
export function kvUnaryService(node: KvNode, options: KvServiceOptions = {}): UnaryService {
  const operations = new KvOperations(node, options);
  const method =
    (perform: (payload: Uint8Array, options: Options) => Promise<Uint8Array>, timeoutMs?: number): UnaryMethod =>
    async (payload, signal) => {
      try {
        return await perform(payload, { timeoutMs: timeoutMs ?? operations.timeout(0), signal });
      } catch (error) {
        throw error instanceof DecodeError ? new InvalidArgumentError(error.message) : error;
      }
    };
  const write = (type: Write): UnaryMethod =>
    method(async (payload, options) => writes[type](await propose(operations, type, payload, options)));
  const other = (type: OtherRequest): UnaryMethod =>
    method(
      async (payload, options) => others[type](await operations.perform(type, payload, { ...options, forward: true })),
      isLong.has(type) ? longTimeoutMs : undefined,
    );
  return {
    name: 'kv.v1.KV',
    methods: {
      Get: other('get'),
      Set: write('set'),
      Delete: write('delete'),
      CompareAndSet: write('compareAndSet'),
      List: other('list'),
      Status: other('status'),
      Watch: other('watch'),
      OpenSession: other('openSession'),
      KeepSession: other('keepSession'),
      CloseSession: other('closeSession'),
      Members: other('members'),
      PreviewMembers: other('previewMembers'),
      ChangeMembers: other('changeMembers'),
      TransferLeadership: other('transferLeadership'),
      Snapshot: other('snapshot'),
    },
  };
}

async function propose(operations: KvOperations, type: Write, payload: Uint8Array, options: Options): Promise<Body> {
  const session = sessionWithin(payload);
  const proposing = operations.write(wrapCommand(BodyTag[type], payload), { ...options, session, forward: true });
  const result = await proposing.catch((error: unknown) => {
    throw outcomeOf(error, operations);
  });
  if (result.type === 'malformed') throw malformedCommand();
  return resultBody(result);
}
