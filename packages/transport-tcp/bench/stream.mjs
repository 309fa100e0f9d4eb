// AppendEntries from one process to another, a batch of entries in each, a window of messages under way.
//   node bench/stream.mjs [seconds a run]
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { tcpTransport } from '@raft/transport-tcp';

const group = 'bench';
const runs = [
  { entries: 1, bytes: 256, window: 64 },
  { entries: 16, bytes: 256, window: 64 },
  { entries: 256, bytes: 256, window: 16 },
  { entries: 4, bytes: 262_144, window: 8 },
];

const [role, arg] = process.argv.slice(2);
if (role === 'follower') await follow(arg);
else await lead(Number(role ?? 1));

async function node(nodeId) {
  const transport = tcpTransport({ nodeId, clusterId: 'bench', listen: '127.0.0.1:0', logger: complain });
  await transport.start();
  return transport;
}

function complain(level, message) {
  if (level !== 'info') console.error(level, message);
}

async function follow(leaderAddress) {
  const transport = await node('2');
  transport.setPeers(group, new Map([['1', leaderAddress]]));
  transport.attach(group, {
    receive(messages) {
      const last = messages.at(-1);
      const matchIndex = last.prevLogIndex + last.entries.length;
      const round = messages.length;
      const answer = {
        type: 'appendEntriesResponse',
        from: '2',
        to: '1',
        term: 1,
        round,
        matchIndex,
        rejection: undefined,
        storeId: '',
        priority: 1,
      };
      transport.send(group, [answer]);
    },
  });
  process.send(transport.address);
  process.on('disconnect', () => process.exit());
}

async function lead(seconds) {
  const transport = await node('1');
  const follower = fork(fileURLToPath(import.meta.url), ['follower', transport.address]);
  const address = await new Promise((resolve) => {
    follower.once('message', resolve);
  });
  transport.setPeers(group, new Map([['2', address]]));
  while (!transport.stats().peers['2'].connected) {
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  for (const run of runs) {
    await stream(transport, run, 0.3);
    const { messages, seconds: took, cpuSeconds } = await stream(transport, run, seconds);
    const perSecond = messages / took;
    const megabytes = (perSecond * run.entries * run.bytes) / 1e6;
    console.log(
      `${run.entries} × ${run.bytes} B a message, ${run.window} under way: ${Math.round(perSecond)} messages/s, ` +
        `${Math.round(perSecond * run.entries)} entries/s, ${megabytes.toFixed(0)} MB/s, ` +
        `${((cpuSeconds / messages) * 1e6).toFixed(1)} µs CPU of the sender a message`,
    );
  }
  follower.disconnect();
  await transport.close();
}

function stream(transport, { entries, bytes, window }, seconds) {
  const data = new Uint8Array(bytes).fill(7);
  const batch = (prevLogIndex) =>
    Array.from({ length: entries }, (_, i) => ({ index: prevLogIndex + 1 + i, term: 1, type: 1, data }));
  const from = performance.now();
  const end = from + seconds * 1000;
  const cpu = process.cpuUsage();
  let index = 0;
  let underWay = 0;
  let acknowledged = 0;
  return new Promise((resolve) => {
    const send = () => {
      const prevLogIndex = index;
      index += entries;
      underWay += 1;
      const message = {
        type: 'appendEntries',
        from: '1',
        to: '2',
        term: 1,
        prevLogIndex,
        prevLogTerm: 1,
        leaderCommit: 0,
        round: 0,
        entries: batch(prevLogIndex),
        quiesce: false,
      };
      transport.send(group, [message]);
    };
    transport.attach(group, {
      receive(messages) {
        for (const { round } of messages) {
          acknowledged += round;
          underWay -= round;
        }
        if (performance.now() < end) while (underWay < window) send();
        if (underWay > 0) return;
        const { user, system } = process.cpuUsage(cpu);
        transport.detach(group);
        const took = (performance.now() - from) / 1000;
        resolve({ messages: acknowledged, seconds: took, cpuSeconds: (user + system) / 1e6 });
      },
    });
    while (underWay < window) send();
  });
}
