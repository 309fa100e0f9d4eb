// Requests and answers between two processes, without consensus.
//   node bench/echo.mjs [seconds a run]
// Prints requests/s, the median and 99th percentile of their time, and what they cost, for callers × connections.
import { fork } from 'node:child_process';
import { createHistogram } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { tcpConnector, tcpTransport } from '@raft/transport-tcp';

const payloadBytes = 64;
const runs = [
  { callers: 1, connections: 1 },
  { callers: 64, connections: 1 },
  { callers: 256, connections: 1 },
  { callers: 256, connections: 16 },
  { callers: 1024, connections: 16 },
];

if (process.argv[2] === 'server') await serve();
else await measure(Number(process.argv[2] ?? 1));

async function serve() {
  const answer = new Uint8Array(payloadBytes);
  const onCall = (call) => call.respond(answer);
  const transport = tcpTransport({ nodeId: '1', clusterId: 'bench', listen: '127.0.0.1:0', onCall });
  await transport.start();
  process.send(transport.address);
  process.on('disconnect', () => process.exit());
}

async function measure(seconds) {
  const server = fork(fileURLToPath(import.meta.url), ['server']);
  const address = await new Promise((resolve) => {
    server.once('message', resolve);
  });
  for (const { callers, connections } of runs) {
    await run(address, callers, connections, Math.min(seconds, 0.3));
    const { perSecond, p50Us, p99Us, cpuUs } = await run(address, callers, connections, seconds);
    console.log(
      `${callers} callers, ${connections} connections: ${Math.round(perSecond)}/s, p50 ${p50Us} µs, p99 ${p99Us} µs, ` +
        `${cpuUs.toFixed(1)} µs CPU of the client a request`,
    );
  }
  server.disconnect();
}

async function run(address, callers, connections, seconds) {
  const connector = tcpConnector();
  const channels = Array.from({ length: connections }, () => connector.connect(address));
  await Promise.all(channels.map((channel) => channel.request(new Uint8Array(1))));
  const histogram = createHistogram();
  const payload = new Uint8Array(payloadBytes);
  const cpu = process.cpuUsage();
  const from = performance.now();
  const end = from + seconds * 1000;
  let answers = 0;
  const caller = async (channel) => {
    for (let now = performance.now(); now < end;) {
      await channel.request(payload);
      const then = now;
      now = performance.now();
      histogram.record(Math.max(1, Math.round((now - then) * 1000)));
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, i) => caller(channels[i % connections])));
  const perSecond = (answers / (performance.now() - from)) * 1000;
  for (const channel of channels) channel.close();
  const { user, system } = process.cpuUsage(cpu);
  const cpuUs = (user + system) / answers;
  return { perSecond, p50Us: histogram.percentile(50), p99Us: histogram.percentile(99), cpuUs };
}
