// Requests that are echoed, over one channel, from one process to another: node bench/echo.mjs [seconds] [bytes]
// Needs a build. Prints a line of JSON for each number of callers: requests a second, latencies in milliseconds.
import { fork } from 'node:child_process';
import { createHistogram, performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { grpcConnector, grpcTransport } from '../dist/index.js';

const [seconds = 2, bytes = 256] = process.argv.slice(2).map(Number);

async function serve() {
  const onCall = (call) => call.respond(call.payload);
  const transport = grpcTransport({ nodeId: '1', clusterId: 'bench', listen: '127.0.0.1:0', onCall });
  await transport.start();
  process.send(transport.address);
  process.on('message', () => process.send(process.cpuUsage()));
  process.on('disconnect', () => void transport.close());
}

async function measure(channel, callers, seconds) {
  const latency = createHistogram();
  const payload = new Uint8Array(bytes);
  const end = performance.now() + seconds * 1000;
  const start = performance.now();
  const caller = async () => {
    while (performance.now() < end) {
      const from = performance.now();
      await channel.request(payload);
      latency.record(Math.max(1, Math.round((performance.now() - from) * 1000)));
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const elapsed = (performance.now() - start) / 1000;
  const ms = (percentile) => latency.percentile(percentile) / 1000;
  return { callers, requestsPerSecond: Math.round(latency.count / elapsed), p50Ms: ms(50), p99Ms: ms(99) };
}

async function main() {
  const server = fork(fileURLToPath(import.meta.url), { env: { ...process.env, ECHO_SERVER: '1' } });
  const address = await new Promise((resolve) => server.once('message', resolve));
  const channel = grpcConnector().connect(address);
  await channel.request(new Uint8Array(1));
  const serverCpu = () => new Promise((resolve) => (server.once('message', resolve), server.send('cpu')));
  for (const callers of [1, 64, 256]) {
    // The first round warms up.
    await measure(channel, callers, seconds / 4);
    const before = [process.cpuUsage(), await serverCpu()];
    const result = await measure(channel, callers, seconds);
    const after = [process.cpuUsage(), await serverCpu()];
    const cpuUs = after.map((usage, i) => usage.user + usage.system - before[i].user - before[i].system);
    const perRequest = cpuUs.map((us) => +(us / (result.requestsPerSecond * seconds)).toFixed(1));
    console.log(JSON.stringify({ ...result, clientCpuUs: perRequest[0], serverCpuUs: perRequest[1] }));
  }
  channel.close();
  server.disconnect();
}

await (process.env['ECHO_SERVER'] ? serve() : main());
