import { NodeStoppedError } from '@raft/core';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { encodeDelete, encodeSet, HistoryGoneError, kvService, KvStateMachine } from '../src/index.js';
import { resultCodec } from '../src/result-codec.js';
import { otherRequest } from '../src/request.js';
import type { KvAnswer, KvChange, KvQuery } from '../src/types.js';
import { Watches } from '../src/watches.js';
import { bare, chunksOf, collect, encodeStep, hex, someKey, someStep, Twin } from './support/machine.js';
import { ask, FakeNode, settled } from './support/node.js';
import { watch } from './support/outcome.js';

vi.setConfig({ testTimeout: 30_000 });

/** A node that applies to a machine of its own what the test proposes, and answers from it. */
class LiveNode extends FakeNode {
  readonly machine: KvStateMachine;
  index = 0;

  constructor(options = {}) {
    super();
    this.machine = new KvStateMachine(options);
    this.answers();
  }

  answers(): void {
    this.onRead = async () => this.machine.query(this.reads.at(-1)!.query);
  }

  apply(...commands: Uint8Array[]): void {
    this.machine.apply(commands.map((command) => ({ index: ++this.index, term: 1, command })));
    this.emit('applied', { index: this.index });
  }
}

const key = (text: string): { key: Uint8Array } => ({ key: Buffer.from(text) });
const prefix = (text: string): { prefix: Uint8Array } => ({ prefix: Buffer.from(text) });

function changesOf(machine: KvStateMachine, query: Omit<KvQuery & { type: 'changes' }, 'type'>): KvAnswer {
  return machine.query({ type: 'changes', ...query });
}

function lines(changes: readonly KvChange[]): string[] {
  return changes.map((change) => {
    const value = change.type === 'put' ? hex(change.value) : '-';
    return `${change.revision} ${hex(change.key)} ${value}`;
  });
}

