// One process of `idle-groups.mjs`, which asks it by messages.
import { createNode } from '@raft/core';
import { levelDatabase } from '@raft/storage-level';
import { memoryStorage } from '@raft/storage-memory';
import { tcpTransport } from '@raft/transport-tcp';

const [id, listen, directory, groups, storage, heartbeat, quiesce] = process.argv.slice(2);
const clusterId = 'idle-groups';
/** Groups that are opened at a time. */
const startAtOnce = 256;

const inner = tcpTransport({ nodeId: id, clusterId, listen });
let sent = 0;
/** All of the transport, and a count of what is sent. */
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
const database = storage === 'level' ? levelDatabase({ directory }) : undefined;

process.on('disconnect', () => process.exit());
process.on('message', (question) => {
  void answer(question).then((reply) => process.send(reply));
});
await transport.start();
process.send(inner.address);

async function answer(question) {
  switch (question) {
    case 'usage': {
      const { user, system } = process.cpuUsage();
      return { sent, cpuUs: user + system, rss: process.memoryUsage.rss() };
    }
    case 'leaders':
      return nodes.flatMap((node, group) => {
        const { role, term } = node.status();
        return role === 'leader' ? [[group, term]] : [];
      });
    case 'write':
      return write();
    default:
      return start(question.addresses);
  }
}

async function write() {
  const leader = nodes.find((node) => node.status().role === 'leader');
  if (leader === undefined) return null;
  const startedAt = performance.now();
  await leader.propose(new Uint8Array(256));
  return performance.now() - startedAt;
}

async function start(bootstrap) {
  for (let first = 0; first < Number(groups); first += startAtOnce) {
    const some = [];
    for (let group = first; group < Math.min(first + startAtOnce, Number(groups)); group++)
      some.push(makeNode(group, bootstrap));
    nodes.push(...some);
    await Promise.all(some.map((node) => node.start()));
    // Storages in memory never wait for anything, and what goes on would.
    await new Promise(setImmediate);
  }
  return 'started';
}

function makeNode(group, bootstrap) {
  const groupId = `g${group}`;
  const heartbeatIntervalMs = Number(heartbeat);
  return createNode({
    ...{ id, clusterId, groupId, transport, bootstrap, quiesce: quiesce === 'true' },
    ...{ heartbeatIntervalMs, electionTimeoutMs: { min: 5 * heartbeatIntervalMs, max: 10 * heartbeatIntervalMs } },
    storage: database?.storage(groupId) ?? memoryStorage(),
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
