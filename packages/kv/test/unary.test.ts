import { readFileSync } from 'node:fs';
import {
  InvalidArgumentError,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  UnknownOutcomeError,
} from '@raft/core';
import { kvV1 } from '@raft/proto';
import { describe, expect, it } from 'vitest';
import { encodeCompareAndSet, encodeDelete, encodeSet, kvUnaryService } from '../src/index.js';
import { hex } from './support/machine.js';
import { FakeNode } from './support/node.js';

const text = (value: string): Uint8Array => Buffer.from(value);

function service(options = {}): {
  node: FakeNode;
  call: (name: string, payload: Uint8Array, signal?: AbortSignal) => Promise<Uint8Array>;
} {
  const node = new FakeNode();
  const { methods } = kvUnaryService(node, options);
  return { node, call: async (name, payload, signal) => methods[name]!(payload, signal) };
}

const setRequest = kvV1.SetRequest.encode({ key: text('k'), value: text('v') }).finish();

describe('the unary service', () => {
  it('has the methods of kv.proto but for the stream', () => {
    const { name, methods } = kvUnaryService(new FakeNode());
    expect(name).toBe('kv.v1.KV');
    const proto = readFileSync(new URL('../../../proto/kv/v1/kv.proto', import.meta.url), 'utf8');
    const unary = [...proto.matchAll(/rpc (\w+)\((?!stream)/g)].map(([, method]) => method);
    expect(Object.keys(methods)).toEqual(unary);
  });

  it('sets', async () => {
    const { node, call } = service();
    node.onPropose = async () => ({ type: 'set', revision: 300 });
    const answer = await call('Set', setRequest);
    expect(kvV1.SetResponse.decode(answer).revision).toBe(300);
    expect(hex(node.proposed[0]!.command)).toBe(hex(encodeSet('k', 'v')));
  });

  it('deletes', async () => {
    const { node, call } = service();
    node.onPropose = async () => ({ type: 'delete', existed: true, revision: 4 });
    const answer = await call('Delete', kvV1.DeleteRequest.encode({ key: text('k') }).finish());
    expect(kvV1.DeleteResponse.decode(answer)).toMatchObject({ existed: true, revision: 4 });
    expect(hex(node.proposed[0]!.command)).toBe(hex(encodeDelete('k')));
  });

  it('compares and sets', async () => {
    const { node, call } = service();
    node.onPropose = async () => ({
      type: 'compareAndSet',
      swapped: false,
      current: { value: text('w'), revision: 2 },
    });
    const request = { key: text('k'), expectedRevision: 1, value: text('v') };
    const answer = kvV1.CompareAndSetResponse.decode(
      await call('CompareAndSet', kvV1.CompareAndSetRequest.encode(request).finish()),
    );
    expect(answer.swapped).toBe(false);
    expect(answer.current).toMatchObject({ found: true, value: text('w'), revision: 2 });
    expect(hex(node.proposed[0]!.command)).toBe(hex(encodeCompareAndSet('k', { revision: 1 }, 'v')));
  });

  it('gets and lists', async () => {
    const { node, call } = service();
    node.onRead = async () => ({ type: 'get', found: { value: text('v'), revision: 1 } });
    const found = kvV1.GetResponse.decode(await call('Get', kvV1.GetRequest.encode({ key: text('k') }).finish()));
    expect(found).toMatchObject({ found: true, value: text('v'), revision: 1 });

    const items = [{ key: text('k'), value: text('v'), revision: 1 }];
    node.onRead = async () => ({ type: 'list', items, more: true });
    const page = kvV1.ListResponse.decode(await call('List', kvV1.ListRequest.encode({ limit: 1 }).finish()));
    expect(page).toMatchObject({ items, more: true });
    expect(node.reads[1]!.query).toMatchObject({ type: 'list', limit: 1 });
  });

  it('tells the status', async () => {
    const { call } = service({ version: '1.2.3' });
    const status = kvV1.StatusResponse.decode(await call('Status', new Uint8Array(0)));
    expect(status).toMatchObject({ id: '1', role: 'leader', lastIndex: 10, version: '1.2.3' });
  });

  it("passes its deadline and the caller's signal on", async () => {
    const { node, call } = service({ defaultTimeoutMs: 321 });
    node.onPropose = async () => ({ type: 'set', revision: 1 });
    node.onRead = async () => ({ type: 'get', found: undefined });
    const { signal } = new AbortController();
    await call('Set', setRequest, signal);
    await call('Get', kvV1.GetRequest.encode({ key: text('k') }).finish(), signal);
    expect(node.proposed[0]!.options).toMatchObject({ timeoutMs: 321, signal });
    expect(node.reads[0]!.options).toMatchObject({ timeoutMs: 321, signal });
  });

  it.each([
    new NotLeaderError('2', 'host:2'),
    new OverloadedError('full'),
    new UnknownOutcomeError('the deadline is over'),
    new NodeStoppedError('stopped', { maybeDone: true }),
  ])('rejects with the error of the node: %s', async (error) => {
    const { node, call } = service();
    node.onPropose = async () => Promise.reject(error);
    node.onRead = async () => Promise.reject(error);
    await expect(call('Set', setRequest)).rejects.toBe(error);
    await expect(call('List', new Uint8Array(0))).rejects.toBe(error);
  });

  it('rejects a change with an unknown outcome after a mistake in the server, and logs it', async () => {
    const logged: unknown[] = [];
    const { node, call } = service({
      logger: (_: unknown, __: unknown, { error }: { error: unknown }) => logged.push(error),
    });
    const mistake = new TypeError('a mistake');
    node.onPropose = async () => Promise.reject(mistake);
    await expect(call('Set', setRequest)).rejects.toBeInstanceOf(UnknownOutcomeError);
    expect(logged).toEqual([mistake]);
  });

  it.each([
    ['Set', '0a050161'],
    ['Set', '12017a'],
    ['Get', '0aff'],
    ['Get', ''],
    ['Delete', ''],
    ['CompareAndSet', '0a0161'],
    ['List', '0a'],
  ])('refuses a malformed request to %s: %s', async (name, payload) => {
    const { node, call } = service();
    await expect(call(name, Buffer.from(payload, 'hex'))).rejects.toBeInstanceOf(InvalidArgumentError);
    expect([...node.proposed, ...node.reads]).toEqual([]);
  });

  it('rejects when a replica finds the command malformed', async () => {
    const { node, call } = service();
    node.onPropose = async () => ({ type: 'malformed' });
    await expect(call('Set', setRequest)).rejects.toBeInstanceOf(InvalidArgumentError);
  });
});