describe('the history of the map', () => {
  it('gives what has changed since any revision that it remembers, and says from which on it does', () => {
    const property = fc.property(
      fc.array(someStep(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.option(someKey, { nil: undefined }),
      (steps, maxHistoryChanges, selected) => {
        const node = new LiveNode({ maxHistoryChanges });
        const twin = new Twin();
        const done: { revision: number; line: string; key: string }[] = [];
        for (const step of steps) {
          node.apply(encodeStep(step));
          const result = twin.apply(step, node.index);
          const isChange = result.type === 'delete' ? result.existed : !('swapped' in result) || result.swapped;
          const value = step.type === 'delete' ? '-' : hex(step.value);
          if (isChange)
            done.push({ revision: node.index, line: `${node.index} ${hex(step.key)} ${value}`, key: hex(step.key) });
        }
        const oldest = done.length > maxHistoryChanges ? done.at(-maxHistoryChanges - 1)!.revision + 1 : 1;
        const select = selected && { prefix: selected };
        for (let from = 1; from <= node.index + 2; from++) {
          const answer = changesOf(node.machine, { select, from });
          if (from < oldest) {
            expect(answer).toEqual({ type: 'forgotten', oldest });
            continue;
          }
          const expected = done.filter(
            (one) => one.revision >= from && one.key.startsWith(hex(selected ?? new Uint8Array(0))),
          );
          expect(lines((answer as KvAnswer & { type: 'changes' }).changes)).toEqual(expected.map(({ line }) => line));
          expect(answer).toMatchObject({ more: false, next: Math.max(from, (done.at(-1)?.revision ?? 0) + 1) });
        }
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('is bounded in bytes too', () => {
    const node = new LiveNode({ maxHistoryBytes: 10_000 });
    for (let n = 0; n < 100; n++) node.apply(encodeSet('k', Buffer.alloc(1000)));
    expect(changesOf(node.machine, { from: 91 })).toEqual({ type: 'forgotten', oldest: 92 });
    expect((changesOf(node.machine, { from: 92 }) as KvAnswer & { type: 'changes' }).changes).toHaveLength(9);
  });

  it('goes on for ever in bounded memory, and finds its place after many were forgotten', () => {
    const node = new LiveNode({ maxHistoryChanges: 1000 });
    for (let n = 0; n < 100; n++) node.apply(...Array.from({ length: 100 }, (_, i) => encodeSet(`k${i}`, 'v')));
    for (const from of [9001, 9500, 10_000]) {
      const { changes } = changesOf(node.machine, { from }) as KvAnswer & { type: 'changes' };
      expect([changes[0]?.revision, changes.at(-1)?.revision]).toEqual([from, 10_000]);
    }
    expect(changesOf(node.machine, { from: 9000 })).toEqual({ type: 'forgotten', oldest: 9001 });
  });

  it('comes in pieces of a thousand changes and about a mebibyte', () => {
    const node = new LiveNode();
    node.apply(...Array.from({ length: 1500 }, (_, n) => encodeSet(`k${n}`, 'v')));
    const first = changesOf(node.machine, { from: 1 }) as KvAnswer & { type: 'changes' };
    expect([first.changes.length, first.next, first.more]).toEqual([1000, 1001, true]);
    const second = changesOf(node.machine, { from: first.next }) as KvAnswer & { type: 'changes' };
    expect([second.changes.length, second.next, second.more]).toEqual([500, 1501, false]);
    node.apply(...Array.from({ length: 4 }, () => encodeSet('big', Buffer.alloc(600_000))));
    const big = changesOf(node.machine, { from: 1501 }) as KvAnswer & { type: 'changes' };
    expect([big.changes.length, big.more]).toEqual([2, true]);
  });

  it('does not survive a snapshot, whose last change may have been a deletion', async () => {
    const node = new LiveNode();
    node.apply(encodeSet('a', '1'), encodeSet('b', '2'), encodeDelete('b'));
    const restored = new KvStateMachine();
    await restored.restore(chunksOf(await collect(node.machine.snapshot())));
    expect(changesOf(restored, { from: 3 })).toEqual({ type: 'forgotten', oldest: 4 });
    expect(changesOf(restored, { from: 4 })).toEqual({ type: 'changes', changes: [], next: 4, more: false });
    expect(changesOf(restored, { from: 0 })).toMatchObject({ next: 4 });
  });
});

describe('a result that a session keeps', () => {
  it('comes back as it was', () => {
    const machine = new KvStateMachine();
    const commands = [
      encodeSet('a', '1'),
      encodeDelete('a'),
      encodeDelete('a'),
      Buffer.from('ff', 'hex'),
      encodeSet('b', ''),
      ...[0, 5].map((revision) =>
        encodeStep({ type: 'compareAndSet', ...key('b'), expected: { revision }, value: Buffer.from('2') }),
      ),
      encodeStep({ type: 'compareAndSet', ...key('c'), expected: { revision: 1 }, value: Buffer.from('2') }),
    ];
    const results = machine.apply(commands.map((command, at) => ({ index: at + 1, term: 1, command })));
    for (const result of results) expect(bare(resultCodec.decode(resultCodec.encode(result)))).toEqual(bare(result));
    expect(new Set(results.map(({ type }) => type)).size).toBe(4);
  });
});

describe('a watch at a server', () => {
  const wait = (node: LiveNode, select: { key: Uint8Array } | { prefix: Uint8Array }, from: number, waitMs = 20_000) =>
    watch(new Watches(node, 10).next({ select, from, waitMs }, { timeoutMs: 30_000 }));

  it('from revision 0 is told at once where to begin, by a linearizable read', async () => {
    const node = new LiveNode();
    node.apply(encodeSet('k', 'v'));
    const outcome = wait(node, key('k'), 0);
    await settled();
    expect(outcome.value).toMatchObject({ changes: [], next: 2 });
    expect(node.reads[0]!.options).toMatchObject({ level: 'linearizable' });
  });

  it('is answered at once when there is something, and by this node alone', async () => {
    const node = new LiveNode();
    node.apply(encodeSet('k', 'v'), encodeSet('other', 'v'));
    const outcome = wait(node, key('k'), 1);
    await settled();
    expect(lines(outcome.value!.changes)).toEqual(['1 6b 76']);
    expect(outcome.value!.next).toBe(3);
    expect(node.reads.every(({ options }) => options?.level === 'local')).toBe(true);
  });

  it('waits for its key or prefix, and misses none of what is done together', async () => {
    const node = new LiveNode();
    const [one, all, other] = [wait(node, key('ka'), 1), wait(node, prefix('k'), 1), wait(node, key('x'), 1)];
    await settled();
    node.apply(encodeSet('y', '1'));
    await settled();
    expect([one.settled, all.settled, other.settled]).toEqual([false, false, false]);
    node.apply(encodeSet('kb', '1'), encodeSet('ka', '2'), encodeDelete('kb'));
    await settled();
    await settled();
    expect(lines(one.value!.changes)).toEqual(['3 6b61 32']);
    expect(lines(all.value!.changes)).toEqual(['2 6b62 31', '3 6b61 32', '4 6b62 -']);
    expect([one.value!.next, all.value!.next, other.settled]).toEqual([5, 5, false]);
  });

  it('that waits long goes on past what it was not about, though that is forgotten by then', async () => {
    const node = new LiveNode({ maxHistoryChanges: 5 });
    const watches = new Watches(node, 10);
    const outcome = watch(watches.next({ select: key('k'), from: 1, waitMs: 300 }, {}));
    for (let n = 0; n < 20; n++) {
      node.apply(encodeSet('other', 'v'));
      await settled();
    }
    await vi.waitFor(() => expect(outcome.settled).toBe(true));
    expect(outcome.value).toMatchObject({ changes: [], next: 21 });
  });

  it('is told when what it asks for is forgotten: before, while it waits, and after a snapshot was installed', async () => {
    const node = new LiveNode({ maxHistoryChanges: 5 });
    for (let n = 0; n < 20; n++) node.apply(encodeSet('k', 'v'));
    const before = wait(node, key('k'), 3);
    const during = wait(node, key('x'), 21);
    await settled();
    expect(before.error).toEqual(new HistoryGoneError(3, 16));
    node.apply(...Array.from({ length: 10 }, () => encodeSet('k', 'v')));
    await settled();
    await settled();
    expect(during.error).toBeInstanceOf(HistoryGoneError);

    const installed = wait(node, key('x'), 31);
    await settled();
    const other = new LiveNode();
    other.apply(...Array.from({ length: 40 }, () => encodeSet('x', 'v')));
    await node.machine.restore(chunksOf(await collect(other.machine.snapshot())));
    node.emit('snapshot', { index: 40, term: 1, source: 'installed' });
    await settled();
    await settled();
    expect(installed.error).toEqual(new HistoryGoneError(31, 41));
  });

  it('ends empty at the end of its time, and at once when it is not to wait', async () => {
    const node = new LiveNode();
    const outcome = wait(node, key('k'), 1, 30);
    await vi.waitFor(() => expect(outcome.settled).toBe(true));
    expect(outcome.value).toMatchObject({ changes: [], next: 1 });
    expect((await new Watches(node, 1).next({ select: undefined, from: 9, waitMs: 0 }, {})).next).toBe(9);
  });

  it('is refused where too many wait, and makes room when its client goes', async () => {
    const node = new LiveNode();
    const watches = new Watches(node, 1);
    const abort = new AbortController();
    const first = watch(watches.next({ select: key('k'), from: 1, waitMs: 20_000 }, { signal: abort.signal }));
    await settled();
    const question = { select: key('k'), from: 1, waitMs: 10 };
    await expect(watches.next(question, {})).rejects.toMatchObject({ code: 'RAFT_OVERLOADED' });
    abort.abort();
    await settled();
    expect(first.settled).toBe(true);
    expect((await watches.next(question, {})).changes).toEqual([]);
  });

  it('ends with what the node says when that stops', async () => {
    const node = new LiveNode();
    const outcome = wait(node, key('k'), 1);
    await settled();
    node.onRead = async () => Promise.reject(new NodeStoppedError('stopped'));
    node.emit('applied', { index: 1 });
    await settled();
    expect(outcome.code).toBe('RAFT_NODE_STOPPED');
  });

  it.each([{ leaderId: undefined }, { removed: true }])(
    'is sent elsewhere by a node that is left behind: before, and when it has waited: %o',
    async (facts) => {
      const node = new LiveNode();
      const early = wait(node, key('k'), 1, 30);
      await settled();
      node.facts = { ...node.facts, ...facts };
      await vi.waitFor(() => expect(early.settled).toBe(true));
      const late = wait(node, key('k'), 1);
      await settled();
      expect([early.code, late.code]).toEqual(['RAFT_NOT_LEADER', 'RAFT_NOT_LEADER']);
    },
  );

  it('is served to clients', async () => {
    const node = new LiveNode();
    const handler = kvService(node);
    const request = (watch: object) => otherRequest({ watch })({ timeoutMs: 1000 });
    const call = ask(handler, request({ prefix: Buffer.from('k'), fromRevision: 1, waitMs: 900 }));
    await settled();
    expect(call.ends).toBe(0);
    node.apply(encodeSet('k1', 'v'));
    await settled();
    await settled();
    expect(call.response?.watch).toMatchObject({
      nextRevision: 2,
      changes: [{ revision: 1, value: Buffer.from('v') }],
    });
    const empty = ask(handler, request({ key: new Uint8Array(0), fromRevision: 1 }));
    await settled();
    expect(empty.response?.error?.code).toBe('RAFT_INVALID_ARGUMENT');
  });
});
