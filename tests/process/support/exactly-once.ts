import { setTimeout as sleep } from 'node:timers/promises';
import { CallError, CounterCluster } from './counter-cluster.js';
import type { CounterOptions } from './counter-cluster.js';

export interface ExactlyOnceOptions extends CounterOptions {
  /** Distinct increments, over all sessions. */
  readonly increments: number;
  readonly sessions: number;
  /** How many times the leader is killed, evenly over the increments. */
  readonly kills: number;
}

export interface ExactlyOnceReport {
  readonly acknowledged: number;
  /** Given up by their callers while the outcome was not known, and found to be done, or not. */
  readonly givenUp: { readonly done: number; readonly notDone: number };
  /** Proposals beyond the first of each increment. */
  readonly repeated: number;
  readonly counter: number;
  readonly kills: number;
  /** The latest snapshot of each node in the end. */
  readonly snapshots: readonly number[];
  readonly seconds: number;
}

/** Commands of one session that are under way at the same time. */
const PIPELINE = 4;
const ATTEMPT_MS = 2000;
const GIVE_UP = new Set(['RAFT_UNKNOWN_OUTCOME', 'LOST']);
const AGAIN = new Set([...GIVE_UP, 'RAFT_TIMEOUT', 'RAFT_NODE_STOPPED', 'RAFT_PROPOSAL_DROPPED', 'RAFT_OVERLOADED']);

/**
 * Three processes with durable files count what many sessions tell them, while the leader is killed again and again. Every increment is
 * proposed again, to any of the processes, until it is acknowledged; some are given up when their outcome is not known, and some proposed
 * to two processes at once. Throws when an increment counted twice, or an acknowledged one not at all, or gave two results.
 */
export async function runExactlyOnce(options: ExactlyOnceOptions): Promise<ExactlyOnceReport> {
  const cluster = new CounterCluster(options);
  const ledger: Ledger = { acknowledged: new Map(), givenUp: new Set(), proposals: 0 };
  const begun = performance.now();
  try {
    await Promise.all(cluster.ids.map((id) => cluster.start(id)));
    const each = Math.floor(options.increments / options.sessions);
    const sessions = Array.from({ length: options.sessions }, (_, at) => {
      const extra = at < options.increments % options.sessions ? 1 : 0;
      return runSession(cluster, ledger, `s${at}`, each + extra);
    });
    await Promise.all([...sessions, killLeaders(cluster, ledger, options)]);
    const seconds = (performance.now() - begun) / 1000;
    const counted = await agreed(cluster);
    return { ...judge(ledger, counted), kills: options.kills, snapshots: await snapshots(cluster), seconds };
  } finally {
    await cluster.killAll();
  }
}

interface Ledger {
  /** By name, with its result. */
  readonly acknowledged: Map<string, string>;
  readonly givenUp: Set<string>;
  proposals: number;
}

const isCode = (error: unknown, codes: ReadonlySet<string>): boolean =>
  error instanceof CallError && codes.has(error.code);

const anyOf = <T>(items: readonly T[]): T | undefined => items[Math.floor(Math.random() * items.length)];

async function someNode({ running }: CounterCluster): Promise<string> {
  const id = anyOf(running);
  if (id !== undefined) return id;
  await sleep(10);
  return '1';
}

async function runSession(cluster: CounterCluster, ledger: Ledger, name: string, increments: number): Promise<void> {
  const session = await register(cluster);
  /** Sequence numbers that have not come to their end. */
  const open = new Set<number>();
  let next = 1;
  const caller = async (): Promise<void> => {
    while (next <= increments) {
      const sequence = next++;
      open.add(sequence);
      const position = () => ({ id: session, sequence, firstUnacknowledged: Math.min(...open) });
      await increment(cluster, ledger, `${name}.${sequence}`, position);
      open.delete(sequence);
    }
  };
  await Promise.all(Array.from({ length: PIPELINE }, caller));
}

async function register(cluster: CounterCluster): Promise<number> {
  for (;;) {
    try {
      return await cluster.register(await someNode(cluster), { timeoutMs: ATTEMPT_MS });
    } catch (error) {
      if (!isCode(error, AGAIN)) throw error;
      await sleep(20);
    }
  }
}

type Position = () => { readonly id: number; readonly sequence: number; readonly firstUnacknowledged: number };

async function increment(cluster: CounterCluster, ledger: Ledger, command: string, position: Position): Promise<void> {
  const propose = async (): Promise<string> => {
    ledger.proposals++;
    return cluster.propose(await someNode(cluster), command, { session: position(), timeoutMs: ATTEMPT_MS });
  };
  for (;;) {
    try {
      const tries = Math.random() < 0.05 ? [propose(), propose()] : [propose()];
      const outcomes = await Promise.allSettled(tries);
      const results = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      if (new Set(results).size > 1) throw new Error(`${command} gave two results: ${results.join(', ')}`);
      const failed = outcomes.find(({ status }) => status === 'rejected');
      if (results[0] === undefined) throw (failed as PromiseRejectedResult).reason;
      ledger.acknowledged.set(command, results[0]);
      return;
    } catch (error) {
      if (!isCode(error, AGAIN)) throw error;
      if (isCode(error, GIVE_UP) && Math.random() < 0.2) return void ledger.givenUp.add(command);
      await sleep(5);
    }
  }
}

async function killLeaders(cluster: CounterCluster, ledger: Ledger, options: ExactlyOnceOptions): Promise<void> {
  const ended = (): number => ledger.acknowledged.size + ledger.givenUp.size;
  for (let kill = 1; kill <= options.kills; kill++) {
    const due = Math.floor((kill * options.increments) / (options.kills + 1));
    for (const deadline = performance.now() + 120_000; ended() < due; await sleep(5)) {
      if (performance.now() > deadline) throw new Error(`${ended()} of ${due} increments came to an end in time`);
    }
    const leader = await cluster.leader();
    await cluster.kill(leader);
    await cluster.leader();
    await cluster.start(leader);
  }
}

/** What all nodes have counted in the end. */
async function agreed(cluster: CounterCluster): Promise<string[]> {
  const [first, ...others] = await Promise.all(cluster.ids.map((id) => cluster.commands(id, { timeoutMs: 30_000 })));
  for (const other of others) {
    if (JSON.stringify(other) !== JSON.stringify(first)) throw new Error('the nodes have counted different things');
  }
  return first ?? [];
}

async function snapshots(cluster: CounterCluster): Promise<number[]> {
  const all = await Promise.all(cluster.ids.map((id) => cluster.status(id)));
  return all.map(({ snapshotIndex }) => snapshotIndex);
}

function judge({ acknowledged, givenUp, proposals }: Ledger, counted: readonly string[]) {
  const places = new Map(counted.map((command, at) => [command, at + 1]));
  if (places.size !== counted.length) throw new Error(`${counted.length - places.size} increments counted twice`);
  for (const [command, result] of acknowledged) {
    const is = `${command} is number ${places.get(command)}`;
    if (result !== is) throw new Error(`it was acknowledged that ${result}, but ${is}`);
  }
  const done = [...givenUp].filter((command) => places.has(command)).length;
  if (counted.length !== acknowledged.size + done) {
    throw new Error(
      `${counted.length} are counted, ${acknowledged.size} were acknowledged and ${done} found to be done`,
    );
  }
  return {
    ...{ acknowledged: acknowledged.size, givenUp: { done, notDone: givenUp.size - done } },
    ...{ repeated: proposals - acknowledged.size - givenUp.size, counter: counted.length },
  };
}
