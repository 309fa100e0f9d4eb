import { getEventListeners } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { EntryType } from '../../src/index.js';
import type { Raft } from '../../src/consensus/raft.js';
import type { Message } from '../../src/index.js';
import { Forwarding } from '../../src/node/forwarding.js';
import type { Proposal } from '../../src/node/proposal.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { watch } from './support/outcome.js';
import { recorder } from './support/recorder.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const texts = ({ machine }: Member): string[] => machine.applied.map(({ command }) => command);
const sentBy = ({ sends }: Member, type: Message['type']): Message[] =>
  sends.flat().filter((message) => message.type === type);

test("a follower hands a command to the leader, and answers with its own machine's result", async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('2');
  const outcome = watch(follower.node.propose('a'));
  await cluster.clock.advance(100);
  expect(outcome.value).toBe('a@3');
  expect(texts(follower)).toEqual(['a']);
});

test('it answers only once its own machine has applied the command', async () => {
  const gates: (() => void)[] = [];
  const slow = recorder(() => new Promise<void>((resolve) => gates.push(resolve)));
  cluster = testCluster({ options: (id) => (id === '2' ? { stateMachine: slow } : {}) });
  await cluster.elect();
  const outcome = watch(cluster.member('2').node.propose('a'));
  await cluster.clock.advance(100);
  expect([texts(cluster.member('1')), outcome.end]).toEqual([['a'], 'hanging']);
  gates[0]?.();
  await cluster.clock.settle();
  expect(outcome.value).toBe('a@3');
});

test('commands of one turn go in one message, of at most so many bytes', async () => {
  cluster = testCluster({ options: { maxMessageBytes: 1000 } });
  await cluster.elect();
  const follower = cluster.member('2');
  const outcomes = Array.from({ length: 25 }, (_, i) => watch(follower.node.propose(`${i}`.padStart(100, '0'))));
  outcomes.push(watch(follower.node.propose('x'.repeat(5000))));
  await cluster.clock.advance(200);
  expect(outcomes.map(({ end }) => end)).toEqual(outcomes.map(() => 'done'));
  const sizes = sentBy(follower, 'propose').map((message) =>
    message.type === 'propose' ? message.commands.length : 0,
  );
  expect(sizes).toEqual([10, 10, 5, 1]);
});

test('bytes under way to the leader are limited; the others wait for the answers', async () => {
  cluster = testCluster({ options: { maxInflightBytes: 1000 } });
  await cluster.elect();
  const follower = cluster.member('2');
  const unblock = cluster.network.block((message) => message.type === 'propose');
  const lost = Array.from({ length: 25 }, () => watch(follower.node.propose('x'.repeat(100), { timeoutMs: 1000 })));
  await cluster.clock.advance(999);
  expect(sentBy(follower, 'propose').length).toBe(1);
  unblock();
  await cluster.clock.advance(1);
  // The bytes of those that nobody waits for any more are free again.
  expect(lost.map(({ end }) => end)).toEqual([
    ...Array<string>(10).fill('RAFT_UNKNOWN_OUTCOME'),
    ...Array<string>(15).fill('RAFT_TIMEOUT'),
  ]);
  const outcomes = Array.from({ length: 25 }, () => watch(follower.node.propose('x'.repeat(100))));
  await cluster.clock.advance(300);
  expect(outcomes.map(({ end }) => end)).toEqual(outcomes.map(() => 'done'));
});

test('while no leader is known a command waits for one, in a queue that is limited by bytes', async () => {
  cluster = testCluster({ options: { maxUncommittedBytes: 1000 } });
  for (const { id, node } of cluster.members) {
    await cluster.transport(id).start();
    await node.start();
  }
  const { node } = cluster.member('2');
  const early = [1, 2, 3].map(() => watch(node.propose('x'.repeat(400))));
  await cluster.clock.settle();
  expect(early.map(({ end }) => end)).toEqual(['hanging', 'hanging', 'RAFT_OVERLOADED']);
  await cluster.clock.advance(1000);
  expect(early.map(({ end }) => end)).toEqual(['done', 'done', 'RAFT_OVERLOADED']);
});

