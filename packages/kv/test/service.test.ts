import {
  AbortedError,
  InvalidArgumentError,
  type LogLevel,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  ProposalDroppedError,
  type RaftError,
  StorageError,
  TimeoutError,
  UnknownOutcomeError,
} from '@raft/core';
import { kvV1 } from '@raft/proto';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parseCommand } from '../src/command.js';
import { encodeCompareAndSet, encodeDelete, encodeSet, kvService } from '../src/index.js';
import { otherRequest } from '../src/request.js';
import { decodeResponse } from '../src/response.js';
import type { KvAnswer, KvResult } from '../src/types.js';
import { bare } from './support/machine.js';
import { ask, FakeNode, requestOf, settled } from './support/node.js';

// Other work on the machine may slow these down; none of them waits for time.
vi.setConfig({ testTimeout: 30_000 });

const bytes = (text: string): Uint8Array => Buffer.from(text);
const set = requestOf(encodeSet('key', 'value'));
const get = otherRequest({ get: { key: bytes('key') } })({ timeoutMs: 700 });

/** Everything that a node may end a call with, and whether a command may be done then. */
const outcomes: [RaftError, boolean][] = [
  [new NotLeaderError('2', 'host:2'), false],
  [new NotLeaderError(undefined, undefined), false],
  [new OverloadedError('64 MiB wait'), false],
  [new ProposalDroppedError(7), false],
  [new UnknownOutcomeError('the deadline is over'), true],
  [new NodeStoppedError('stopped'), false],
  [new NodeStoppedError('stopped', { maybeDone: true }), true],
  [new TimeoutError('no quorum'), false],
  [new AbortedError('the caller gave up'), false],
  [new InvalidArgumentError('the command is too large'), false],
  [new StorageError('RAFT_STORAGE_FULL', 'no space is left in /data'), false],
  [new OverloadedError("the leader's disk is full", 'RAFT_STORAGE_FULL'), false],
];

