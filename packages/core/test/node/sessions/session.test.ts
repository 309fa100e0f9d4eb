import { afterEach, expect, test } from 'vitest';
import { EntryType } from '../../../src/index.js';
import type { Session } from '../../../src/index.js';
import { decodeSessionCommand } from '../../../src/node/sessions/entries.js';
import { MAX_UNACKNOWLEDGED } from '../../../src/node/sessions/table.js';
import { testCluster } from '../support/cluster.js';
import type { Member, Options, TestCluster } from '../support/cluster.js';
import { watch } from '../support/outcome.js';
import { recorder } from '../support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const sessionTimeoutMs = 8000;

function start(options: Partial<Options> = {}): Promise<Member> {
  cluster = testCluster({
    options: () => ({ sessionTimeoutMs, stateMachine: recorder(), ...options }),
  });
  return cluster.elect();
}

async function open(member: Member): Promise<Session<string, string>> {
  const opened = watch(member.node.openSession());
  await cluster.clock.advance(100);
  if (opened.value === undefined) throw new Error(`no session: ${opened.end}`);
  return opened.value;
}

const texts = ({ machine }: Member): string[] => machine.applied.map(({ command }) => command);

/** Entries of sessions in the log of a member: how many of each type, and the last command among them. */
function logged({ storage }: Member) {
  const entries = storage.appends.flatMap((batch) => batch.entries);
  const commands = entries.filter(({ type }) => type === EntryType.sessionCommand);
  const others = entries.filter(({ type }) => type === EntryType.session);
  const last = commands.at(-1);
  return { commands: commands.length, others: others.length, last: last && decodeSessionCommand(last.data) };
}

test('what may or may not be done is proposed again until it is, and done once', async () => {
  await start();
  const session = await open(cluster.member('3'));
  const unblock = cluster.network.block((message) => message.type === 'proposeResponse');
  const outcome = watch(session.propose('a'));
  await cluster.clock.advance(700);
  expect([texts(cluster.member('1')), outcome.end]).toEqual([['a'], 'hanging']);
  unblock();
  await cluster.clock.advance(300);
  expect(outcome.value).toBe(`a@${session.id + 1}`);
  expect(logged(cluster.member('1')).commands).toBe(2);
  for (const member of cluster.members) expect(texts(member)).toEqual(['a']);
});

test('commands of a session outlive leaders: each is done once, in spite of retries', { timeout: 20_000 }, async () => {
  await start();
  const session = await open(cluster.member('3'));
  const outcomes = [];
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 5; i++) outcomes.push(watch(session.propose(`c${round}.${i}`, { timeoutMs: 20_000 })));
    await cluster.clock.turn();
    await cluster.clock.turn();
    const leader = cluster.members.find(({ node }) => node.status().role === 'leader');
    if (leader === undefined || leader.id === '3') continue;
    cluster.network.isolate(leader.id);
    await cluster.clock.advance(1500);
    cluster.network.rejoin(leader.id);
    await cluster.clock.advance(500);
  }
  await cluster.clock.advance(3000);
  expect(outcomes.map(({ end }) => end)).toEqual(outcomes.map(() => 'done'));
  const done = outcomes.map(({ value }) => (value as string).split('@')[0] as string);
  const applied = texts(cluster.member('3'));
  expect([applied.length, new Set(applied)]).toEqual([done.length, new Set(done)]);
});

test('results that were received are acknowledged with the next command', async () => {
  const leader = await start();
  const session = await open(leader);
  for (let i = 0; i < 10; i++) {
    void session.propose(`c${i}`);
    await cluster.clock.settle();
  }
  expect(logged(leader).last).toMatchObject({ sequence: 10, firstUnacknowledged: 10 });
});

test('a command that is given up is acknowledged too: it holds up nothing, and is not done later than that', async () => {
  const leader = await start();
  const session = await open(leader);
  const controller = new AbortController();
  const given = watch(session.propose('given up', { signal: controller.signal }));
  controller.abort();
  await cluster.clock.settle();
  const next = watch(session.propose('next'));
  await cluster.clock.settle();
  expect([given.end, next.end]).toEqual(['RAFT_ABORTED', 'done']);
  expect(logged(leader).last).toMatchObject({ sequence: 2, firstUnacknowledged: 2 });
});

test('an abort or a deadline after a try in doubt says that the outcome is not known', async () => {
  await start();
  const session = await open(cluster.member('3'));
  cluster.network.block((message) => message.type === 'propose');
  const controller = new AbortController();
  const aborted = watch(session.propose('a', { timeoutMs: 10_000, signal: controller.signal }));
  const late = watch(session.propose('b', { timeoutMs: 3000 }));
  await cluster.clock.advance(2999);
  expect([aborted.end, late.end]).toEqual(['hanging', 'hanging']);
  await cluster.clock.advance(1);
  controller.abort();
  await cluster.clock.settle();
  expect([aborted.end, late.end]).toEqual(['RAFT_UNKNOWN_OUTCOME', 'RAFT_UNKNOWN_OUTCOME']);
});

test('while nobody leads a command waits beyond one attempt, and is certainly not done at its deadline', async () => {
  await start();
  const session = await open(cluster.member('3'));
  cluster.network.isolate('3');
  await cluster.clock.advance(1000);
  const outcome = watch(session.propose('a', { timeoutMs: 5000 }));
  await cluster.clock.advance(4999);
  expect(outcome.end).toBe('hanging');
  await cluster.clock.advance(1);
  expect(outcome.end).toBe('RAFT_TIMEOUT');
});

