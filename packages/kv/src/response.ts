import { decodeMessage, DecodeError, kvV1 } from '@raft/proto';
import { bytesFieldBytes, varintFieldBytes, WireReader, writeVarint, writeVarintField } from '@raft/proto/wire';
import { InvalidArgumentError, type RaftError } from '@raft/core';
import { BodyTag } from './command.js';
import { errorFrom, errorToProto } from './wire-errors.js';
import type { CompareAndSetResult, KvAnswer, KvItem, KvPage, KvResult, KvStatus, KvValue } from './types.js';

/** What a command that was applied gives, but for those that are none. */
export type AppliedResult = Exclude<KvResult, { type: 'malformed' }>;

/** The outcome of a request, as its client reads it. */
export type KvResponse =
  | { readonly type: 'error'; readonly error: RaftError; readonly maybeDone: boolean }
  | { readonly type: 'status'; readonly status: KvStatus }
  | AppliedResult
  | KvAnswer;

/** The body of a Response, which is also the answer of the unary method. */
export function resultBody(result: AppliedResult): kvV1.Response.$Properties {
  switch (result.type) {
    case 'set':
      return { set: { revision: result.revision } };
    case 'delete':
      return { delete: { existed: result.existed, revision: result.revision } };
    case 'compareAndSet':
      return { compareAndSet: { swapped: result.swapped, current: currentBody(result) } };
  }
}

function currentBody(result: CompareAndSetResult): kvV1.GetResponse.$Properties {
  return result.swapped ? { found: true, revision: result.revision } : foundBody(result.current);
}

function foundBody(found: KvValue | undefined): kvV1.GetResponse.$Properties {
  return found === undefined ? {} : { found: true, value: found.value, revision: found.revision };
}

export function answerBody(answer: KvAnswer): kvV1.Response.$Properties {
  if (answer.type === 'get') return { get: foundBody(answer.found) };
  return { list: { items: [...answer.items], more: answer.more } };
}

export function statusBody(status: KvStatus): kvV1.Response.$Properties {
  const { index, voters, learners, outgoing, addresses } = status.membership;
  const membership = { index, voters: [...voters], learners: [...learners], outgoing: [...outgoing], addresses };
  return { status: { ...status, leaderId: status.leaderId ?? '', membership, peers: [...status.peers] } };
}

export function encodeResult(result: KvResult): Uint8Array {
  if (result.type === 'set') return encodeSetResult(result.revision);
  if (result.type === 'malformed') return encodeError(malformedCommand());
  return kvV1.Response.encode(resultBody(result)).finish();
}

/** The log holds what the service would have refused: another version of it let it in. */
export function malformedCommand(): RaftError {
  return new InvalidArgumentError('the command is malformed: nothing was changed');
}

export function encodeAnswer(answer: KvAnswer): Uint8Array {
  return kvV1.Response.encode(answerBody(answer)).finish();
}

export function encodeStatus(status: KvStatus): Uint8Array {
  return kvV1.Response.encode(statusBody(status)).finish();
}

export function encodeError(error: RaftError): Uint8Array {
  return kvV1.Response.encode({ error: errorToProto(error) }).finish();
}

const revisionTag = 0x08;

/** The answer to a write: hot, so it is written by hand. */
function encodeSetResult(revision: number): Uint8Array {
  const bodyBytes = varintFieldBytes(revision);
  const out = new Uint8Array(bytesFieldBytes(bodyBytes));
  out[0] = BodyTag.set;
  writeVarintField(out, writeVarint(out, 1, bodyBytes), revisionTag, revision);
  return out;
}

/** Decodes an answer; its bytes are views on `bytes`. Throws {@link DecodeError}. */
export function decodeResponse(bytes: Uint8Array): KvResponse {
  if (bytes[0] === BodyTag.set) return decodeSetResult(bytes);
  const response = decodeMessage(kvV1.Response, bytes, 'response');
  if (response.get) return { type: 'get', found: foundFrom(response.get) };
  if (response.error) return { type: 'error', ...errorFrom(response.error) };
  if (response.set) return { type: 'set', revision: response.set.revision ?? 0 };
  if (response.delete) {
    return { type: 'delete', existed: response.delete.existed ?? false, revision: response.delete.revision ?? 0 };
  }
  if (response.compareAndSet) return { type: 'compareAndSet', ...compareAndSetFrom(response.compareAndSet) };
  if (response.list) return { type: 'list', ...pageFrom(response.list) };
  if (response.status) return { type: 'status', status: statusFrom(response.status) };
  throw new DecodeError('malformed response: it answers nothing that is known here');
}

function decodeSetResult(bytes: Uint8Array): KvResponse {
  const response = new WireReader(bytes);
  response.varint();
  const body = response.message();
  let revision = 0;
  while (!body.done) {
    const tag = body.varint();
    if (tag === revisionTag) revision = body.varint();
    else body.skip(tag % 8);
  }
  return { type: 'set', revision };
}

function foundFrom(get: kvV1.GetResponse.$Properties): KvValue | undefined {
  return get.found === true ? { value: get.value ?? new Uint8Array(0), revision: get.revision ?? 0 } : undefined;
}

function compareAndSetFrom({ swapped, current }: kvV1.CompareAndSetResponse.$Properties): CompareAndSetResult {
  if (swapped === true) return { swapped, revision: current?.revision ?? 0 };
  return { swapped: false, current: foundFrom(current ?? {}) };
}

function pageFrom({ items, more }: kvV1.ListResponse.$Properties): KvPage {
  return { items: (items ?? []).map(itemFrom), more: more ?? false };
}

function itemFrom({ key, value, revision }: kvV1.KeyValue.$Properties): KvItem {
  return { key: key ?? new Uint8Array(0), value: value ?? new Uint8Array(0), revision: revision ?? 0 };
}

function statusFrom(properties: kvV1.StatusResponse.$Properties): KvStatus {
  // What is not on the wire is 0 or empty in the prototype.
  const status = new kvV1.StatusResponse(properties);
  const membership = new kvV1.Membership(status.membership ?? {});
  return {
    id: status.id,
    clusterId: status.clusterId,
    role: status.role as KvStatus['role'],
    term: status.term,
    leaderId: status.leaderId === '' ? undefined : status.leaderId,
    commitIndex: status.commitIndex,
    appliedIndex: status.appliedIndex,
    firstIndex: status.firstIndex,
    lastIndex: status.lastIndex,
    snapshotIndex: status.snapshotIndex,
    membership: {
      index: membership.index,
      voters: membership.voters,
      learners: membership.learners,
      outgoing: membership.outgoing,
      addresses: membership.addresses,
    },
    peers: status.peers.map((peer) => peerFrom(new kvV1.PeerStatus(peer))),
    version: status.version,
  };
}

function peerFrom({ id, matchIndex, nextIndex, state }: kvV1.PeerStatus): KvStatus['peers'][number] {
  return { id, matchIndex, nextIndex, state: state as KvStatus['peers'][number]['state'] };
}
