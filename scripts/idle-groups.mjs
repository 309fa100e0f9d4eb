// What idle groups cost: three processes, each with one transport, one storage and a member of every group.
//   pnpm idle-groups --groups 10000 [--storage level] [--seconds 15] [--heartbeat 100] [--no-quiesce]
// Starts all groups, waits until they rest, and measures what they cost then; writes to one; kills one process, until all rest again;
// and starts it again, until all rest again. Fails when one at rest sends a message, or a leader was deposed that was not killed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

const { values } = parseArgs({
  options: {
    groups: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '15' },
    storage: { type: 'string', default: 'memory' },
    heartbeat: { type: 'string', default: '100' },
    'no-quiesce': { type: 'boolean', default: false },
  },
});
const groups = Number(values.groups);
const seconds = Number(values.seconds);
/** So long without a message, and everything rests: twice the largest election timeout. */
const quietMs = 20 * Number(values.heartbeat);
const giveUpMs = 120_000;

const directory = await mkdtemp(join(tmpdir(), 'idle-groups-'));
const members = new Map();
try {
  await run();
} finally {
  const ended = [...members.values()].map(({ child }) => once(child, 'exit'));
  for (const { child } of members.values()) child.disconnect();
  await Promise.all(ended);
  await rm(directory, { recursive: true, force: true });
}

async function run() {
  for (const id of ['1', '2', '3']) members.set(id, await spawn(id, '127.0.0.1:0'));
  const addresses = Object.fromEntries([...members].map(([id, { address }]) => [id, address]));
  let startedAt = performance.now();
  await askAll({ addresses });
  console.log(`${groups} groups are started after ${since(startedAt)}`);
  const first = await untilRest(startedAt);
  await measureIdle();
  await writeToOne();

  console.log('process 3 is killed');
  startedAt = performance.now();
  members.get('3').child.kill('SIGKILL');
  members.delete('3');
  const second = await untilRest(startedAt);
  compare(first, second, (leader) => leader !== '3');
  await measureIdle();
  await writeToOne();

  console.log('process 3 is started again');
  startedAt = performance.now();
  members.set('3', await spawn('3', addresses['3']));
  await ask('3', { addresses });
  console.log(`${groups} groups are started after ${since(startedAt)}`);
  compare(second, await untilRest(startedAt), () => true);
  await measureIdle();
  await writeToOne();
}

/** Waits until every group has a leader and nothing is sent any more; gives the leaders. */
async function untilRest(startedAt) {
  let sentBefore = -1;
  let quietSince = performance.now();
  let toldAt = quietSince + 10_000;
  for (;;) {
    await sleep(500);
    const sent = await messagesSent();
    if (performance.now() >= toldAt) {
      toldAt += 10_000;
      console.log(`  ${since(startedAt)}: ${sent} messages, ${(await leadersOf()).size} leaders`);
    }
    if (sent !== sentBefore) quietSince = performance.now();
    sentBefore = sent;
    if (performance.now() - quietSince >= quietMs) {
      const leaders = await leadersOf();
      const rested = ((quietSince - startedAt) / 1000).toFixed(1);
      console.log(
        `${leaders.size} of ${groups} groups have a leader; at rest after ${rested} s, ${sent} messages so far`,
      );
      if (leaders.size === groups) return leaders;
      quietSince = performance.now();
    }
    if (performance.now() - startedAt > giveUpMs)
      throw new Error(`not at rest after ${since(startedAt)}: ${sent} messages, ${(await leadersOf()).size} leaders`);
  }
}

/** Leader and term of each group. */
async function leadersOf() {
  const leaders = new Map();
  for (const id of members.keys())
    for (const [group, term] of await ask(id, 'leaders')) {
      if ((leaders.get(group)?.term ?? 0) < term) leaders.set(group, { leader: id, term });
    }
  return leaders;
}

function compare(before, after, stays) {
  let deposed = 0;
  let elected = 0;
  for (const [group, { leader, term }] of before) {
    const now = after.get(group);
    if (now.leader === leader && now.term === term) continue;
    if (stays(leader)) deposed++;
    else elected++;
  }
  console.log(`${elected} groups have elected another leader; ${deposed} although theirs was there`);
  if (deposed > 0) process.exitCode = 1;
}

async function measureIdle() {
  const before = await askAll('usage');
  await sleep(seconds * 1000);
  const after = await askAll('usage');
  for (const [id, { cpuUs, sent, rss }] of after) {
    const cpuMs = (cpuUs - before.get(id).cpuUs) / 1000;
    const share = (cpuMs / (seconds * 10)).toFixed(2);
    const messages = sent - before.get(id).sent;
    if (messages > 0 && !values['no-quiesce']) process.exitCode = 1;
    const memory = Math.round(rss / 1024 / 1024);
    console.log(
      `  process ${id}, idle for ${seconds} s: ${messages} messages, ${cpuMs.toFixed(0)} ms CPU (${share} %), ${memory} MiB`,
    );
  }
}

/** Each process writes to a group that it leads: what others do meanwhile would show in the messages. */
async function writeToOne() {
  const before = await messagesSent();
  const writes = [...(await askAll('write')).values()].filter((ms) => ms !== null);
  for (let sent = before, next = -1; sent !== next; await sleep(5 * Number(values.heartbeat)))
    [sent, next] = [next, await messagesSent()];
  const sent = (await messagesSent()) - before;
  console.log(
    `  a write to a resting group: ${writes.map((ms) => `${ms.toFixed(1)} ms`).join(', ')}; ${sent} messages until all rest again`,
  );
}

async function messagesSent() {
  return [...(await askAll('usage')).values()].reduce((sum, usage) => sum + usage.sent, 0);
}

async function spawn(id, listen) {
  const args = [
    id,
    listen,
    join(directory, id),
    values.groups,
    values.storage,
    values.heartbeat,
    String(!values['no-quiesce']),
  ];
  const child = fork(fileURLToPath(new URL('idle-groups-member.mjs', import.meta.url)), args);
  const waiting = [];
  child.on('message', (answer) => waiting.shift().resolve(answer));
  child.on('exit', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`process ${id} has ended`));
  });
  const answer = () => new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  const address = await answer();
  return { child, address, answer };
}

function ask(id, question) {
  const { child, answer } = members.get(id);
  child.send(question);
  return answer();
}

async function askAll(question) {
  const ids = [...members.keys()];
  const answers = await Promise.all(ids.map((id) => ask(id, question)));
  return new Map(ids.map((id, i) => [id, answers[i]]));
}

function since(at) {
  return `${((performance.now() - at) / 1000).toFixed(1)} s`;
}

function sleep(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
