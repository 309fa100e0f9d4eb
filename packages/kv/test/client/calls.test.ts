import { ChannelError, InvalidArgumentError } from '@raft/core';
import type { kvV1 } from '@raft/proto';
import { describe, expect, it } from 'vitest';
import type { KvItem } from '../../src/index.js';
import { bare } from '../support/machine.js';
import { leads, type Script } from '../support/servers.js';
import { world, type World } from '../support/world.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

function leader(script: Script): World {
  const made = world();
  made.servers.on('a', script);
  return made;
}

describe('the calls of the client', () => {
  it('get gives what stands there, or undefined', async () => {
    const { client } = leader(({ key, answer }) =>
      answer(key === 'here' ? { get: { found: true, value: bytes('v'), revision: 7 } } : { get: {} }),
    );
    expect(bare(await client.get('here'))).toEqual(bare({ value: bytes('v'), revision: 7 }));
    expect(await client.get('gone')).toBeUndefined();
    expect(bare(await client.get(bytes('here')))).toBeDefined();
  });

  it('get tells an empty value from none', async () => {
    const { client } = leader(({ answer }) => answer({ get: { found: true, revision: 7 } }));
    expect(bare(await client.get('k'))).toEqual({ value: '', revision: 7 });
  });

  it('set and delete tell the revision', async () => {
    const { servers, client } = leader(({ request, answer }) =>
      answer(request.set ? { set: { revision: 2 ** 53 - 1 } } : { delete: { existed: false, revision: 3 } }),
    );
    expect(await client.set('kä', 'vä')).toEqual({ revision: 2 ** 53 - 1 });
    expect(await client.delete('k')).toEqual({ existed: false, revision: 3 });
    expect(bare(servers.asked[0]!.request.set)).toMatchObject({ key: '6bc3a4', value: '76c3a4' });
  });

  it.each<[Parameters<World['client']['compareAndSet']>[1], object]>([
    [{ absent: true }, { absent: true }],
    [{ value: 'old' }, { expectedValue: '6f6c64' }],
    [{ value: '' }, { expectedValue: '' }],
    [{ revision: 0 }, { expectedRevision: 0 }],
  ])('compareAndSet expects %o', async (expected, fields) => {
    const { servers, client } = leader(leads);
    expect(await client.compareAndSet('k', expected, 'v')).toEqual({ swapped: true, revision: 1 });
    expect(bare(servers.asked[0]!.request.compareAndSet)).toMatchObject({ key: '6b', value: '76', ...fields });
  });

  it('compareAndSet tells what is in the way', async () => {
    let current: kvV1.GetResponse.$Properties = { found: true, value: bytes('other'), revision: 4 };
    const { client } = leader(({ answer }) => answer({ compareAndSet: { swapped: false, current } }));
    const met = await client.compareAndSet('k', { absent: true }, 'v');
    expect(bare(met)).toEqual(bare({ swapped: false, current: { value: bytes('other'), revision: 4 } }));
    current = {};
    expect(await client.compareAndSet('k', { value: 'x' }, 'v')).toEqual({ swapped: false, current: undefined });
  });

  it('status asks the server of an id or an address, once', async () => {
    const { servers, client } = world({ peers: { 1: 'a', 2: 'b' } });
    servers.on('b', leads);
    expect(await client.status('2')).toMatchObject({ id: '1', role: 'leader', leaderId: undefined, peers: [] });
    expect((await client.status('b')).role).toBe('leader');
    await expect(client.status('1')).rejects.toBeInstanceOf(ChannelError);
    expect(servers.order).toBe('b b a');
  });

  it.each<[string, (client: World['client']) => Promise<unknown>]>([
    ['an empty key', async (client) => client.get('')],
    ['a long key', async (client) => client.delete('k'.repeat(4097))],
    ['a long key of few characters', async (client) => client.delete('ä'.repeat(2049))],
    ['a large value', async (client) => client.set('k', new Uint8Array(1_048_577))],
    ['a large expected value', async (client) => client.compareAndSet('k', { value: new Uint8Array(1_048_577) }, '')],
    ['a negative revision', async (client) => client.compareAndSet('k', { revision: -1 }, '')],
    ['half a revision', async (client) => client.compareAndSet('k', { revision: 1.5 }, '')],
    ['a prefix that is too long', async (client) => client.listPage('k'.repeat(4097))],
    ['a negative number of keys', async (client) => client.listPage('', { limit: -1 })],
    ['half a key', async (client) => client.list('', { limit: 0.5 }).next()],
    ['a number of keys that is none', async (client) => client.list('', { limit: Number.NaN }).next()],
  ])('refuse %s before anything is sent', async (_, call) => {
    const { servers, client } = leader(leads);
    await expect(call(client)).rejects.toBeInstanceOf(InvalidArgumentError);
    expect(servers.asked).toEqual([]);
  });

  it('keep no more of an answer in memory than they hand out', async () => {
    const frame = new Uint8Array(100_000);
    frame.set([0x12, 5, 0x08, 1, 0x12, 1, 0x78]);
    const { client } = leader(({ raw }) => raw(frame.subarray(0, 7)));
    expect((await client.get('k'))!.value.buffer.byteLength).toBeLessThan(100_000);
  });
});

