import {
  NotLeaderError,
  OverloadedError,
  RaftError,
  SessionExpiredError,
  StorageError,
  UnknownOutcomeError,
} from '@raft/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Outcome, watch } from '../support/outcome.js';
import { type Asked, leads, type Script, silent } from '../support/servers.js';
import { world, type World } from '../support/world.js';

const inSessions = (options: Parameters<typeof world>[0] = {}): World => world({ sessions: true, ...options });

/** Opens sessions 100, 200, …, and does with everything else what `script` says. */
function opens(script: Script): Script {
  let opened = 0;
  return (asked) => {
    if (asked.request.openSession) asked.answer({ openSession: { id: ++opened * 100 } });
    else if (asked.request.keepSession) asked.answer({ keepSession: {} });
    else if (asked.request.closeSession) asked.answer({ closeSession: {} });
    else script(asked);
  };
}

function inTurn(...scripts: [Script, ...Script[]]): Script {
  let asked = 0;
  return (request) => scripts[Math.min(asked++, scripts.length - 1)]!(request);
}

const says =
  (error: RaftError): Script =>
  ({ error: answer }) =>
    answer(error);

/** Session, sequence and what is acknowledged of each change that was sent. */
const places = ({ servers }: World): string[] =>
  servers.asked.flatMap(({ request: { session } }) =>
    session ? [`${session.id}/${session.sequence}/${session.firstUnacknowledged}`] : [],
  );

