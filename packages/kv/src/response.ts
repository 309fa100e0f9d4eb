import { decodeMessage, DecodeError, kvV1 } from '@raft/proto';
import { bytesFieldBytes, varintFieldBytes, WireReader, writeVarint, writeVarintField } from '@raft/proto/wire';
import {
  InvalidArgumentError,
  type LogIndex,
  type Membership,
  type MembershipPreview,
  type RaftError,
  type SnapshotInfo,
} from '@raft/core';
import { BodyTag } from './command.js';
import { errorFrom, errorToProto } from './wire-errors.js';
import { membershipFrom, membershipToProto, previewFrom } from './members.js';
import type {
  CompareAndSetResult,
  KvAnswer,
  KvChange,
  KvChanges,
  KvItem,
  KvPage,
  KvResult,
  KvStatus,
  KvValue,
} from './types.js';

/** A Response before it is bytes. Its part is also the answer of the unary method. */
export type Body = kvV1.Response.$Properties;

/** What a command that was applied gives, but for those that are none. */
export type AppliedResult = Exclude<KvResult, { type: 'malformed' }>;

/** The outcome of a request, as its client reads it. */
export type KvResponse =
  | { readonly type: 'error'; readonly error: RaftError; readonly maybeDone: boolean }
  | { readonly type: 'status'; readonly status: KvStatus }
  | AppliedResult
  | Extract<KvAnswer, { type: 'get' | 'list' }>
  | ({ readonly type: 'watch' } & KvChanges)
  | { readonly type: 'openSession'; readonly id: LogIndex }
  | { readonly type: 'keepSession' | 'closeSession' | 'transferLeadership' }
  | { readonly type: 'members' | 'changeMembers'; readonly membership: Membership }
  | { readonly type: 'previewMembers'; readonly preview: MembershipPreview }
  | ({ readonly type: 'snapshot' } & SnapshotInfo);

export function resultBody(result: AppliedResult): Body {
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

/** Of a get or a list. */
export function answerBody(answer: KvAnswer): Body {
  if (answer.type === 'get') return { get: foundBody(answer.found) };
  if (answer.type === 'list') return { list: { items: [...answer.items], more: answer.more } };
  throw new Error(`an answer with ${answer.type} goes to watches`);
}

export function changesBody({ changes, next }: KvChanges): Body {
  return { watch: { changes: changes.map(changeBody), nextRevision: next } };
}

function changeBody(change: KvChange): kvV1.Change.$Properties {
  const { key, revision } = change;
  return change.type === 'delete' ? { key, revision, deleted: true } : { key, revision, value: change.value };
}

export function statusBody(status: KvStatus): Body {
  const membership = membershipToProto(status.membership);
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

export function encodeBody(body: Body): Uint8Array {
  return kvV1.Response.encode(body).finish();
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
  return decodeOther(response);
}

/** What is not asked for often. */
function decodeOther(response: Body): KvResponse {
  if (response.status) return { type: 'status', status: statusFrom(response.status) };
  if (response.watch) return { type: 'watch', ...changesFrom(response.watch) };
  if (response.openSession) return { type: 'openSession', id: response.openSession.id ?? 0 };
  if (response.snapshot) {
    return { type: 'snapshot', index: response.snapshot.index ?? 0, term: response.snapshot.term ?? 0 };
  }
  if (response.previewMembers) return { type: 'previewMembers', preview: previewFrom(response.previewMembers) };
  for (const type of ['members', 'changeMembers'] as const) {
    const found = response[type];
    if (found) return { type, membership: membershipFrom(found.membership) };
  }
  for (const type of ['keepSession', 'closeSession', 'transferLeadership'] as const)
    if (response[type]) return { type };
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

function changesFrom({ changes, nextRevision }: kvV1.WatchResponse.$Properties): KvChanges {
  return { changes: (changes ?? []).map(changeFrom), next: nextRevision ?? 0 };
}

function changeFrom(properties: kvV1.Change.$Properties): KvChange {
  const { key, value, revision, deleted } = new kvV1.Change(properties);
  return deleted ? { type: 'delete', key, revision } : { type: 'put', key, value, revision };
}

function itemFrom({ key, value, revision }: kvV1.KeyValue.$Properties): KvItem {
  return { key: key ?? new Uint8Array(0), value: value ?? new Uint8Array(0), revision: revision ?? 0 };
}

function statusFrom(properties: kvV1.StatusResponse.$Properties): KvStatus {
  // What is not on the wire is 0 or empty in the prototype.
  const status = new kvV1.StatusResponse(properties);
  return {
    id: status.id,
    clusterId: status.clusterId,
    storeId: status.storeId,
    role: status.role as KvStatus['role'],
    term: status.term,
    leaderId: status.leaderId === '' ? undefined : status.leaderId,
    commitIndex: status.commitIndex,
    appliedIndex: status.appliedIndex,
    firstIndex: status.firstIndex,
    lastIndex: status.lastIndex,
    snapshotIndex: status.snapshotIndex,
    membership: membershipFrom(status.membership),
    peers: status.peers.map((peer) => peerFrom(new kvV1.PeerStatus(peer))),
    version: status.version,
    diskFull: status.diskFull,
    healthy: status.healthy,
    removed: status.removed,
  };
}

function peerFrom({ id, matchIndex, nextIndex, state }: kvV1.PeerStatus): KvStatus['peers'][number] {
  return { id, matchIndex, nextIndex, state: state as KvStatus['peers'][number]['state'] };
}
