import {
  AbortedError,
  InvalidArgumentError,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  ProposalDroppedError,
  type RaftError,
  StorageError,
  TimeoutError,
  UnknownOutcomeError,
} from '@raft/core';
import { describe, expect, it } from 'vitest';
import { type Asked, leads, type Script, silent } from '../support/servers.js';
import { watch } from '../support/outcome.js';
import { world } from '../support/world.js';

const says =
  (error: RaftError): Script =>
  (asked) =>
    asked.error(error);
const follows = (leaderId?: string, leaderAddress?: string): Script =>
  says(new NotLeaderError(leaderId, leaderAddress));

/** The first answers as scripts say, then the last one for ever. */
function inTurn(...scripts: [Script, ...Script[]]): Script {
  let asked = 0;
  return (request) => scripts[Math.min(asked++, scripts.length - 1)]!(request);
}

describe('a client finds the leader', () => {
  it('by the address that a follower tells, and stays with it', async () => {
    const { servers, client } = world();
    servers.on('a', follows('3', 'c'));
    servers.on('c', leads);
    await client.set('k', 'v');
    await client.get('k');
    expect(servers.order).toBe('a c c');
  });

  it('by the id that a follower tells, where only ids are known', async () => {
    const { servers, client } = world({ peers: { 1: 'a', 2: 'b', 3: 'c' } });
    servers.on('a', follows('3'));
    servers.on('c', leads);
    await client.set('k', 'v');
    expect(servers.order).toBe('a c');
  });

  it('at an address that it was not given', async () => {
    const { servers, client, clock } = world({ peers: ['a'] });
    servers.on('a', follows('9', 'new'));
    servers.on('new', leads);
    const set = watch(client.set('k', 'v'));
    await clock.advance(1000);
    expect(set.code).toBe('done');
    expect(servers.order).toBe('a new');
  });

  it('among all servers when the one that is told of is gone, or is not the leader', async () => {
    for (const other of [silentlyGone, follows()]) {
      const { servers, client, clock } = world();
      servers.on('a', follows('3', 'c'));
      servers.on('c', other);
      servers.on('b', leads);
      const set = watch(client.set('k', 'v'));
      await clock.advance(1000);
      expect(set.code).toBe('done');
      expect(servers.order).toBe('a c b');
    }
  });

  it('though one follower for ever tells of a leader that cannot be reached from here', async () => {
    const { servers, client, clock } = world();
    servers.on('a', follows('2', 'inside:1'));
    servers.on('b', leads);
    const set = watch(client.set('k', 'v'));
    await clock.advance(1000);
    expect(set.code).toBe('done');
    expect(servers.order).toBe('a inside:1 b');
  });

  it('though two followers take each other for it', async () => {
    const { servers, client, clock } = world();
    servers.on('a', follows('2', 'b'));
    servers.on('b', inTurn(follows('1', 'a'), follows('1', 'a'), leads));
    const set = watch(client.set('k', 'v'));
    await clock.advance(1000);
    expect(set.code).toBe('done');
    expect(servers.asked.length).toBeLessThanOrEqual(6);
  });

  it('with pauses that grow to their limit while there is none', async () => {
    const { servers, client, clock } = world({ backoffMs: { min: 20, max: 200 } });
    for (const address of ['a', 'b', 'c']) servers.on(address, follows());
    const set = watch(client.set('k', 'v', { timeoutMs: 2000 }));
    await clock.advance(3000);
    const times = servers.asked.map(({ atMs }) => atMs);
    // Each once without a pause; then halves (the least random part) of 20, 40, 80, 160, 200, 200 …
    expect(times.slice(0, 9)).toEqual([0, 0, 0, 10, 30, 70, 150, 250, 350]);
    expect(servers.order.slice(0, 11)).toBe('a b c a b c');
    expect(set.code).toBe('RAFT_TIMEOUT');
    expect(set.message).toContain('no leader is known');
    expect(clock.timers).toBe(0);
  });

  it.each([
    ['is told', follows('2', 'b')],
    ['is not told', follows()],
  ])('once for many calls that miss it at the same time, whether it %s', async (_, script) => {
    const { servers, client } = world();
    servers.on('a', script);
    servers.on('b', leads);
    await Promise.all(Array.from({ length: 50 }, async (_call, i) => client.set(`k${i}`, 'v')));
    expect(servers.asked.filter(({ address }) => address === 'b').length).toBe(50);
    expect(servers.asked.filter(({ address }) => address === 'c').length).toBe(0);
    expect(servers.channels.length).toBe(2);
  });

  it('and opens a new channel to a server whose channel was closed', async () => {
    const { servers, client } = world({ peers: ['a'] });
    servers.on('a', leads);
    await client.get('k');
    servers.channels[0]!.close();
    await client.get('k');
    expect(servers.channels.length).toBe(2);
  });

  it('and keeps few channels to servers that were only told of', async () => {
    const { servers, client, clock } = world({ peers: ['a'] });
    let told = 0;
    servers.on('a', (asked) => asked.error(new NotLeaderError('9', `told-${told++}`)));
    const set = watch(client.set('k', 'v', { timeoutMs: 4000 }));
    await clock.advance(5000);
    expect(set.code).toBe('RAFT_TIMEOUT');
    expect(told).toBeGreaterThan(12);
    expect(servers.channels.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(9);
  });
});

const silentlyGone: Script = ({ fail }) => fail('RAFT_CHANNEL_LOST', 'no');

describe('a change that is certainly not done', () => {
  it.each<[string, Script, string]>([
    ['overloaded', says(new OverloadedError('full')), 'a a'],
    ['dropped', says(new ProposalDroppedError(3)), 'a a'],
    ['a channel that is full', ({ fail }) => fail('RAFT_CHANNEL_BUSY', 'no'), 'a a'],
    ['a channel lost before it was sent', ({ fail }) => fail('RAFT_CHANNEL_LOST', 'no'), 'a b'],
    ['refused', ({ fail }) => fail('RAFT_CHANNEL_REFUSED', 'maybe'), 'a b'],
    ['too late before it was sent', ({ fail }) => fail('RAFT_TIMEOUT', 'no'), 'a b'],
    ['a node that stopped before', says(new NodeStoppedError('stopped')), 'a b'],
    ['too late before the log', says(new TimeoutError('no quorum')), 'a b'],
  ])('is repeated: %s', async (_, script, order) => {
    const { servers, client, clock } = world();
    servers.on('a', inTurn(script, leads));
    servers.on('b', leads);
    const set = watch(client.set('k', 'v'));
    await clock.advance(1000);
    expect(set.value).toEqual({ revision: 1 });
    expect(servers.order).toBe(order);
  });

  it('because the server is busy is repeated there, after a pause, until the deadline', async () => {
    const { servers, client, clock } = world();
    servers.on('a', says(new OverloadedError('full')));
    const set = watch(client.set('k', 'v', { timeoutMs: 500 }));
    await clock.advance(600);
    expect(set.code).toBe('RAFT_TIMEOUT');
    expect(set.message).toContain('full');
    expect(servers.asked.map(({ atMs }) => atMs).slice(0, 4)).toEqual([0, 10, 30, 70]);
    expect(new Set(servers.order.split(' '))).toEqual(new Set(['a']));
  });

  it.each([
    new InvalidArgumentError('the key has 9 bytes: at most 8 are allowed'),
    new OverloadedError("the leader's disk is full", 'RAFT_STORAGE_FULL'),
    new StorageError('RAFT_STORAGE_IO', 'cannot write'),
  ])('ends with the error of the server, where repeating is of no use: %s', async (error) => {
    const { servers, client } = world();
    servers.on('a', says(error));
    const set = watch(client.set('k', 'v'));
    await new Promise(setImmediate);
    expect(set.code).toBe(error.code);
    expect(set.message).toBe(error.message);
    expect(servers.order).toBe('a');
  });
});

const garbage: Script = ({ raw }) => raw(Uint8Array.of(0x0a, 0x50, 1));

describe('a change that may be done', () => {
  const doubtful: [string, Script][] = [
    ['the node says so', says(new UnknownOutcomeError('the deadline is over'))],
    ['a node that stopped meanwhile', says(new NodeStoppedError('stopped', { maybeDone: true }))],
    ['a channel lost after it was sent', ({ fail }: Asked) => fail('RAFT_CHANNEL_LOST', 'maybe')],
    ['too late after it was sent', ({ fail }: Asked) => fail('RAFT_TIMEOUT', 'maybe')],
    ['aborted after it was sent', ({ fail }: Asked) => fail('RAFT_ABORTED', 'maybe')],
    ['an answer that cannot be read', garbage],
    ['an empty answer', ({ raw }: Asked) => raw(new Uint8Array(0))],
    ['an answer to another question', ({ answer }: Asked) => answer({ get: {} })],
  ];

  it.each(doubtful)('is never repeated: %s', async (_, script) => {
    for (const change of ['set', 'delete', 'compareAndSet'] as const) {
      const { servers, client, clock } = world();
      for (const address of ['a', 'b', 'c']) servers.on(address, script);
      const call = {
        set: async () => client.set('k', 'v'),
        delete: async () => client.delete('k'),
        compareAndSet: async () => client.compareAndSet('k', { absent: true }, 'v'),
      }[change];
      const outcome = watch<unknown>(call());
      await clock.advance(6000);
      expect(outcome.error).toBeInstanceOf(UnknownOutcomeError);
      expect(servers.order).toBe('a');
      expect(outcome.message.match(/may or may not be done/g)).toHaveLength(1);
    }
  });

  it.each(doubtful.filter(([why]) => !why.startsWith('aborted')))(
    'is unlike a read, which is repeated: %s',
    async (_, script) => {
      const { servers, client, clock } = world();
      servers.on('a', inTurn(script));
      servers.on('b', leads);
      const get = watch(client.get('k'));
      if (script === doubtful.at(-1)![1]) servers.on('a', ({ answer }) => answer({ set: { revision: 1 } }));
      await clock.advance(1000);
      expect(get.value).toEqual({ value: Buffer.alloc(1), revision: 1 });
      expect(servers.order).toBe('a b');
    },
  );

  it('may have been tried before, where it was certainly not done', async () => {
    const { servers, client, clock } = world();
    servers.on('a', follows());
    servers.on('b', says(new UnknownOutcomeError('the leader is lost')));
    const set = watch(client.set('k', 'v'));
    await clock.advance(1000);
    expect(set.code).toBe('RAFT_UNKNOWN_OUTCOME');
    expect(set.message).toMatch(/^the leader is lost: the command may/);
    expect(servers.order).toBe('a b');
  });
});

describe('a deadline', () => {
  it('is told to the server as what is left of it, rounded up', async () => {
    const { servers, client, clock } = world();
    servers.on('a', inTurn(says(new OverloadedError('full')), leads));
    const set = watch(client.set('k', 'v', { timeoutMs: 300.5 }));
    await clock.advance(1000);
    expect(set.code).toBe('done');
    expect(servers.asked.map(({ request }) => request.timeoutMs)).toEqual([301, 291]);
  });

  it('ends a change that a server keeps with an unknown outcome', async () => {
    const { servers, client, clock } = world();
    servers.on('a', silent);
    const set = watch(client.set('k', 'v', { timeoutMs: 300 }));
    await clock.advance(299);
    expect(set.code).toBe('pending');
    await clock.advance(1);
    expect(set.code).toBe('RAFT_UNKNOWN_OUTCOME');
  });

  it('leaves a read the time to be tried elsewhere', async () => {
    const { servers, client, clock } = world();
    servers.on('a', silent);
    servers.on('b', leads);
    const get = watch(client.get('k', { timeoutMs: 1000 }));
    await clock.advance(500);
    expect(get.code).toBe('done');
    expect(servers.asked.map(({ request }) => request.timeoutMs)).toEqual([1000, 500]);
  });

  it('ends a read that nobody answers, and says what was in the way', async () => {
    const { servers, client, clock } = world();
    for (const address of ['a', 'b', 'c']) servers.on(address, silent);
    const get = watch(client.get('k', { timeoutMs: 1000 }));
    await clock.advance(999);
    expect(get.code).toBe('pending');
    await clock.advance(1);
    expect(get.code).toBe('RAFT_TIMEOUT');
    expect(get.message).toMatch(/not done within 1000 ms: RAFT_TIMEOUT at/);
    expect(clock.timers).toBe(0);
  });

  it('is 5000 ms unless the client or the call has another', async () => {
    for (const [options, timeoutMs] of [
      [{}, 5000],
      [{ timeoutMs: 77 }, 77],
    ] as const) {
      const { servers, client } = world(options);
      servers.on('a', leads);
      await client.get('k');
      expect(servers.asked[0]!.request.timeoutMs).toBe(timeoutMs);
    }
  });

  it.each([0, -1, Number.NaN, Infinity])('of %s ms is refused', async (timeoutMs) => {
    const { servers, client } = world();
    await expect(client.get('k', { timeoutMs })).rejects.toBeInstanceOf(InvalidArgumentError);
    await expect(client.status('a', { timeoutMs })).rejects.toBeInstanceOf(InvalidArgumentError);
    expect(() => world({ timeoutMs })).toThrow(InvalidArgumentError);
    expect(servers.asked).toEqual([]);
  });
});

describe('an abort', () => {
  it('before the call asks nobody', async () => {
    const { servers, client } = world();
    const reason = new Error('enough');
    const error: unknown = await client.set('k', 'v', { signal: AbortSignal.abort(reason) }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AbortedError);
    expect((error as AbortedError).cause).toBe(reason);
    expect(servers.channels).toEqual([]);
  });

  it('of a change that was sent leaves its outcome unknown, of a read does not', async () => {
    const { servers, client, clock } = world();
    servers.on('a', silent);
    const abort = new AbortController();
    const set = watch(client.set('k', 'v', abort));
    const get = watch(client.get('k', abort));
    await clock.settle();
    abort.abort();
    await clock.settle();
    expect([set.code, get.code]).toEqual(['RAFT_UNKNOWN_OUTCOME', 'RAFT_ABORTED']);
    expect(clock.timers).toBe(0);
  });

  it('before a change was sent means that it is not done', async () => {
    const { client, servers } = world();
    servers.on('a', silent);
    const abort = new AbortController();
    const set = watch(client.set('k', 'v', abort));
    abort.abort();
    await new Promise(setImmediate);
    expect(set.code).toBe('RAFT_ABORTED');
    expect(servers.asked).toEqual([]);
  });

  it('ends a pause at once', async () => {
    const { servers, client, clock } = world({ backoffMs: { min: 1000, max: 1000 } });
    servers.on('a', says(new OverloadedError('full')));
    const abort = new AbortController();
    const set = watch(client.set('k', 'v', abort));
    await clock.settle();
    expect(clock.timers).toBe(1);
    abort.abort();
    await clock.settle();
    expect(set.code).toBe('RAFT_ABORTED');
    expect(clock.timers).toBe(0);
  });

  it('in the very moment of a failure begins no pause', async () => {
    const { servers, client, clock } = world({ peers: ['a'], backoffMs: { min: 1000, max: 1000 } });
    const abort = new AbortController();
    servers.on('a', (asked) => {
      asked.error(new OverloadedError('full'));
      abort.abort();
    });
    const set = watch(client.set('k', 'v', abort));
    await clock.settle();
    expect(set.code).toBe('RAFT_ABORTED');
    expect(clock.timers).toBe(0);
  });
});
