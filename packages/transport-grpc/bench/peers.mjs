// Entries from a leader to a follower in another process, acknowledged one by one: node bench/peers.mjs [seconds]
// Needs a build. Prints a line of JSON for each size of batch: entries a second, and messages in each gRPC message.
import { fork } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { grpcTransport } from '../dist/index.js';

const seconds = Number(process.argv[2] ?? 1);
const group = 'bench';

async function start(nodeId) {
  const transport = grpcTransport({ nodeId, clusterId: 'bench', listen: '127.0.0.1:0' });
  await transport.start();
  return transport;
}

async function follow() {
  const transport = await start('2');
  const ids = { from: '2', to: '1', term: 1, storeId: '' };
  const answer = { type: 'appendEntriesResponse', ...ids, round: 0, rejection: undefined, priority: 1 };
  transport.attach(group, {
    receive(messages) {
      const answers = messages.map(({ prevLogIndex, entries }) => ({
        ...answer,
        matchIndex: prevLogIndex + entries.length,
      }));
      transport.send(group, answers);
    },
  });
  process.on('message', (leader) => transport.setPeers(group, new Map([['1', leader]])));
  process.on('disconnect', () => void transport.close());
  process.send(transport.address);
}

async function measure(transport, batch, bytes) {
  const data = new Uint8Array(bytes);
  // Messages that have no answer yet.
  const window = Math.min(64, Math.ceil((8 * 1024 * 1024) / (batch * bytes)));
  let next = 1;
  let acknowledged = 0;
  let underWay = 0;
  const send = () => {
    const entries = Array.from({ length: batch }, (_, i) => ({ index: next + i, term: 1, type: 1, data }));
    const message = { type: 'appendEntries', from: '1', to: '2', term: 1, prevLogIndex: next - 1, prevLogTerm: 1 };
    next += batch;
    underWay += 1;
    transport.send(group, [{ ...message, leaderCommit: 0, round: 0, entries, quiesce: false }]);
  };
  const before = transport.stats().peers['2'];
  const from = performance.now();
  await new Promise((resolve) => {
    transport.attach(group, {
      receive(messages) {
        underWay -= messages.length;
        acknowledged += messages.length * batch;
        const over = performance.now() - from > seconds * 1000;
        while (!over && underWay < window) send();
        if (underWay === 0) resolve();
      },
    });
    while (underWay < window) send();
  });
  transport.detach(group);
  const after = transport.stats().peers['2'];
  const perSecond = Math.round(acknowledged / ((performance.now() - from) / 1000));
  const messagesPerEnvelope = (after.sentMessages - before.sentMessages) / (after.sentEnvelopes - before.sentEnvelopes);
  return { batch, bytes, entriesPerSecond: perSecond, messagesPerEnvelope: +messagesPerEnvelope.toFixed(1) };
}

async function lead() {
  const follower = fork(fileURLToPath(import.meta.url), { env: { ...process.env, FOLLOWER: '1' } });
  const address = await new Promise((resolve) => {
    follower.once('message', resolve);
  });
  const transport = await start('1');
  follower.send(transport.address);
  transport.setPeers(group, new Map([['2', address]]));
  // Warms up, and waits for the connections.
  await measure(transport, 16, 256);
  const runs = [
    [1, 256],
    [16, 256],
    [256, 256],
    [4, 262_144],
  ];
  for (const [batch, bytes] of runs) console.log(JSON.stringify(await measure(transport, batch, bytes)));
  await transport.close();
  follower.disconnect();
}

await (process.env['FOLLOWER'] ? follow() : lead());
