import { NotLeaderError } from '@raft/core';
import type { kvV1 } from '@raft/proto';
import { describe, expect, it } from 'vitest';
import { HistoryGoneError, type KvChange, type KvWatch } from '../../src/index.js';
import { watch as follow } from '../support/outcome.js';
import { type Script, silent } from '../support/servers.js';
import { world } from '../support/world.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** A server with these changes, at revisions from 1 on, all of one key. */
function remembers(count: number, oldest = 1, pageSize = 3): Script {
  return ({ request, answer, error }) => {
    const { fromRevision: from } = request.watch as kvV1.WatchRequest;
    if (from === 0) return answer({ watch: { nextRevision: count + 1 } });
    if (from < oldest) return error(new HistoryGoneError(from, oldest));
    const page = Array.from({ length: Math.max(0, Math.min(pageSize, count + 1 - from)) }, (_, i) => ({
      ...{ key: bytes('k'), value: bytes(`v${from + i}`), revision: from + i },
    }));
    // Where there is nothing it holds the question, for ever.
    if (page.length > 0) answer({ watch: { changes: page, nextRevision: from + page.length } });
  };
}

async function read(watch: KvWatch, count: number): Promise<number[]> {
  const revisions: number[] = [];
  for await (const { revision } of watch) if (revisions.push(revision) === count) break;
  return revisions;
}

const upTo = (count: number, from = 1): number[] => Array.from({ length: count + 1 - from }, (_, i) => from + i);

describe('a watch of the client', () => {
  it('gives what has changed since a revision, question by question', async () => {
    const { servers, client } = world();
    servers.on('a', remembers(10));
    const watch = client.watch({ prefix: 'p' }, { from: 2 });
    expect(await read(watch, 9)).toEqual(upTo(10, 2));
    expect(servers.asked.map(({ request }) => request.watch?.fromRevision)).toEqual([2, 5, 8]);
    expect(servers.asked[0]!.request.watch).toMatchObject({ prefix: bytes('p'), waitMs: 10_000 });
  });

  it('begins with what comes after the call when it is given no revision', async () => {
    const { servers, client } = world();
    servers.on('a', ({ request, answer }) => {
      const { fromRevision } = request.watch as kvV1.WatchRequest;
      if (fromRevision === 0) answer({ watch: { nextRevision: 42 } });
      else answer({ watch: { changes: [{ key: bytes('k'), deleted: true, revision: 50 }], nextRevision: 51 } });
    });
    for await (const change of client.watch({ key: 'k' })) {
      expect(change).toMatchObject({ type: 'delete', revision: 50 });
      break;
    }
    expect(servers.asked.map(({ request }) => request.watch?.fromRevision)).toEqual([0, 42]);
  });

  it('can be taken up again where it was left, between any two changes', async () => {
    const { servers, client } = world();
    servers.on('a', remembers(7));
    let next = 1;
    const seen: number[] = [];
    while (next <= 7) {
      const watch = client.watch({ key: 'k' }, { from: next });
      seen.push(...(await read(watch, 1)));
      next = watch.next;
    }
    expect(seen).toEqual(upTo(7));
  });

  it('keeps what one command did together', async () => {
    const { servers, client } = world();
    servers.on('a', ({ answer }) => {
      const changes = [5, 5, 6].map((revision) => ({ key: bytes('k'), value: bytes('v'), revision }));
      answer({ watch: { changes, nextRevision: 9 } });
    });
    const watch = client.watch({ key: 'k' }, { from: 1 });
    const nexts: number[] = [];
    for await (const _ of watch) if (nexts.push(watch.next) === 3) break;
    expect(nexts).toEqual([5, 6, 7]);
  });

  it('goes on at another server, followers too, without a gap or a repetition', async () => {
    const { servers, client, clock } = world();
    let answered = 0;
    const whole = remembers(9, 1, 1);
    const shaky: Script = (asked) =>
      ++answered % 3 === 0
        ? asked.fail('RAFT_CHANNEL_LOST', 'maybe')
        : answered % 5 === 0
          ? silent(asked)
          : whole(asked);
    for (const address of ['a', 'b', 'c']) servers.on(address, shaky);
    const reading = follow(read(client.watch({ key: 'k' }, { from: 1 }), 9));
    await clock.advance(200_000);
    expect(reading.value).toEqual(upTo(9));
    expect(new Set(servers.order.split(' ')).size).toBe(3);
  });

  it('asks the others when a server remembers too little, and goes on', async () => {
    const { servers, client } = world();
    servers.on('a', remembers(9, 6));
    servers.on('b', ({ error }) => error(new NotLeaderError(undefined, undefined)));
    servers.on('c', remembers(9));
    expect(await read(client.watch({ key: 'k' }, { from: 1 }), 9)).toEqual(upTo(9));
  });

  it('ends with an error that says from where it could go on, when nobody remembers', async () => {
    const { servers, client } = world();
    servers.on('a', remembers(9, 8));
    servers.on('b', remembers(9, 6));
    servers.on('c', remembers(9, 7));
    const error: unknown = await read(client.watch({ key: 'k' }, { from: 2 }), 1).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HistoryGoneError);
    expect(error).toMatchObject({ code: 'RAFT_HISTORY_GONE', oldest: 6 });
    expect((error as Error).message).toContain('revision 2 ');
  });

  it('ends at an abort, and when no server answers for too long', async () => {
    const { servers, client, clock } = world();
    servers.on('a', remembers(0));
    const abort = new AbortController();
    const aborted = follow(read(client.watch({ key: 'k' }, { signal: abort.signal }), 1));
    const late = follow(read(client.watch({ key: 'k' }, { from: 1, timeoutMs: 3000 }), 1));
    await clock.advance(100);
    abort.abort();
    await clock.advance(0);
    expect([aborted.code, late.code]).toEqual(['RAFT_ABORTED', 'pending']);
    await clock.advance(3000);
    expect(late.code).toBe('RAFT_TIMEOUT');
    expect(clock.timers).toBe(0);
  });

  it('hands out memory of its own', async () => {
    const { servers, client } = world();
    servers.on('a', remembers(1));
    const found: KvChange[] = [];
    for await (const change of client.watch({ key: 'k' }, { from: 1 })) if (found.push(change) > 0) break;
    expect(found[0]).toMatchObject({ type: 'put', key: bytes('k'), value: bytes('v1') });
  });
});