test('a command that found no leader until its deadline, or its abort, is certainly not done and makes room', async () => {
  cluster = testCluster({ options: { maxUncommittedBytes: 1000 } });
  await cluster.elect();
  const { node } = cluster.member('2');
  cluster.network.isolate('2');
  await cluster.clock.advance(1000);
  expect(node.status().leaderId).toBeUndefined();
  const controller = new AbortController();
  for (let round = 0; round < 3; round++) {
    const ends = [
      watch(node.propose('x'.repeat(600), { timeoutMs: 100 })),
      watch(node.propose('y'.repeat(400), { signal: controller.signal, timeoutMs: 150 })),
      watch(node.propose('z')),
    ];
    await cluster.clock.advance(100);
    expect(ends.map(({ end }) => end)).toEqual(['RAFT_TIMEOUT', 'hanging', 'RAFT_OVERLOADED']);
    if (round === 2) controller.abort();
    await cluster.clock.advance(50);
    expect(ends[1]?.end).toBe(round === 2 ? 'RAFT_ABORTED' : 'RAFT_TIMEOUT');
  }
  cluster.network.heal();
  await cluster.clock.advance(1000);
  expect(texts(cluster.member('1'))).toEqual([]);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test('UnknownOutcome: the message to the leader, or its answer, was lost', async () => {
  cluster = testCluster();
  await cluster.elect();
  const { node } = cluster.member('2');
  let unblock = cluster.network.block((message) => message.type === 'propose');
  const unheard = watch(node.propose('unheard', { timeoutMs: 300 }));
  await cluster.clock.advance(300);
  unblock();
  unblock = cluster.network.block((message) => message.type === 'proposeResponse');
  const controller = new AbortController();
  const unanswered = watch(node.propose('unanswered', { signal: controller.signal }));
  await cluster.clock.advance(100);
  controller.abort();
  await cluster.clock.settle();
  unblock();
  expect([unheard.end, unanswered.end]).toEqual(['RAFT_UNKNOWN_OUTCOME', 'RAFT_UNKNOWN_OUTCOME']);
  expect(texts(cluster.member('2'))).toEqual(['unanswered']);
});

test('UnknownOutcome at once when the leader is replaced before it answers', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('3');
  cluster.network.block((message) => message.type === 'proposeResponse');
  const outcome = watch(follower.node.propose('a', { timeoutMs: 60_000 }));
  await cluster.clock.advance(100);
  expect(outcome.end).toBe('hanging');
  cluster.network.isolate('1');
  await cluster.clock.until(() => follower.node.status().leaderId === '2', 'node 2 leads');
  await cluster.clock.settle();
  expect(outcome.end).toBe('RAFT_UNKNOWN_OUTCOME');
});

test('what the old leader had taken is done if the new one has it', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const [second, third] = [cluster.member('2'), cluster.member('3')];
  const unblock = cluster.network.block((message) => message.type === 'appendEntriesResponse');
  const outcome = watch(third.node.propose('a', { timeoutMs: 60_000 }));
  await cluster.clock.advance(10);
  await leader.node.stop();
  unblock();
  await cluster.clock.until(() => second.node.status().role === 'leader', 'node 2 leads');
  await cluster.clock.advance(100);
  expect(outcome.value).toBe('a@3');
});

test('what the old leader had taken and lost is told as not done, as soon as the new one has committed something', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const third = cluster.member('3');
  // Only node 3 hears the leader's answers, and nobody gets the entries.
  const unblock = cluster.network.block((message) => message.type === 'appendEntries' && message.entries.length > 0);
  const outcomes = ['a', 'b', 'c'].map((text) => watch(third.node.propose(text, { timeoutMs: 60_000 })));
  await cluster.clock.advance(10);
  await leader.node.stop();
  unblock();
  await cluster.clock.until(() => cluster.member('2').node.status().role === 'leader', 'node 2 leads');
  await cluster.clock.advance(100);
  expect(outcomes.map(({ end }) => end)).toEqual(outcomes.map(() => 'RAFT_PROPOSAL_DROPPED'));
  expect(texts(third)).toEqual([]);
});

test('Overloaded: the leader has no room; it comes back with the commits', async () => {
  cluster = testCluster({ options: { maxUncommittedBytes: 1000 } });
  const leader = await cluster.elect();
  const follower = cluster.member('2');
  for (const { storage } of cluster.members) storage.hold();
  const own = [1, 2].map(() => watch(leader.node.propose('x'.repeat(400))));
  await cluster.clock.settle();
  const handed = watch(follower.node.propose('y'.repeat(400)));
  await cluster.clock.advance(50);
  expect(handed.error).toMatchObject({ code: 'RAFT_OVERLOADED' });
  for (const { storage } of cluster.members) storage.release();
  await cluster.clock.advance(100);
  const again = watch(follower.node.propose('y'.repeat(400)));
  await cluster.clock.advance(100);
  expect([...own, again].map(({ end }) => end)).toEqual(['done', 'done', 'done']);
});

test('a leader that has just stepped down hands on what comes, and what it refused', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  cluster.network.isolate('1');
  await cluster.clock.until(() => leader.node.status().role !== 'leader', 'node 1 steps down');
  const late = watch(leader.node.propose('a'));
  await cluster.clock.advance(500);
  expect(late.end).toBe('hanging');
  cluster.network.heal();
  await cluster.clock.advance(1000);
  expect(late.end).toBe('done');
});

test('a leader that says no is not asked again at once, unless another takes over', async () => {
  cluster = testCluster();
  await cluster.elect();
  const follower = cluster.member('2');
  // Node 1 leads in a later term, of which node 2 has not heard: it is the leader of another term for it.
  const block = cluster.network.block((message) => message.type === 'proposeResponse');
  const outcome = watch(follower.node.propose('a', { timeoutMs: 400 }));
  await cluster.clock.advance(1);
  const [question] = sentBy(follower, 'propose');
  if (question?.type !== 'propose') throw new Error('node 2 has asked node 1');
  block();
  for (let time = 0; time < 4; time++) {
    const { id } = sentBy(follower, 'propose').at(-1) as typeof question;
    const answer = { index: 0, accepted: 0, count: 1, refusal: 'transferring' } as const;
    cluster
      .transport('1')
      .send('default', [{ type: 'proposeResponse', from: '1', to: '2', term: question.term, id, ...answer }]);
    await cluster.clock.settle();
    expect(sentBy(follower, 'propose').length).toBe(1 + time);
    const unblock = cluster.network.block((message) => message.type === 'proposeResponse');
    await cluster.clock.advance(50);
    unblock();
    expect(sentBy(follower, 'propose').length).toBe(2 + time);
  }
  expect(outcome.end).toBe('hanging');
});