describe('the service', () => {
  it.each<[string, Uint8Array, KvResult, kvV1.Response.$Properties]>([
    ['a set', encodeSet('k', 'v'), { type: 'set', revision: 5 }, { set: { revision: 5 } }],
    [
      'a delete',
      encodeDelete('k'),
      { type: 'delete', existed: true, revision: 5 },
      { delete: { existed: true, revision: 5 } },
    ],
    [
      'a compare-and-set that swapped',
      encodeCompareAndSet('k', { revision: 4 }, 'v'),
      { type: 'compareAndSet', swapped: true, revision: 5 },
      { compareAndSet: { swapped: true, current: { found: true, revision: 5 } } },
    ],
    [
      'a compare-and-set that met another value',
      encodeCompareAndSet('k', { absent: true }, 'v'),
      { type: 'compareAndSet', swapped: false, current: { value: bytes('old'), revision: 2 } },
      { compareAndSet: { current: { found: true, value: bytes('old'), revision: 2 } } },
    ],
    [
      'a compare-and-set that met nothing',
      encodeCompareAndSet('k', { value: 'old' }, 'v'),
      { type: 'compareAndSet', swapped: false, current: undefined },
      { compareAndSet: { current: {} } },
    ],
  ])('proposes %s byte for byte and answers with its result', async (_, command, result, response) => {
    const node = new FakeNode();
    node.onPropose = async () => result;
    const call = ask(kvService(node), requestOf(command, 250));
    await settled();
    expect(Buffer.from(node.proposed[0]!.command).equals(command)).toBe(true);
    expect(call.ends).toBe(1);
    expect(kvV1.Response.encode(call.response!).finish()).toEqual(kvV1.Response.encode(response).finish());
  });

  it('does not keep all that came with a command in memory', () => {
    const node = new FakeNode();
    const frame = Buffer.concat([Buffer.alloc(60_000), set]);
    ask(kvService(node), frame.subarray(60_000));
    expect(node.proposed[0]!.command.buffer.byteLength).toBeLessThan(60_000);
  });

  it('reads a key, and answers whether something is there', async () => {
    const node = new FakeNode();
    node.onRead = async () => ({ type: 'get', found: { value: bytes('v'), revision: 3 } });
    const call = ask(kvService(node), get);
    await settled();
    expect(bare(node.reads[0]!.query)).toEqual(bare({ type: 'get', key: bytes('key') }));
    expect(call.response?.get).toMatchObject({ found: true, value: bytes('v'), revision: 3 });

    node.onRead = async () => ({ type: 'get', found: undefined });
    const none = ask(kvService(node), get);
    await settled();
    expect(kvV1.Response.encode(none.response!).finish()).toEqual(kvV1.Response.encode({ get: {} }).finish());
  });

  it.each([
    [{}, { prefix: bytes(''), after: undefined }],
    [
      { prefix: bytes('p'), after: bytes('pa'), limit: 3 },
      { prefix: bytes('p'), after: bytes('pa'), limit: 3 },
    ],
  ])('lists %o', async (list, query) => {
    const node = new FakeNode();
    const items = [{ key: bytes('pb'), value: bytes('v'), revision: 3 }];
    node.onRead = async () => ({ type: 'list', items, more: true });
    const call = ask(kvService(node), otherRequest({ list })({ timeoutMs: 1 }));
    await settled();
    const asked = node.reads[0]!.query;
    expect(asked).toEqual({ type: 'list', ...query });
    expect(call.response?.list).toMatchObject({ items, more: true });
  });

  it('tells the status of its node at once, whether it leads or not', () => {
    const node = new FakeNode();
    const { response } = ask(kvService(node, { version: '1.2.3' }), otherRequest({ status: {} })({ timeoutMs: 1 }));
    const { groupId: _g, state: _s, healthy: _h, diskFull: _d, removed: _r, peers, ...facts } = node.facts;
    expect(response?.status).toMatchObject({
      ...facts,
      peers: peers.map(({ id, matchIndex, nextIndex, state }) => ({ id, matchIndex, nextIndex, state })),
      version: '1.2.3',
    });
  });

  it("passes the deadline on: the client's, its own where there is none, ten minutes at most", () => {
    const node = new FakeNode();
    const handler = kvService(node, { defaultTimeoutMs: 1234 });
    const timeouts = (request: Uint8Array): void => void ask(handler, request);
    timeouts(requestOf(encodeSet('k', 'v'), 250));
    timeouts(requestOf(encodeSet('k', 'v'), 0));
    timeouts(requestOf(encodeSet('k', 'v'), 0xffff_ffff));
    timeouts(get);
    timeouts(otherRequest({ list: {} })({ timeoutMs: 90 }));
    expect(node.proposed.map(({ options }) => options?.timeoutMs)).toEqual([250, 1234, 600_000]);
    expect(node.reads.map(({ options }) => options?.timeoutMs)).toEqual([700, 90]);
    const usual = new FakeNode();
    ask(kvService(usual), set);
    expect(usual.proposed[0]!.options?.timeoutMs).toBe(5000);
  });

  it.each(outcomes)('answers a change with the error of the node: %s', async (error, maybeDone) => {
    const node = new FakeNode();
    node.onPropose = async () => Promise.reject(error);
    const call = ask(kvService(node), set);
    await settled();
    expect(call.ends).toBe(1);
    expect(call.response?.error).toMatchObject({ code: error.code, message: error.message, maybeDone });
    if (error instanceof NotLeaderError) {
      expect(call.response?.error?.leaderId).toBe(error.leaderId ?? '');
      expect(call.response?.error?.leaderAddress).toBe(error.leaderAddress ?? '');
    }
  });

  it.each(outcomes)('answers a read with the error of the node: %s', async (error) => {
    const node = new FakeNode();
    node.onRead = async () => Promise.reject(error);
    const call = ask(kvService(node), get);
    await settled();
    expect(call.ends).toBe(1);
    expect(call.response?.error).toMatchObject({ code: error.code, message: error.message });
  });

  it('says that the outcome is unknown, and logs, when a proposal meets a mistake in the server', async () => {
    const node = new FakeNode();
    const logged: LogLevel[] = [];
    node.onPropose = async () => Promise.reject(new TypeError('a mistake'));
    const call = ask(kvService(node, { logger: (level) => logged.push(level) }), set);
    await settled();
    expect(call.response?.error).toMatchObject({ code: 'RAFT_UNKNOWN_OUTCOME', maybeDone: true });
    expect(logged).toEqual(['error']);
  });

  it.each<[string, (node: FakeNode) => void, Uint8Array]>([
    ['that the read rejects with', (node) => (node.onRead = async () => Promise.reject(new TypeError('oops'))), get],
    [
      'that the read throws',
      (node) => {
        node.onRead = () => {
          throw new TypeError('oops');
        };
      },
      get,
    ],
    ['in an answer', (node) => (node.onRead = async () => ({ type: 'list' }) as unknown as KvAnswer), get],
    ['in a result', (node) => (node.onPropose = async () => ({ type: 'set', revision: -1 })), set],
  ])('ends a call once and logs after a mistake %s', async (_, mistake, request) => {
    const node = new FakeNode();
    const logged: LogLevel[] = [];
    mistake(node);
    const call = ask(kvService(node, { logger: (level) => logged.push(level) }), request);
    await settled();
    expect(call.ends).toBe(1);
    expect(call.response?.error?.code ?? call.failure).toMatch(/RAFT_UNKNOWN_OUTCOME|see its log/);
    expect(logged).toEqual(['error']);
  });

  it('answers a command that a replica found malformed with an error', async () => {
    const node = new FakeNode();
    node.onPropose = async () => ({ type: 'malformed' });
    const call = ask(kvService(node), set);
    await settled();
    expect(call.response?.error).toMatchObject({ code: 'RAFT_INVALID_ARGUMENT', maybeDone: false });
  });

  it('says who leads where it does not, unless it is told to hand on what it can', async () => {
    const node = new FakeNode();
    node.facts = { ...node.facts, role: 'follower', leaderId: '2' };
    const handler = kvService(node);
    const requests = [
      { set: { key: bytes('k') } },
      { openSession: {} },
      { keepSession: { id: 5 } },
      { closeSession: { id: 5 } },
    ];
    for (const request of requests) {
      const call = ask(handler, otherRequest(request)({ timeoutMs: 1 }));
      expect(call.response?.error).toMatchObject({
        code: 'RAFT_NOT_LEADER',
        leaderId: '2',
        leaderAddress: 'localhost:2',
      });
      ask(handler, otherRequest(request)({ timeoutMs: 1, forward: true }));
    }
    expect(node.proposed.length).toBe(1);
    expect(node.asked.map(([name]) => name)).toEqual(['registerSession', 'keepSession', 'closeSession']);
    for (const request of [
      { members: {} },
      { changeMembers: {} },
      { previewMembers: {} },
      { transferLeadership: {} },
    ]) {
      const call = ask(handler, otherRequest(request)({ timeoutMs: 1, forward: true }));
      await settled();
      expect(call.response?.error?.code).toBe('RAFT_NOT_LEADER');
    }

    node.emit('role', { role: 'leader', term: 4, leaderId: '1', reason: 'elected' });
    ask(handler, set);
    expect(node.proposed.length).toBe(2);
  });

  it('answers no reads but local ones on a node that was removed, until it is taken in again', async () => {
    const node = new FakeNode();
    node.facts = { ...node.facts, role: 'follower' };
    node.onRead = async () => ({ type: 'get', found: undefined });
    const handler = kvService(node);
    const read = async (level?: kvV1.ReadLevel.$Properties): Promise<string | undefined> => {
      const call = ask(handler, otherRequest({ get: { key: bytes('k'), level: level ?? null } })({ timeoutMs: 1 }));
      await settled();
      return call.response?.error?.code ?? undefined;
    };
    expect(await read()).toBeUndefined();
    node.facts = { ...node.facts, removed: true };
    node.emit('removed', { index: 9 });
    expect([await read(), await read({ atLeast: 1 }), await read({ local: true })]).toEqual([
      'RAFT_NOT_LEADER',
      'RAFT_NOT_LEADER',
      undefined,
    ]);
    node.facts = { ...node.facts, removed: false };
    node.emit('membership', node.facts.membership);
    expect(await read()).toBeUndefined();
  });

  it('does what it is asked about sessions, members, leadership and snapshots', async () => {
    const node = new FakeNode();
    const { membership } = node.facts;
    node.onOther = async (name) =>
      ({ registerSession: 77, changeMembership: membership, snapshot: { index: 8, term: 3 } })[name];
    node.onRead = async () => ({ type: 'changes', changes: [], next: 1, more: false });
    const handler = kvService(node);
    const answer = async (request: kvV1.Request.$Properties): Promise<unknown> => {
      const call = ask(handler, otherRequest(request)({ timeoutMs: 9 }));
      await settled();
      return decodeResponse(kvV1.Response.encode(call.response!).finish());
    };
    expect(await answer({ openSession: {} })).toEqual({ type: 'openSession', id: 77 });
    expect(await answer({ keepSession: { id: 77 } })).toEqual({ type: 'keepSession' });
    expect(await answer({ closeSession: { id: 77 } })).toEqual({ type: 'closeSession' });
    expect(await answer({ members: {} })).toEqual({ type: 'members', membership });
    const change = { add: ['2'], addresses: { 2: 'h:2' } };
    const asked = { change, expectedIndex: 0, failIfBehind: true };
    expect(await answer({ changeMembers: asked })).toEqual({ type: 'changeMembers', membership });
    expect(await answer({ previewMembers: { change } })).toMatchObject({
      type: 'previewMembers',
      preview: { joint: true, behind: [{ id: '2', lag: 7 }, { id: '3' }] },
    });
    expect(await answer({ transferLeadership: { target: '2' } })).toEqual({ type: 'transferLeadership' });
    expect(await answer({ snapshot: {} })).toEqual({ type: 'snapshot', index: 8, term: 3 });
    const complete = { ...change, remove: [], learners: [] };
    expect(node.asked).toMatchObject([
      ['registerSession', { timeoutMs: 9 }],
      ['keepSession', 77, {}],
      ['closeSession', 77, {}],
      ['changeMembership', complete, { expected: 0, failIfBehind: true }],
      ['previewMembership', complete, { expected: undefined }],
      ['transferLeadership', '2', {}],
      ['snapshot', {}],
    ]);
  });

  it('grants reads by lease only where it is told to', async () => {
    for (const [leaseReads, level] of [
      [true, 'lease'],
      [false, 'linearizable'],
    ] as const) {
      const node = new FakeNode();
      ask(
        kvService(node, { leaseReads }),
        otherRequest({ get: { key: bytes('k'), level: { lease: true } } })({ timeoutMs: 1 }),
      );
      expect(node.reads[0]!.options).toMatchObject({ level });
    }
  });

  it('answers nothing to a reader that is gone', async () => {
    const node = new FakeNode();
    node.onRead = async () => ({ type: 'get', found: undefined });
    const call = ask(kvService(node), get);
    expect(call.oncancel).toBeTypeOf('function');
    call.oncancel!();
    await settled();
    expect(call.ends).toBe(0);
  });

  it('lets a proposal go on whose client is gone', async () => {
    const node = new FakeNode();
    node.onPropose = async () => ({ type: 'set', revision: 1 });
    const call = ask(kvService(node), set);
    call.oncancel?.();
    await settled();
    expect(node.proposed[0]!.options?.signal).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['only a deadline', '0801'],
    ['an operation that is not known here', '9a060161'],
    ['a body that is cut off', '1a050a01'],
    ['a length that has no end', '1affffffffffffffffffff01'],
  ])('refuses a request of %s', (_, request) => {
    const node = new FakeNode();
    const call = ask(kvService(node), Buffer.from(request, 'hex'));
    expect(call.failure).toMatch(/truncated|malformed|beyond/);
    expect([call.ends, node.proposed.length, node.reads.length]).toEqual([1, 0, 0]);
  });

  it('ends whatever bytes arrive, and proposes only what is a command', async () => {
    const valid = fc.constantFrom(set, get, requestOf(encodeCompareAndSet('k', { absent: true }, 'v'), 99));
    const garbled = fc.tuple(valid, fc.nat(), fc.nat(255)).map(([request, at, byte]) => {
      const out = Buffer.from(request);
      out[at % out.length] = byte;
      return out;
    });
    const property = fc.asyncProperty(fc.oneof(garbled, fc.uint8Array({ maxLength: 30 })), async (request) => {
      const node = new FakeNode();
      node.onPropose = async () => ({ type: 'set', revision: 1 });
      node.onRead = async () => ({ type: 'get', found: undefined });
      node.onOther = async () => 1;
      const call = ask(kvService(node), request);
      await settled();
      expect(call.ends).toBe(1);
      for (const { command } of node.proposed) expect(() => parseCommand(command)).not.toThrow();
    });
    await fc.assert(property, { numRuns: 250 });
  });
});