describe('the members that a client knows', () => {
  const membership = (index: number, addresses: Record<string, string>): kvV1.Membership.$Properties => ({
    index,
    addresses,
  });
  const leading =
    (members: kvV1.Membership.$Properties): Script =>
    ({ request, answer }) =>
      answer(request.status ? { status: { id: '1', membership: members } } : { set: { revision: 1 } });

  it('are learned along with calls, so that one finds its way when all that it was told of are gone', async () => {
    const { servers, client, clock } = world({ refreshMs: 1000 });
    servers.on('a', leading(membership(5, { 4: 'd', 5: 'e' })));
    await client.set('k', 'v');
    await clock.settle();
    servers.on('a', ({ fail }) => fail('RAFT_CHANNEL_LOST', 'no'));
    servers.on('e', leading(membership(6, { 5: 'e' })));
    const set = follow(client.set('k', 'v'));
    await clock.advance(1000);
    expect(set.code).toBe('done');
    expect((await client.status('5')).id).toBe('1');
  });

  it('are asked for now and then, and after another server has answered', async () => {
    const { servers, client, clock } = world({ refreshMs: 1000 });
    const asked = (): number => servers.asked.filter(({ request }) => request.status).length;
    servers.on('a', leading(membership(1, { 1: 'a', 2: 'b' })));
    servers.on('b', leading(membership(1, { 1: 'a', 2: 'b' })));
    for (let n = 0; n < 10; n++) await client.set('k', 'v');
    await clock.settle();
    expect(asked()).toBe(1);
    await clock.advance(1000);
    await client.set('k', 'v');
    await clock.settle();
    expect(asked()).toBe(2);
    await clock.advance(200);
    servers.on('a', ({ fail }) => fail('RAFT_CHANNEL_LOST', 'no'));
    await client.set('k', 'v');
    await clock.settle();
    expect(servers.asked.at(-1)).toMatchObject({ address: 'b' });
    expect(asked()).toBe(3);
  });

  it('are not replaced by what a server knows that was left behind', async () => {
    const { servers, client } = world();
    servers.on('a', leading(membership(9, { 4: 'd' })));
    servers.on('b', leading(membership(3, { 1: 'a', 7: 'x' })));
    await client.status('a');
    await client.status('b');
    await expect(client.status('7')).rejects.toMatchObject({ code: 'RAFT_CHANNEL_LOST' });
    expect(servers.asked.at(-1)?.address).toBe('7');
    await expect(client.status('4')).rejects.toThrow('RAFT_CHANNEL_LOST');
    expect(servers.asked.at(-1)?.address).toBe('d');
  });
});
