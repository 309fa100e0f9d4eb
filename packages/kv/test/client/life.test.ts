import {
  AbortedError,
  InvalidArgumentError,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  RaftError,
  UnknownOutcomeError,
} from '@raft/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Outcome, watch } from '../support/outcome.js';
import { type Asked, leads, type Script, silent } from '../support/servers.js';
import { world } from '../support/world.js';

describe('close', () => {
  it('ends everything at once: changes that were sent, reads, pauses, and what comes later', async () => {
    const { servers, client, clock } = world({ peers: ['a'], backoffMs: { min: 100, max: 100 } });
    servers.on('a', (asked) => (asked.key === 'busy' ? asked.error(new OverloadedError('full')) : undefined));
    const sent = [client.set('k', 'v'), client.delete('k'), client.compareAndSet('k', { absent: true }, 'v')].map(
      (call) => watch<unknown>(call),
    );
    const reads = [client.get('k'), client.listPage('k')].map((call) => watch<unknown>(call));
    const pausing = watch(client.set('busy', 'v'));
    await clock.settle();
    const unsent = watch(client.set('late', 'v'));
    client.close();
    await clock.settle();
    expect(sent.map(({ code }) => code)).toEqual(Array(3).fill('RAFT_UNKNOWN_OUTCOME'));
    expect([...reads, pausing, unsent].map(({ code }) => code)).toEqual(Array(4).fill('RAFT_ABORTED'));
    expect(clock.timers).toBe(0);

    await expect(client.set('k', 'v')).rejects.toBeInstanceOf(AbortedError);
    await expect(client.status('a')).rejects.toBeInstanceOf(AbortedError);
    expect(servers.channels.length).toBe(1);
    expect(servers.channels[0]!.closed).toBe(true);
  });

  it('twice, or before any call, is nothing', async () => {
    const { servers, client } = world();
    client.close();
    client.close();
    await expect(client.get('k')).rejects.toBeInstanceOf(AbortedError);
    expect(servers.channels).toEqual([]);
  });
});

describe('many calls at once', () => {
  it('share one channel and get each its own answer, in whatever order', async () => {
    const { servers, client, clock } = world();
    const waiting: Asked[] = [];
    servers.on('a', (asked) => waiting.push(asked));
    const calls = Array.from({ length: 1000 }, (_, i) => watch(client.get(`key-${i}`)));
    await clock.settle();
    expect(servers.channels.length).toBe(1);
    expect(waiting.length).toBe(1000);
    for (const { key, answer } of waiting.toReversed()) {
      answer({ get: { found: true, value: Buffer.from(`of ${key}`), revision: 1 } });
    }
    await clock.settle();
    const values = calls.map(({ value }) => Buffer.from(value!.value).toString());
    expect(values).toEqual(calls.map((_, i) => `of key-${i}`));
    expect(clock.timers).toBe(0);
  });

  it('are refused beyond maxInFlight, and taken again once some have ended', async () => {
    const { servers, client, clock } = world({ maxInFlight: 3 });
    const waiting: Asked[] = [];
    servers.on('a', (asked) => waiting.push(asked));
    const calls = Array.from({ length: 4 }, (_, i) => watch(client.set(`k${i}`, 'v')));
    await clock.settle();
    expect(calls.map(({ code }) => code)).toEqual(['pending', 'pending', 'pending', 'RAFT_OVERLOADED']);
    expect(waiting.length).toBe(3);
    waiting[1]!.error(new UnknownOutcomeError('lost'));
    await clock.settle();
    const next = watch(client.set('k', 'v'));
    await clock.settle();
    expect(next.code).toBe('pending');
    expect(watch(client.set('k', 'v')).settled).toBe(false);
    for (const asked of waiting) leads(asked);
    await clock.settle();
    expect(next.code).toBe('done');
  });
});

describe('options', () => {
  it.each([
    [{ peers: [] }, 'peers is empty'],
    [{ peers: {} }, 'peers is empty'],
    [{ maxInFlight: 0 }, 'maxInFlight is 0'],
    [{ backoffMs: { min: 0, max: 1 } }, 'backoffMs is 0 to 1'],
    [{ backoffMs: { min: 2, max: 1 } }, 'backoffMs is 2 to 1'],
    [{ maxKeyBytes: 0 }, 'maxKeyBytes is 0'],
  ])('that cannot work are refused: %o', (options, why) => {
    expect(() => world(options)).toThrow(InvalidArgumentError);
    expect(() => world(options)).toThrow(why);
  });
});