test('without forwarding a command in doubt ends so when this node leads no longer, and others name the leader', async () => {
  const leader = await start({ forward: false });
  const session = await open(leader);
  cluster.network.isolate('1');
  const inDoubt = watch(session.propose('a', { timeoutMs: 60_000 }));
  await cluster.clock.advance(1000);
  expect(inDoubt.end).toBe('RAFT_UNKNOWN_OUTCOME');
  const refused = watch(session.propose('b'));
  await cluster.clock.settle();
  expect(refused.end).toBe('RAFT_NOT_LEADER');
});

test('a session that is not used keeps itself alive, and one that is used needs no more', async () => {
  const leader = await start();
  const session = await open(leader);
  await cluster.clock.advance(3 * sessionTimeoutMs);
  const kept = logged(leader).others - 1;
  expect(kept).toBeGreaterThanOrEqual(7);
  expect(kept).toBeLessThanOrEqual(9);
  for (let i = 0; i < 24; i++) {
    void session.propose(`c${i}`);
    await cluster.clock.advance(1000);
  }
  expect(logged(leader)).toMatchObject({ others: kept + 1, commands: 24 });
});

test('a closed session takes nothing more, keeps nothing alive and frees its place', async () => {
  const leader = await start();
  const session = await open(leader);
  const closed = watch(session.close());
  await cluster.clock.settle();
  const ends = [watch(session.propose('a')), watch(session.keepAlive()), watch(leader.node.keepSession(session.id))];
  await cluster.clock.advance(3 * sessionTimeoutMs);
  expect(closed.end).toBe('done');
  expect(ends.map(({ end }) => end)).toEqual(ends.map(() => 'RAFT_SESSION_EXPIRED'));
  expect(logged(leader).others).toBe(3);
  const again = watch(session.close());
  await cluster.clock.settle();
  expect(again.end).toBe('done');
});

test('a session that the cluster has ended says so, and stops', async () => {
  const leader = await start({ maxSessions: 1 });
  const [first, second] = [await open(leader), await open(leader)];
  const ends = [watch(first.propose('a')), watch(second.propose('b'))];
  await cluster.clock.settle();
  expect(ends.map(({ end }) => end)).toEqual(['RAFT_SESSION_EXPIRED', 'done']);
  const before = logged(leader).others;
  const closed = watch(second.close());
  await cluster.clock.advance(3 * sessionTimeoutMs);
  expect([closed.end, logged(leader).others, texts(leader)]).toEqual(['done', before + 1, ['b']]);
});

test('a session whose end nobody told of learns it when it wants to stay alive', async () => {
  const leader = await start({ maxSessions: 1 });
  const first = await open(leader);
  await open(leader);
  await cluster.clock.advance(sessionTimeoutMs);
  const outcome = watch(first.propose('a'));
  await cluster.clock.settle();
  expect([outcome.end, leader.log.filter(({ level }) => level !== 'info')]).toEqual(['RAFT_SESSION_EXPIRED', []]);
});

test('so many commands under way are taken, and no more', async () => {
  const leader = await start();
  const session = await open(leader);
  const outcomes = Array.from({ length: MAX_UNACKNOWLEDGED + 1 }, (_, i) => watch(session.propose(`c${i}`)));
  await cluster.clock.settle();
  expect(outcomes.slice(0, -1).every(({ end }) => end === 'done')).toBe(true);
  expect(outcomes.at(-1)?.end).toBe('RAFT_OVERLOADED');
  const next = watch(session.propose('next'));
  await cluster.clock.settle();
  expect(next.end).toBe('done');
});

test('a stop of the node ends everything that a session has under way, and its timers', async () => {
  const leader = await start();
  const session = await open(leader);
  cluster.network.isolate('1');
  const outcomes = [watch(session.propose('a')), watch(session.keepAlive()), watch(leader.node.openSession())];
  await cluster.clock.settle();
  await leader.node.stop();
  await cluster.clock.settle();
  expect(outcomes.map(({ end }) => end)).toEqual(outcomes.map(() => 'RAFT_NODE_STOPPED'));
  expect(outcomes[0]?.error).toMatchObject({ maybeDone: true });
  const late = watch(session.propose('b'));
  await cluster.clock.settle();
  expect(late.end).toBe('RAFT_NODE_STOPPED');
});

test('a node that stops in the very moment in which a session is opened leaves no timer behind', async () => {
  const leader = await start();
  const opened = watch(leader.node.openSession());
  leader.node.on('applied', () => void leader.node.stop());
  await cluster.clock.settle();
  expect(opened.end).toBe('done');
  const late = watch(opened.value?.propose('a') ?? Promise.resolve('no session'));
  await cluster.clock.settle();
  expect(late.end).toBe('RAFT_NODE_STOPPED');
  // The end of the test looks for timers.
});

test('a command that cannot be encoded, or is too large, takes no place in the session', async () => {
  const leader = await start({ maxEntryBytes: 10 });
  const session = await open(leader);
  const bad = watch(session.propose('x'.repeat(11)));
  const good = watch(session.propose('x'.repeat(10)));
  await cluster.clock.settle();
  expect([bad.end, good.end, logged(leader).last?.sequence]).toEqual(['RAFT_INVALID_ARGUMENT', 'done', 1]);
});
