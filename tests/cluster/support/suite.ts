import { describe, expect, test, vi } from 'vitest';
import { Caller, get, set } from './caller.js';
import { churn } from './churn.js';
import { Cluster } from './cluster.js';
import type { ClusterOptions } from './cluster.js';
import { eventually } from './eventually.js';
import type { Network } from './networks.js';
import type { Stores } from './stores.js';

export interface Parts {
  readonly network: () => Network;
  readonly stores: () => Promise<Stores>;
}

const churnMs = 1800;
const seed = Number(process.env['RAFT_TEST_SEED'] ?? Math.floor(Math.random() * 1_000_000));

/** A cluster that has a leader, and a client of it. */
interface World {
  readonly cluster: Cluster;
  readonly caller: Caller;
}

/** What a cluster must do whatever it is made of. */
export function clusterSuite(name: string, { network, stores }: Parts): void {
  // Much of a test is waiting for elections: a few share the time.
  vi.setConfig({ maxConcurrency: 3 });

  async function inCluster(options: ClusterOptions, run: (world: World) => Promise<void>): Promise<void> {
    const cluster = new Cluster(network(), await stores(), options);
    try {
      await cluster.start();
      await cluster.leader();
      await run({ cluster, caller: new Caller(cluster) });
    } finally {
      await cluster.close();
    }
  }

  describe.concurrent(name, { timeout: 180_000 }, () => {
    test.each([1, 3, 5])('%i nodes elect one leader and hold the same map', (size) =>
      inCluster({ size }, async ({ cluster, caller }) => {
        await Promise.all(Array.from({ length: 50 }, (_, i) => caller.setSurely(`k${i}`, `v${i}`)));
        const map = await cluster.converge();
        expect(map).toEqual(new Map(Array.from({ length: 50 }, (_, i) => [`k${i}`, `v${i}`])));
        const { term, leaderId } = (await cluster.leader()).node.status();
        for (const { node } of cluster.lives) expect(node.status()).toMatchObject({ term, leaderId });
      }),
    );

    test('a follower that hands nothing on names the leader to whom to turn', () =>
      inCluster({ node: { forward: false } }, async ({ cluster }) => {
        const leader = await cluster.leader();
        const follower = cluster.lives.find((life) => life !== leader);
        const call = follower?.node.propose(Buffer.from('any'));
        await expect(call).rejects.toMatchObject({
          code: 'RAFT_NOT_LEADER',
          leaderId: leader.id,
          leaderAddress: `node-${leader.id}:1`,
        });
      }));

    test('the leader fails, twice: what was acknowledged is there, and work goes on', () =>
      inCluster({}, async ({ cluster, caller }) => {
        for (const round of [1, 2]) {
          await Promise.all(Array.from({ length: 20 }, (_, i) => caller.setSurely(`k${round}-${i}`, `v${i}`)));
          const { id } = await cluster.leader();
          await cluster.stop(id);
          await cluster.leader();
          expect(await caller.get(`k${round}-19`)).toBe('v19');
          await caller.setSurely(`after-${round}`, 'yes');
          await cluster.start(id);
        }
        const map = await cluster.converge();
        expect(map.size).toBe(42);
      }));

    for (const passage of ['cut', 'stalled'] as const) {
      test.each(passage === 'cut' ? [3] : [3, 5])(`a minority with its leader, ${passage}: of %i nodes`, (size) =>
        inCluster({ size }, async ({ cluster, caller }) => {
          await caller.setSurely('x', 'old');
          const old = await cluster.leader();
          const minority = [old.id, ...cluster.ids.filter((id) => id !== old.id).slice(0, (size - 3) / 2)];
          const majority = cluster.ids.filter((id) => !minority.includes(id));
          cluster.partition(minority, passage);

          const writes = Array.from({ length: 5 }, (_, i) => set(old.node, 'x', `minority ${i}`, { timeoutMs: 1500 }));
          const reads = Array.from({ length: 5 }, () => readOrCode(get(old.node, 'x', { timeoutMs: 1500 })));
          await cluster.leader(majority);
          await caller.setSurely('x', 'new');
          writes.push(set(old.node, 'x', 'minority late', { timeoutMs: 300 }));
          reads.push(readOrCode(get(old.node, 'x', { timeoutMs: 300 })));

          for (const outcome of await Promise.all(writes)) expect(['unknown', 'refused']).toContain(outcome.end);
          for (const answer of await Promise.all(reads)) expect(['RAFT_NOT_LEADER', 'RAFT_TIMEOUT']).toContain(answer);
          cluster.heal();
          const map = await cluster.converge();
          expect(map.get('x')).toBe('new');
          expect(await caller.get('x')).toBe('new');
        }),
      );
    }

    test('a deposed leader that does not know it answers no read', (context) =>
      // Without check quorum nothing makes it step down by itself, but a machine that is too busy.
      inCluster({ node: { checkQuorum: false } }, async ({ cluster, caller }) => {
        await caller.setSurely('x', 'old');
        const old = await cluster.leader();
        const stillLeads = (): void => {
          if (old.node.status().role !== 'leader') context.skip('this machine is too busy: the leader has given up');
        };
        cluster.partition([old.id], 'stalled');
        await cluster.leader(cluster.ids.filter((id) => id !== old.id));
        await caller.setSurely('x', 'new');

        stillLeads();
        const answer = await readOrCode(get(old.node, 'x', { timeoutMs: 300 }));
        const waiting = readOrCode(get(old.node, 'x'));
        expect(['RAFT_TIMEOUT', 'RAFT_NOT_LEADER']).toContain(answer);
        stillLeads();
        expect(answer).toBe('RAFT_TIMEOUT');
        cluster.heal();
        // Had it been elected again meanwhile, it would know the new value.
        expect(await waiting).toBe('new');
      }));

    test('64 concurrent callers: each command is done once, none is lost', () =>
      inCluster({}, async ({ cluster, caller }) => {
        const perCaller = 15;
        const swaps = await Promise.all(
          Array.from({ length: 64 }, async (_, i) => {
            for (let n = 0; n < perCaller; n++) await caller.setSurely(`own-${i}`, `${n}`);
            const value = await caller.get(`own-${i}`);
            expect(value).toBe(`${perCaller - 1}`);
            return caller.compareAndSet('first', undefined, `${i}`);
          }),
        );
        const map = await cluster.converge();
        expect(map.size).toBe(65);
        const winners = swaps.flatMap((outcome, i) =>
          outcome.end === 'done' && 'swapped' in outcome.result && outcome.result.swapped ? [`${i}`] : [],
        );
        if (swaps.every((outcome) => outcome.end === 'done')) expect(winners).toEqual([map.get('first')]);
      }));

    test('a follower that was away is fed from the storage, since the cache is small', () =>
      inCluster({ node: { cacheBytes: 10_000, maxMessageBytes: 20_000 } }, async ({ cluster, caller }) => {
        const leader = await cluster.leader();
        const away = cluster.ids.find((id) => id !== leader.id) ?? '';
        await cluster.stop(away);
        const value = 'x'.repeat(200);
        for (let i = 0; i < 10; i++) {
          await Promise.all(Array.from({ length: 200 }, (_, n) => caller.setSurely(`k${i * 200 + n}`, value)));
        }
        await cluster.start(away);
        const map = await cluster.converge();
        expect(map.size).toBe(2000);
        const others = cluster.lives.filter((life) => life.id !== away);
        expect(others.reduce((sum, life) => sum + life.entriesRead, 0)).toBeGreaterThan(1500);
      }));

    test('all nodes stop and start again: everything acknowledged is there, and one more write', () =>
      inCluster({}, async ({ cluster, caller }) => {
        await Promise.all(Array.from({ length: 100 }, (_, i) => caller.setSurely(`k${i}`, `v${i}`)));
        const { term } = (await cluster.leader()).node.status();
        await cluster.stop(...cluster.ids);
        await cluster.start();
        expect((await cluster.leader()).node.status().term).toBeGreaterThan(term);
        expect(await caller.get('k99')).toBe('v99');
        await caller.setSurely('more', 'yes');
        const map = await cluster.converge();
        expect(map.size).toBe(101);
      }));

    test('one node after the other is restarted under load', () =>
      inCluster({}, async ({ cluster, caller }) => {
        let isOver = false;
        let written = 0;
        const load = Promise.all(
          Array.from({ length: 8 }, async (_, i) => {
            for (let n = 0; !isOver; n++) {
              await caller.setSurely(`k${i}`, `${n}`);
              written++;
            }
          }),
        );
        for (const id of cluster.ids) {
          const before = written;
          await cluster.stop(id);
          await cluster.start(id);
          await eventually(() => written > before + 20, 'writes go on');
        }
        isOver = true;
        await load;
        const map = await cluster.converge();
        expect(map.size).toBe(8);
      }));

    test(`churn on an unreliable network, seed ${seed} (RAFT_TEST_SEED): what callers saw has an order`, () =>
      inCluster({}, async ({ cluster }) => {
        const history = await churn(cluster, seed, churnMs);
        const map = await cluster.converge();
        const caller = new Caller(cluster);
        for (const key of history.keys) {
          await history.record('at last', key, async () => {
            const value = await caller.get(key);
            expect(value).toBe(map.get(key));
            return { op: 'get', output: value ?? null, isCertain: true };
          });
        }
        expect(history.problems()).toEqual([]);
        expect(history.counts.done).toBeGreaterThanOrEqual(100);
      }));
  });
}

async function readOrCode(read: Promise<string | undefined>): Promise<string> {
  try {
    return `${await read}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
}