/** What a server may do with a request, and whether it does what it is asked. */
const behaviours: Record<string, { readonly does: boolean; readonly script: Script }> = {
  leads: { does: true, script: leads },
  'does it and goes silent': { does: true, script: silent },
  'goes silent': { does: false, script: silent },
  'does it and is lost': { does: true, script: ({ fail }) => fail('RAFT_CHANNEL_LOST', 'maybe') },
  'is lost': { does: false, script: ({ fail }) => fail('RAFT_CHANNEL_LOST', 'maybe') },
  'was lost before': { does: false, script: ({ fail }) => fail('RAFT_CHANNEL_LOST', 'no') },
  'is busy': { does: false, script: ({ fail }) => fail('RAFT_CHANNEL_BUSY', 'no') },
  refuses: { does: false, script: ({ fail }) => fail('RAFT_CHANNEL_REFUSED', 'maybe') },
  'does it and does not know': { does: true, script: ({ error }) => error(new UnknownOutcomeError('deadline')) },
  'does it and stops': { does: true, script: ({ error }) => error(new NodeStoppedError('bye', { maybeDone: true })) },
  'stopped before': { does: false, script: ({ error }) => error(new NodeStoppedError('bye')) },
  'is overloaded': { does: false, script: ({ error }) => error(new OverloadedError('full')) },
  'follows nobody': { does: false, script: ({ error }) => error(new NotLeaderError(undefined, undefined)) },
  'follows b': { does: false, script: ({ error }) => error(new NotLeaderError('2', 'b')) },
  'follows a stranger': { does: false, script: ({ error }) => error(new NotLeaderError('9', 'z')) },
  'does it and answers rubbish': { does: true, script: ({ raw }) => raw(Uint8Array.of(255)) },
  'says a new error': { does: false, script: ({ error }) => error(new RaftError('RAFT_NEW' as never, 'news')) },
};

describe('whatever servers do', () => {
  it('every call ends by its deadline, and tells the truth of what was done', async () => {
    const names = fc.array(fc.constantFrom(...Object.keys(behaviours)), { minLength: 1, maxLength: 12 });
    const call = fc.record({
      change: fc.boolean(),
      atMs: fc.nat(400),
      timeoutMs: fc.integer({ min: 1, max: 600 }),
      abortMs: fc.option(fc.nat(500)),
    });
    const property = fc.asyncProperty(
      fc.record({ a: names, b: names, c: names }),
      fc.array(call, { minLength: 1, maxLength: 8 }),
      fc.option(fc.nat(800)),
      async (plans, calls, closeMs) => {
        const { servers, client, clock } = world({ backoffMs: { min: 5, max: 50 } });
        const done = new Map<string, number>();
        for (const [address, plan] of Object.entries(plans)) {
          let turn = 0;
          servers.on(address, (asked) => {
            const { does, script } = behaviours[plan[turn++ % plan.length]!]!;
            if (does && asked.request.set) done.set(asked.key, (done.get(asked.key) ?? 0) + 1);
            script(asked);
          });
        }
        const outcomes: (Outcome<unknown> & { change: boolean; key: string; lateMs: number })[] = [];
        for (const [i, { change, atMs, timeoutMs, abortMs }] of calls.entries()) {
          const key = `key-${i}`;
          clock.setTimer(atMs, () => {
            const abort = new AbortController();
            if (abortMs !== null) clock.setTimer(atMs + abortMs, () => abort.abort());
            const options = { timeoutMs, signal: abort.signal };
            const promise: Promise<unknown> = change ? client.set(key, 'v', options) : client.get(key, options);
            const outcome = Object.assign(watch(promise), { change, key, lateMs: 0 });
            const note = (): void => void (outcome.lateMs = clock.now() - (atMs + timeoutMs));
            promise.then(note, note);
            outcomes.push(outcome);
          });
        }
        if (closeMs !== null) clock.setTimer(closeMs, () => client.close());
        await clock.advance(2500);
        expect(outcomes.length).toBe(calls.length);
        for (const { change, key, error, settled, lateMs } of outcomes) {
          expect(settled, `${key} never ends`).toBe(true);
          expect(lateMs, `${key} ends late`).toBeLessThan(0.001);
          if (error !== undefined) expect(error).toBeInstanceOf(RaftError);
          if (!change) {
            expect(error).not.toBeInstanceOf(UnknownOutcomeError);
            continue;
          }
          const times = done.get(key) ?? 0;
          expect(times, `${key} was done ${times} times`).toBeLessThanOrEqual(1);
          if (error === undefined) expect(times).toBe(1);
          else if (!(error instanceof UnknownOutcomeError)) expect(times).toBe(0);
        }
        expect(clock.timers).toBe(0);
        expect(servers.channels.reduce((sum, { underWay }) => sum + underWay, 0)).toBe(0);
      },
    );
    await fc.assert(property, { numRuns: 100 });
  }, 30_000);
});
