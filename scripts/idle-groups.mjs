// What idle groups cost: three processes, each with one transport and a member of every group.
//   pnpm idle-groups --groups 10000 --seconds 30 [--no-quiesce]
// Prints messages between the processes and CPU time of each while all groups rest, and how long a write then takes.
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { createNode } from '@raft/core';
import { memoryStorage } from '@raft/storage-memory';
import { tcpTransport } from '@raft/transport-tcp';

const ids = ['1', '2', '3'];
const clusterId = 'idle-groups';

if (process.argv[2] === 'member') await member(process.argv[3], Number(process.argv[4]), process.argv[5] === 'true');
else await measure();

async function measure() {
  const { values } = parseArgs({
    options: {
      groups: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '30' },
      'no-quiesce': { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const members = ids.map((id) =>
    fork(fileURLToPath(import.meta.url), ['member', id, values.groups, String(!values['no-quiesce'])]),
  );
  const ask = (question) => Promise.all(members.map((one) => answerOf(one, question)));
  try {
    const addresses = await Promise.all(members.map((one) => answerOf(one)));
    await ask({ addresses: Object.fromEntries(ids.map((id, i) => [id, addresses[i]])) });
    for (let sent = -1, tries = 0; tries < 60; tries++) {
      await sleep(5000);
      const now = await ask('figures');
      const led = now.reduce((sum, figures) => sum + figures.led, 0);
      const total = now.reduce((sum, figures) => sum + figures.sent, 0);
      console.log(`${led} of ${values.groups} groups have a leader; ${total} messages so far`);
      if (led === Number(values.groups) && total - sent < 100) break;
      sent = total;
    }
    const before = await ask('figures');
    await sleep(seconds * 1000);
    const after = await ask('figures');
    for (const [i, id] of ids.entries()) {
      const cpuMs = (after[i].cpuUs - before[i].cpuUs) / 1000;
      const share = ((cpuMs / (seconds * 1000)) * 100).toFixed(2);
      const memory = Math.round(after[i].rss / 1024 / 1024);
      const sent = after[i].sent - before[i].sent;
      console.log(
        `process ${id}, ${seconds} s: ${sent} messages, ${cpuMs.toFixed(0)} ms CPU (${share} %), ${memory} MiB`,
      );
    }
    const writes = (await ask('write')).filter((ms) => ms !== undefined);
    console.log(`a write to a resting group: ${writes.map((ms) => `${ms.toFixed(1)} ms`).join(', ')}`);
  } finally {
    for (const one of members) one.disconnect();
  }
}

function answerOf(one, question) {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('a member has ended'));
    one.once('exit', ended);
    one.once('message', (answer) => {
      one.off('exit', ended);
      resolve(answer);
    });
    if (question !== undefined) one.send(question);
  });
}

function sleep(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function member(id, groups, quiesce) {
  process.on('disconnect', () => process.exit());
  const inner = tcpTransport({ nodeId: id, clusterId, listen: '127.0.0.1:0' });
  await inner.start();
  let sent = 0;
  const transport = {
    start: () => inner.start(),
    attach: (group, receiver) => inner.attach(group, receiver),
    detach: (group) => inner.detach(group),
    setPeers: (group, addresses) => inner.setPeers(group, addresses),
    send(group, messages) {
      sent += messages.length;
      inner.send(group, messages);
    },
    close: () => inner.close(),
  };
  const nodes = [];
  process.on('message', (question) => void answer(question));
  process.send(inner.address);

  async function answer(question) {
    if (question === 'figures') {
      const { user, system } = process.cpuUsage();
      const led = nodes.filter((node) => node.status().role === 'leader').length;
      return process.send({ sent, led, cpuUs: user + system, rss: process.memoryUsage().rss });
    }
    if (question === 'write') {
      const leader = nodes.find((node) => node.status().role === 'leader');
      const startedAt = performance.now();
      await leader?.propose(new Uint8Array(256));
      return process.send(performance.now() - startedAt);
    }
    for (let group = 0; group < groups; group++) {
      nodes.push(makeNode({ id, group, transport, quiesce, bootstrap: question.addresses }));
      await nodes.at(-1).start();
    }
    process.send('started');
  }
}

function makeNode({ id, group, transport, quiesce, bootstrap }) {
  return createNode({
    ...{ id, clusterId, groupId: `g${group}`, storage: memoryStorage(), transport, quiesce, bootstrap },
    // Thousands of groups that all begin at once are a storm of elections and heartbeats until they rest: it has to be borne.
    heartbeatIntervalMs: 3000,
    electionTimeoutMs: { min: 15_000, max: 45_000 },
    stateMachine: {
      apply: (entries) => entries.map(() => undefined),
      query: () => undefined,
      async *snapshot() {
        yield new Uint8Array(1);
      },
      async restore() {},
    },
  });
}