test('while the leadership is handed over, commands are held, and done under the next leader', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const unblock = cluster.network.block((message) => message.type === 'timeoutNow');
  const transfer = watch(leader.node.transferLeadership('2'));
  await cluster.clock.advance(10);
  const outcomes = ['1', '3'].map((id) => watch(cluster.member(id).node.propose(`of ${id}`)));
  await cluster.clock.advance(50);
  expect([leader.node.status().role, ...outcomes.map(({ end }) => end)]).toEqual(['leader', 'hanging', 'hanging']);
  unblock();
  await cluster.clock.advance(2000);
  expect(['done', 'RAFT_TRANSFER_FAILED']).toContain(transfer.end);
  expect(outcomes.map(({ end }) => end)).toEqual(['done', 'done']);
  expect([...texts(leader)].sort()).toEqual(['of 1', 'of 3']);
});

test('registering, keeping and closing a session work on a follower', async () => {
  cluster = testCluster();
  await cluster.elect();
  const { node } = cluster.member('3');
  const registered = watch(node.registerSession());
  await cluster.clock.advance(100);
  const id = registered.value as number;
  const kept = watch(node.keepSession(id));
  const command = watch(node.propose('a', { session: { id, sequence: 1 } }));
  await cluster.clock.advance(100);
  const closed = watch(node.closeSession(id));
  await cluster.clock.advance(100);
  const late = watch(node.keepSession(id));
  await cluster.clock.advance(100);
  expect([kept.end, command.value, closed.end, late.end]).toEqual([
    ...['done', `a@${id + 2}`],
    ...['done', 'RAFT_SESSION_EXPIRED'],
  ]);
});

test('a repetition of what the leader had taken is never refused as not taken, also when it leads no longer', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const { term } = leader.node.status();
  const commands = [{ type: EntryType.command, data: new TextEncoder().encode('a') }];
  const hand = (id: number): void =>
    cluster.transport('2').send('default', [{ type: 'propose', from: '2', to: '1', term, id, commands }]);
  cluster.network.block((message) => message.type === 'appendEntriesResponse');
  for (let time = 0; time < 3; time++) hand(1000);
  await cluster.clock.until(() => leader.node.status().role !== 'leader', 'node 1 steps down');
  hand(1000);
  hand(1001);
  await cluster.clock.settle();
  const answers = sentBy(leader, 'proposeResponse').map((message) =>
    message.type === 'proposeResponse' ? [message.id, message.accepted, message.refusal] : [],
  );
  expect(answers).toEqual([
    [1000, 1, undefined],
    [1001, 0, 'notLeader'],
  ]);
});

test('commands that make no sense never reach the log of the leader', async () => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const { term, lastIndex } = leader.node.status();
  const header = { type: 'propose', from: '2', to: '1', term, id: 1 } as const;
  for (const [type, data] of [
    [EntryType.session, Uint8Array.of(9)],
    [EntryType.sessionCommand, Uint8Array.of()],
    [EntryType.configuration, Uint8Array.of(1)],
    [EntryType.empty, Uint8Array.of()],
  ] as const) {
    cluster.transport('2').send('default', [{ ...header, commands: [{ type, data }] }]);
  }
  await cluster.clock.settle();
  expect(leader.node.status()).toMatchObject({ state: 'running', lastIndex });
  expect(leader.log.filter(({ message }) => message.startsWith('dropped a malformed message from 2')).length).toBe(4);
});

test('a command that everybody has given up is not kept for an answer that was lost', () => {
  let id = 0;
  const raft = { term: 2, leaderId: '1', forward: () => ++id } as unknown as Raft;
  const forwarding = new Forwarding({ maxMessageBytes: 100, maxInflightBytes: 1000, retryDelayMs: 100 });
  const commands = Array.from({ length: 5 }, () => ({ data: new Uint8Array(40), state: 'queued' }) as Proposal);
  expect(forwarding.send(raft, commands, 0)).toEqual(commands);
  expect(forwarding.questions).toBe(3);
  for (const command of commands.slice(1)) forwarding.drop(command);
  expect(forwarding.questions).toBe(1);
  const answer = {
    type: 'proposeResponse',
    from: '1',
    to: '2',
    term: 2,
    id: 1,
    index: 5,
    accepted: 2,
    count: 2,
  } as const;
  expect(forwarding.take({ ...answer, refusal: undefined })).toEqual(commands.slice(0, 2));
  expect(forwarding.questions).toBe(0);
});