/** A leader that lists so many keys, in pages of ten. */
function listing(count: number): World {
  return leader(({ request, answer }) => {
    const { after, limit } = request.list as kvV1.ListRequest;
    const first = after.length === 0 ? 0 : Number(Buffer.from(after).toString()) + 1;
    const last = Math.min(count, first + Math.min(limit || 1000, 10));
    const items = Array.from({ length: last - first }, (_, i) => ({
      key: bytes(String(first + i)),
      value: bytes('v'),
    }));
    answer({ list: { items, more: last < count } });
  });
}

async function keysOf(items: AsyncIterable<KvItem>): Promise<number[]> {
  const keys: number[] = [];
  for await (const { key } of items) keys.push(Number(Buffer.from(key).toString()));
  return keys;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('a listing', () => {
  it.each([0, 1, 9, 10, 11, 35])('of %i keys comes whole, page by page', async (count) => {
    const { servers, client } = listing(count);
    expect(await keysOf(client.list(''))).toEqual(numbers(count));
    expect(servers.asked.length).toBe(Math.max(1, Math.ceil(count / 10)));
  });

  it.each([
    [0, 0],
    [1, 1],
    [10, 1],
    [25, 3],
    [1000, 4],
  ])('of %i keys at most asks for no more than those', async (limit, requests) => {
    const { servers, client } = listing(35);
    expect(await keysOf(client.list('', { limit }))).toEqual(numbers(Math.min(limit, 35)));
    expect(servers.asked.length).toBe(requests);
  });

  it('begins after a key', async () => {
    const { client } = listing(35);
    expect(await keysOf(client.list('', { after: '30' }))).toEqual([31, 32, 33, 34]);
  });

  it('asks for a page only when it is wanted', async () => {
    const { servers, client } = listing(35);
    for await (const { key } of client.list('')) if (Buffer.from(key).toString() === '12') break;
    expect(servers.asked.length).toBe(2);
  });

  it('passes prefix and deadline on for each page, and ends with the error of one', async () => {
    const { servers, client, clock } = listing(35);
    const abort = new AbortController();
    const items = client.list('p', { timeoutMs: 70, signal: abort.signal });
    for (let i = 0; i < 20; i++) await items.next();
    abort.abort();
    await expect(items.next()).rejects.toMatchObject({ code: 'RAFT_ABORTED' });
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(servers.asked.map(({ request }) => request.timeoutMs)).toEqual([70, 70]);
    expect(Buffer.from(servers.asked[1]!.request.list!.prefix!).toString()).toBe('p');
    expect(clock.timers).toBe(0);
  });

  it('ends when a server says that more follows and gives nothing', async () => {
    const { servers, client } = leader(({ answer }) => answer({ list: { more: servers.asked.length < 5 } }));
    expect(await keysOf(client.list(''))).toEqual([]);
    expect(servers.asked.length).toBe(1);
  });
});