describe('changes in a session', () => {
  it('share one that is opened with the first of them, and count their commands', async () => {
    const made = inSessions();
    made.servers.on('a', opens(leads));
    await Promise.all([made.client.set('k', 'v'), made.client.delete('k')]);
    await made.client.compareAndSet('k', { absent: true }, 'v');
    expect(places(made)).toEqual(['100/1/1', '100/2/1', '100/3/3']);
    expect(made.servers.asked.filter(({ request }) => request.openSession).length).toBe(1);
    expect(made.client.sessionId).toBe(100);
  });

  it('are what a client makes that is asked for reads only', async () => {
    const made = inSessions();
    made.servers.on('a', opens(leads));
    await made.client.get('k');
    expect(made.client.sessionId).toBeUndefined();
    expect(made.servers.asked.length).toBe(1);
  });

  it.each<[string, Script]>([
    ['the node does not know', says(new UnknownOutcomeError('the leader is lost'))],
    ['the channel is lost', ({ fail }) => fail('RAFT_CHANNEL_LOST', 'maybe')],
    ['the answer is none', ({ raw }) => raw(Uint8Array.of(255))],
    ['the server is silent', silent],
  ])('are repeated with the same number until it is known what came of them: %s', async (_, script) => {
    const made = inSessions();
    made.servers.on('a', opens(inTurn(script, script, leads)));
    made.servers.on('b', opens(leads));
    const set = watch(made.client.set('k', 'v', { timeoutMs: 1000 }));
    await made.clock.advance(1000);
    expect(set.value).toEqual({ revision: 1 });
    expect(places(made)).toEqual(['100/1/1', '100/1/1']);
    expect(made.servers.order).toBe('a a b');
  });

  it('that may be done and cannot be repeated in time have an unknown outcome', async () => {
    const made = inSessions();
    made.servers.on('a', opens(silent));
    const set = watch(made.client.set('k', 'v', { timeoutMs: 1000 }));
    await made.clock.advance(999);
    expect(set.code).toBe('pending');
    await made.clock.advance(1);
    expect(set.error).toBeInstanceOf(UnknownOutcomeError);
  });

  it.each([new StorageError('RAFT_STORAGE_FULL', 'no space is left'), new SessionExpiredError(100)])(
    'that may be done have an unknown outcome whatever ends their repetition: %s',
    async (error) => {
      const made = inSessions();
      made.servers.on('a', opens(says(new UnknownOutcomeError('lost'))));
      made.servers.on('b', opens(says(error)));
      const set = watch(made.client.set('k', 'v'));
      await made.clock.advance(1000);
      expect(set.error).toBeInstanceOf(UnknownOutcomeError);
      expect(set.message).toContain(error.message);
    },
  );

  it('that are certainly not done when their session has expired are made in another', async () => {
    const made = inSessions();
    made.servers.on('a', opens(inTurn(leads, says(new SessionExpiredError(100)), leads)));
    await made.client.set('k', 'v');
    await made.client.set('k', 'v');
    expect(places(made)).toEqual(['100/1/1', '100/2/2', '200/1/1']);
    expect(made.client.sessionId).toBe(200);
  });

  it('do not ask for sessions without end', async () => {
    const made = inSessions();
    made.servers.on('a', opens(says(new SessionExpiredError(1))));
    await expect(made.client.set('k', 'v')).rejects.toMatchObject({ code: 'RAFT_SESSION_EXPIRED' });
    expect(made.servers.asked.filter(({ request }) => request.openSession).length).toBe(3);
  });

  it('tell what need not be remembered any more, in whatever order they end', async () => {
    const made = inSessions();
    const waiting: Asked[] = [];
    made.servers.on(
      'a',
      opens((asked) => waiting.push(asked)),
    );
    const calls = Array.from({ length: 3 }, (_call, i) => watch(made.client.set(`k${i}`, 'v')));
    await made.clock.settle();
    leads(waiting[1]!);
    await made.clock.settle();
    const next = watch(made.client.set('k', 'v'));
    await made.clock.settle();
    leads(waiting[0]!);
    await made.clock.settle();
    const last = watch(made.client.set('k', 'v'));
    await made.clock.settle();
    expect(places(made)).toEqual(['100/1/1', '100/2/1', '100/3/1', '100/4/1', '100/5/3']);
    for (const asked of waiting) leads(asked);
    await made.clock.settle();
    expect([...calls, next, last].map(({ code }) => code)).toEqual(Array(5).fill('done'));
  });

  it('wait where the cluster would refuse them, for one that is under way keeps as many places as it remembers', async () => {
    const made = inSessions();
    const waiting: Asked[] = [];
    made.servers.on(
      'a',
      opens((asked) => (asked.key === 'first' ? waiting.push(asked) : leads(asked))),
    );
    const first = watch(made.client.set('first', 'v'));
    const rest = Array.from({ length: 3000 }, () => watch(made.client.set('k', 'v')));
    const short = watch(made.client.set('k', 'v', { timeoutMs: 100 }));
    await made.clock.advance(100);
    expect(places(made).at(-1)).toBe('100/1024/1');
    expect(rest.filter(({ code }) => code === 'done').length).toBe(1023);
    expect([short.code, short.message]).toEqual(['RAFT_TIMEOUT', expect.stringContaining('1024 commands')]);
    leads(waiting[0]!);
    await made.clock.settle();
    expect([first, ...rest].every(({ code }) => code === 'done')).toBe(true);
    const numbers = places(made).map((place) => place.split('/').map(Number) as [number, number, number]);
    expect(numbers.every(([, sequence, acknowledged]) => sequence < acknowledged + 1024)).toBe(true);
    expect(made.servers.asked.filter(({ request }) => request.openSession).length).toBe(1);
    made.client.close();
  });

  it('that wait for room go on in another session when theirs is lost, and end when the client is closed', async () => {
    const made = inSessions();
    const waiting: Asked[] = [];
    made.servers.on(
      'a',
      opens((asked) => waiting.push(asked)),
    );
    const calls = Array.from({ length: 1030 }, () => watch(made.client.set('k', 'v')));
    await made.clock.settle();
    expect(waiting.length).toBe(1024);
    waiting[0]!.error(new SessionExpiredError(100));
    await made.clock.settle();
    expect(places(made).filter((place) => place.startsWith('200/')).length).toBe(7);
    made.client.close();
    await made.clock.settle();
    expect(calls.every(({ settled }) => settled)).toBe(true);
  });

  it('end by their own deadlines while there is no session to be had', async () => {
    const made = inSessions();
    for (const address of ['a', 'b', 'c']) made.servers.on(address, says(new NotLeaderError(undefined, undefined)));
    const short = watch(made.client.set('k', 'v', { timeoutMs: 100 }));
    const long = watch(made.client.set('k', 'v', { timeoutMs: 12_000 }));
    const abort = new AbortController();
    const aborted = watch(made.client.set('k', 'v', { signal: abort.signal }));
    await made.clock.advance(50);
    abort.abort();
    await made.clock.advance(50);
    expect([short.code, aborted.code, long.code]).toEqual(['RAFT_TIMEOUT', 'RAFT_ABORTED', 'pending']);
    await made.clock.advance(6000);
    for (const address of ['a', 'b', 'c']) made.servers.on(address, opens(leads));
    await made.clock.advance(1000);
    expect(long.code).toBe('done');
  });

  it('fail with what a server says of sessions, when that is final', async () => {
    const made = inSessions();
    made.servers.on('a', says(new StorageError('RAFT_STORAGE_FULL', 'no space is left')));
    await expect(made.client.set('k', 'v')).rejects.toMatchObject({ code: 'RAFT_STORAGE_FULL' });
  });
});

