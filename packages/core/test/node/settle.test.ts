import { afterEach, expect, test } from 'vitest';
import type { Applied } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { Ledger } from './support/ledger.js';
import { recorder } from './support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const turns = 30;
const lastTurnOfCalls = 16;

interface Cut {
  /** Done to the leader at turn `turn` of the calls, which had `writes` commands so far. */
  readonly cut: (leader: Member) => void | Promise<void>;
  /** What the leader's machine does with each batch. */
  readonly apply?: (isCut: () => boolean) => (entries: readonly Applied<string>[]) => void | Promise<void>;
}

const broken = new Error('broken');

/** Ways in which a leader is lost in the middle of its work. */
const cuts: Record<string, Cut> = {
  'is stopped': { cut: ({ node }) => void node.stop() },
  'loses its disk': { cut: ({ storage }) => void (storage.failAppend = () => broken) },
  'waits for its disk for ever': { cut: ({ storage }) => storage.hold() },
  'is cut off': { cut: ({ id }) => cluster.network.isolate(id) },
  'hears nobody': {
    cut: ({ id }) => {
      cluster.network.cutOneWay('2', id);
      cluster.network.cutOneWay('3', id);
    },
  },
  'reaches nobody': {
    cut: ({ id }) => {
      cluster.network.cutOneWay(id, '2');
      cluster.network.cutOneWay(id, '3');
    },
  },
  'has a machine that throws': {
    cut: () => {},
    apply: (isCut) => () => {
      if (isCut()) throw broken;
    },
  },
  'has a machine that never ends': {
    cut: () => {},
    apply: (isCut) => () => (isCut() ? new Promise(() => {}) : undefined),
  },
  'is blocked for longer than an election': {
    cut: ({ id }) => {
      cluster.network.isolate(id);
      cluster.clock.stall(500);
      cluster.network.rejoin(id);
    },
  },
};

/** Calls to the leader and to a follower, at every turn; some with short deadlines, some given up later. */
function call(ledger: Ledger, leader: Member, turn: number, aborts: AbortController[]): void {
  const follower = cluster.member('2');
  const abort = new AbortController();
  aborts.push(abort);
  ledger.propose(leader.node);
  ledger.propose(leader.node, { timeoutMs: 20 + turn });
  ledger.propose(leader.node, { signal: abort.signal });
  ledger.propose(follower.node);
  ledger.read(leader.node);
  ledger.read(leader.node, { timeoutMs: 20 + turn });
  ledger.read(leader.node, { signal: abort.signal });
  ledger.read(follower.node);
  aborts[turn - 3]?.abort();
}

for (const [how, { cut, apply }] of Object.entries(cuts)) {
  test(`a leader that ${how}, at any turn: every call ends, and ends truly`, { timeout: 30_000 }, async () => {
    for (let at = 0; at < turns; at++) {
      let isCut = false;
      const machine = apply && recorder(apply(() => isCut));
      cluster = testCluster({ options: (id) => (id === '1' && machine ? { stateMachine: machine } : {}) });
      const leader = await cluster.elect();
      const ledger = new Ledger();
      const aborts: AbortController[] = [];
      for (let turn = 0; turn < turns; turn++) {
        if (turn <= lastTurnOfCalls) call(ledger, leader, turn, aborts);
        if (turn === at) {
          isCut = true;
          await cut(leader);
        }
        await cluster.clock.turn();
      }
      for (const abort of aborts) abort.abort();
      await cluster.clock.advance(6000);
      expect([at, ledger.problems(await agreed(cluster))]).toEqual([at, []]);
      leader.storage.release();
      await cluster.end();
    }
  });
}

/** What the cluster holds in the end: the first member is made anew, so that it finds what it wrote. */
async function agreed({ clock, network, remake, members }: TestCluster): Promise<string[]> {
  network.heal();
  const disk = members[0]?.storage;
  disk?.release();
  if (disk !== undefined) disk.failAppend = undefined;
  const again = await remake('1');
  await again.node.start();
  const last = (): Member | undefined => cluster.members.find((member) => member.node.status().role === 'leader');
  await clock.until(() => last() !== undefined, 'someone leads');
  void last()?.node.propose('end');
  await clock.advance(1000);
  const logs = cluster.members.map((member) => member.machine.applied.map((entry) => entry.command));
  expect(logs[1]).toEqual(logs[0]);
  expect(logs[2]).toEqual(logs[0]);
  expect(logs[0]?.at(-1)).toBe('end');
  return logs[0] ?? [];
}
