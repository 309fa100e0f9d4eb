import { afterEach, expect, test } from 'vitest';
import { RaftError } from '../../src/index.js';
import type { Applied, Session } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { Ledger } from './support/ledger.js';
import { watch } from './support/outcome.js';
import type { Outcome } from './support/outcome.js';
import { recorder } from './support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const turns = 16;
const lastTurnOfCalls = 8;

interface Cut {
  /** Whom it is done to: the leader, 1, or a follower, 2. */
  readonly victim?: '2';
  /** Done to the victim in the middle of the calls. */
  readonly cut: (victim: Member) => void | Promise<void>;
  /** What the victim's machine does with each batch. */
  readonly apply?: (isCut: () => boolean) => (entries: readonly Applied<string>[]) => void | Promise<void>;
}

const broken = new Error('broken');

/** Ways in which a node is lost in the middle of its work. */
const cuts: Record<string, Cut> = {
  'leader is stopped': { cut: ({ node }) => void node.stop() },
  'leader loses its disk': { cut: ({ storage }) => void (storage.failAppend = () => broken) },
  'leader waits for its disk for ever': { cut: ({ storage }) => storage.hold() },
  'leader is cut off': { cut: ({ id }) => cluster.network.isolate(id) },
  'leader hears nobody': {
    cut: ({ id }) => {
      cluster.network.cutOneWay('2', id);
      cluster.network.cutOneWay('3', id);
    },
  },
  'leader reaches nobody': {
    cut: ({ id }) => {
      cluster.network.cutOneWay(id, '2');
      cluster.network.cutOneWay(id, '3');
    },
  },
  'leader has a machine that throws': {
    cut: () => {},
    apply: (isCut) => () => {
      if (isCut()) throw broken;
    },
  },
  'leader has a machine that never ends': {
    cut: () => {},
    apply: (isCut) => () => (isCut() ? new Promise(() => {}) : undefined),
  },
  'follower is stopped': { victim: '2', cut: ({ node }) => void node.stop() },
  'follower loses its disk': { victim: '2', cut: ({ storage }) => void (storage.failAppend = () => broken) },
  'follower is cut off': { victim: '2', cut: ({ id }) => cluster.network.isolate(id) },
  'follower has a machine that never ends': {
    victim: '2',
    cut: () => {},
    apply: (isCut) => () => (isCut() ? new Promise(() => {}) : undefined),
  },
  'leader is blocked for longer than an election': {
    cut: ({ id }) => {
      cluster.network.isolate(id);
      cluster.clock.stall(500);
      cluster.network.rejoin(id);
    },
  },
};

/** What a run of calls has to work with. */
interface Run {
  readonly ledger: Ledger;
  readonly aborts: AbortController[];
  /** Calls that change nothing, or nothing that the ledger knows of. */
  readonly others: Outcome<unknown>[];
  /** By the id of the node on which it was opened. */
  readonly sessions: ReadonlyMap<string, Session<string, string>>;
}

/** Every call there is, on a node, at every turn: some with short deadlines, some given up later. */
function call({ ledger, aborts, others, sessions }: Run, { id, node }: Member, turn: number): void {
  const abort = new AbortController();
  aborts.push(abort);
  const endings = [{}, { timeoutMs: 20 + turn }, { signal: abort.signal }];
  const opened = sessions.get(id);
  for (const options of endings) {
    ledger.propose(node, options);
    ledger.write((text) => opened?.propose(text, options) ?? Promise.reject(new Error('no session')));
    ledger.read(node, options);
    ledger.read(node, { ...options, level: 'lease' });
    ledger.read(node, { ...options, level: { boundedStalenessMs: 0 } });
  }
  const session = { id: opened?.id ?? 0, sequence: 1000 + turn };
  ledger.write((text) => node.propose(text, { session }));
  for (const level of ['local', { atLeast: 5 + turn }, { boundedStalenessMs: 30 }] as const) {
    others.push(watch(node.read('all', { level, signal: abort.signal })));
  }
  others.push(watch(node.registerSession({ timeoutMs: 20 + turn })), watch(node.keepSession(session.id)));
  others.push(
    watch(node.closeSession(1)),
    watch(node.openSession({ signal: abort.signal })),
    watch(opened?.keepAlive() ?? Promise.resolve()),
  );
  aborts[aborts.length - 6]?.abort();
}

async function begin(): Promise<Run> {
  await cluster.elect();
  const sessions = new Map<string, Session<string, string>>();
  for (const id of ['1', '2']) {
    const opened = watch(cluster.member(id).node.openSession());
    await cluster.clock.advance(50);
    if (opened.value !== undefined) sessions.set(id, opened.value);
  }
  return { ledger: new Ledger(), aborts: [], others: [], sessions };
}

for (const [how, { victim = '1', cut, apply }] of Object.entries(cuts)) {
  test(`a ${how}, at any turn: every call ends, and ends truly`, { timeout: 60_000 }, async () => {
    for (let at = 0; at < turns; at++) {
      let isCut = false;
      const machine = apply && recorder(apply(() => isCut));
      cluster = testCluster({ options: (id) => (id === victim && machine ? { stateMachine: machine } : {}) });
      const run = await begin();
      for (let turn = 0; turn < turns; turn++) {
        if (turn <= lastTurnOfCalls) for (const id of ['1', '2']) call(run, cluster.member(id), turn);
        if (turn === at) {
          isCut = true;
          await cut(cluster.member(victim));
        }
        await cluster.clock.turn();
      }
      for (const abort of run.aborts) abort.abort();
      await cluster.clock.advance(6000);
      expect([at, run.ledger.problems(await agreed(cluster, victim))]).toEqual([at, []]);
      const foreign = run.others.filter(({ end, error }) => end !== 'done' && !(error instanceof RaftError));
      expect([at, foreign]).toEqual([at, []]);
      await cluster.end();
    }
  });
}

/** What the cluster holds in the end: the victim is made anew, so that it finds what it wrote. */
async function agreed({ clock, network, remake, member }: TestCluster, victim: string): Promise<string[]> {
  network.heal();
  const disk = member(victim).storage;
  disk.release();
  disk.failAppend = undefined;
  const again = await remake(victim);
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