describe('a session', () => {
  it('is kept alive while nothing is changed, and no oftener', async () => {
    const made = inSessions({ keepAliveMs: 1000 });
    made.servers.on('a', opens(leads));
    const kept = (): number => made.servers.asked.filter(({ request }) => request.keepSession).length;
    await made.client.set('k', 'v');
    await made.clock.advance(900);
    await made.client.set('k', 'v');
    await made.clock.advance(900);
    expect(kept()).toBe(0);
    await made.clock.advance(100);
    expect(kept()).toBe(1);
    await made.clock.advance(3000);
    expect(kept()).toBe(4);
    made.client.close();
    expect(made.clock.timers).toBe(0);
  });

  it('that is lost meanwhile is replaced by the next change', async () => {
    const made = inSessions({ keepAliveMs: 1000 });
    made.servers.on('a', opens(leads));
    await made.client.set('k', 'v');
    made.servers.on('a', ({ request, error, answer }) => {
      if (request.keepSession) error(new SessionExpiredError(100));
      else if (request.openSession) answer({ openSession: { id: 777 } });
      else answer({ set: { revision: 2 } });
    });
    await made.clock.advance(1000);
    expect(made.client.sessionId).toBeUndefined();
    expect(await made.client.set('k', 'v')).toEqual({ revision: 2 });
    expect(places(made).at(-1)).toBe('777/1/1');
    made.client.close();
    expect(made.clock.timers).toBe(0);
  });

  it('is given back by a client that is disposed of, within a second', async () => {
    const made = inSessions();
    made.servers.on('a', opens(leads));
    await made.client.set('k', 'v');
    await made.client[Symbol.asyncDispose]();
    expect(made.servers.asked.at(-1)?.request.closeSession?.id).toBe(100);
    expect(made.clock.timers).toBe(0);

    const gone = inSessions();
    gone.servers.on('a', opens(leads));
    await gone.client.set('k', 'v');
    gone.servers.on('a', silent);
    const disposed = watch(gone.client[Symbol.asyncDispose]());
    await gone.clock.advance(1000);
    expect(disposed.code).toBe('done');
    expect(gone.clock.timers).toBe(0);
  });
});

describe('a change that no server takes for its leader', () => {
  it('is handed on by one of them, once each has said so', async () => {
    for (const sessions of [true, false]) {
      const made = world({ sessions });
      const script: Script = (asked) =>
        asked.request.forward ? leads(asked) : asked.error(new NotLeaderError('9', 'inside:9'));
      for (const address of ['a', 'b', 'c']) made.servers.on(address, opens(script));
      const set = watch(made.client.set('k', 'v'));
      await made.clock.advance(2000);
      expect(set.code).toBe('done');
      made.client.close();
    }
  });
});

/** What a server may do with a change, and whether it does it. */
const behaviours: Record<string, { readonly does: boolean; readonly script: Script }> = {
  leads: { does: true, script: leads },
  'does it and goes silent': { does: true, script: silent },
  'goes silent': { does: false, script: silent },
  'does it and is lost': { does: true, script: ({ fail }) => fail('RAFT_CHANNEL_LOST', 'maybe') },
  'is lost': { does: false, script: ({ fail }) => fail('RAFT_CHANNEL_LOST', 'maybe') },
  'is busy': { does: false, script: says(new OverloadedError('full')) },
  'does it and does not know': { does: true, script: says(new UnknownOutcomeError('deadline')) },
  'follows nobody': { does: false, script: says(new NotLeaderError(undefined, undefined)) },
  'does it and answers rubbish': { does: true, script: ({ raw }) => raw(Uint8Array.of(255)) },
  'says a new error': { does: false, script: says(new RaftError('RAFT_NEW' as never, 'news')) },
  'forgets the session': { does: false, script: silent },
};

/** A cluster that keeps its word: in a session, a command is done once, and gets the first answer again. */
function cluster(made: World, plans: Readonly<Record<string, readonly string[]>>): Map<string, number> {
  const sessions = new Map<number, Set<number> | undefined>();
  const done = new Map<string, number>();
  for (const [address, plan] of Object.entries(plans)) {
    let turn = 0;
    made.servers.on(address, (asked) => {
      const { request } = asked;
      if (request.openSession) {
        const id = sessions.size + 1;
        sessions.set(id, new Set());
        return asked.answer({ openSession: { id } });
      }
      const name = plan[turn++ % plan.length]!;
      const { id, sequence } = request.session as { id: number; sequence: number };
      // Its id is never given again.
      if (name === 'forgets the session') sessions.set(id, undefined);
      const session = sessions.get(id);
      if (session === undefined) return asked.error(new SessionExpiredError(id));
      const { does, script } = behaviours[name]!;
      if (does && !session.has(sequence)) done.set(asked.key, (done.get(asked.key) ?? 0) + 1);
      if (does) session.add(sequence);
      script(asked);
    });
  }
  return done;
}

describe('whatever servers do with sessions', () => {
  it('every change ends by its deadline, is done once at most, and its end tells the truth', async () => {
    const names = fc.array(fc.constantFrom(...Object.keys(behaviours)), { minLength: 1, maxLength: 12 });
    const call = fc.record({
      atMs: fc.nat(400),
      timeoutMs: fc.integer({ min: 1, max: 900 }),
      abortMs: fc.option(fc.nat(500)),
    });
    const property = fc.asyncProperty(
      fc.record({ a: names, b: names, c: names }),
      fc.array(call, { minLength: 1, maxLength: 8 }),
      async (plans, calls) => {
        const made = inSessions({ backoffMs: { min: 5, max: 50 } });
        const { client, clock } = made;
        const done = cluster(made, plans);
        const outcomes: (Outcome<unknown> & { key: string; lateMs: number })[] = [];
        for (const [i, { atMs, timeoutMs, abortMs }] of calls.entries()) {
          clock.setTimer(atMs, () => {
            const abort = new AbortController();
            if (abortMs !== null) clock.setTimer(atMs + abortMs, () => abort.abort());
            const promise = client.set(`key-${i}`, 'v', { timeoutMs, signal: abort.signal });
            const outcome = Object.assign(watch<unknown>(promise), { key: `key-${i}`, lateMs: 0 });
            const note = (): void => void (outcome.lateMs = clock.now() - (atMs + timeoutMs));
            promise.then(note, note);
            outcomes.push(outcome);
          });
        }
        await clock.advance(2500);
        for (const { key, error, settled, lateMs } of outcomes) {
          expect(settled, `${key} never ends`).toBe(true);
          expect(lateMs, `${key} ends late`).toBeLessThan(0.001);
          if (error !== undefined) expect(error).toBeInstanceOf(RaftError);
          const times = done.get(key) ?? 0;
          expect(times, `${key} was done ${times} times`).toBeLessThanOrEqual(1);
          if (error === undefined) expect(times).toBe(1);
          else if (!(error instanceof UnknownOutcomeError)) expect(times).toBe(0);
        }
        client.close();
        expect(clock.timers).toBe(0);
      },
    );
    await fc.assert(property, { numRuns: 100 });
  }, 30_000);
});
