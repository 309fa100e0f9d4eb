// How long the event loop of a node stands still that keeps many sessions with many results: while a snapshot is taken, with and without
// commands that go on meanwhile, while another node is brought back by it, in a start from it, and when all sessions expire:
//   pnpm build && node --expose-gc packages/kv/bench/sessions.mjs [--sessions 10000] [--results 25] [--value-bytes 40]
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createNode } from '@raft/core';
import { memoryStorage } from '@raft/storage-memory';
import { memoryNetwork } from '@raft/transport-memory';
import { encodeCompareAndSet, encodeSet, KvStateMachine } from '../dist/index.js';
import { measured, report } from './pauses.mjs';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '10000' },
    results: { type: 'string', default: '25' },
    // A result shows the value that is there; all together are limited to 32 MiB, with 64 bytes for each beside its own.
    'value-bytes': { type: 'string', default: '40' },
  },
});
const [sessions, results, valueBytes] = [values.sessions, values.results, values['value-bytes']].map(Number);

const network = memoryNetwork();
const key = Buffer.from('key');
const value = Buffer.alloc(valueBytes, 'raft');
const set = encodeSet(key, value);
/** Its result is the present value. */
const show = encodeCompareAndSet(key, { absent: true }, value);

async function begin(id, storage, options) {
  const transport = network.transport({ nodeId: id });
  const node = createNode({
    ...{ id, clusterId: 'bench', storage, transport, stateMachine: new KvStateMachine() },
    ...{
      maxSessions: sessions,
      snapshotThresholdEntries: 0,
      snapshotThresholdBytes: 0,
      retainedEntries: 0,
      ...options,
    },
  });
  node.on('fatal', ({ error }) => {
    throw error;
  });
  await transport.start();
  await node.start();
  return { node, transport };
}

async function until(isSo) {
  while (!isSo()) await sleep(5);
}

/** So many calls, some hundred at a time. */
async function each(count, call) {
  for (let at = 0; at < count; at += 250) {
    await Promise.all(Array.from({ length: Math.min(250, count - at) }, (_, place) => call(at + place)));
    await nextTurn();
  }
}

const storage = memoryStorage();
let first = await begin('1', storage, { bootstrap: { 1: '1' } });
await until(() => first.node.status().role === 'leader');
await first.node.propose(set);
const ids = [];
const timeoutMs = 120_000;
await measured('sessions and results are made', async () => {
  await each(sessions, async () => ids.push(await first.node.registerSession({ timeoutMs })));
  await each(sessions * results, (n) => {
    const session = { id: ids[n % sessions], sequence: 1 + Math.floor(n / sessions) };
    return first.node.propose(show, { session, timeoutMs });
  });
});
globalThis.gc?.();

/** Commands all over the sessions, each of which takes the place of a result. */
let written = 0;
async function keepWriting(signal) {
  const before = written;
  for (; !signal.aborted; written += 64) {
    const batch = Array.from({ length: 64 }, (_, place) => {
      const n = written + place;
      const sequence = 1 + results + Math.floor(n / sessions);
      const session = { id: ids[(n * 7919) % sessions], sequence, firstUnacknowledged: sequence - results + 1 };
      return first.node.propose(show, { session, timeoutMs });
    });
    await Promise.all(batch);
  }
  return { commands: written - before };
}

async function snapshotBytes() {
  const reader = await storage.openSnapshot();
  await reader.close();
  return { MiB: reader.size / 2 ** 20 };
}

await measured('commands alone, 3 s', () => keepWriting(AbortSignal.timeout(3000)));
await first.node.propose(set);
await measured('snapshot alone', async () => {
  await first.node.snapshot({ timeoutMs });
  return snapshotBytes();
});
await measured('snapshot while commands are applied', async () => {
  const ended = new AbortController();
  const writing = keepWriting(ended.signal);
  await sleep(200);
  await first.node.snapshot({ timeoutMs });
  ended.abort();
  return writing;
});
await first.node.propose(set);
await first.node.snapshot({ timeoutMs });
const second = await begin('2', memoryStorage(), {});
await measured('another node gets it (both in this process)', async () => {
  await first.node.changeMembership({ learners: ['2'], addresses: { 2: '2' } });
  await until(() => second.node.status().appliedIndex === first.node.status().appliedIndex);
});
for (const { node, transport } of [first, second]) {
  await node.stop();
  await transport.close();
}
await measured('start from it', async () => {
  first = await begin('1', storage, { sessionTimeoutMs: 2000 });
  await until(() => first.node.status().role === 'leader');
});
await measured('all sessions expire', async () => {
  // The one that was used last goes last.
  const last = { id: ids[(7919 * (sessions - 1)) % sessions], sequence: 1, firstUnacknowledged: 0 };
  await sleep(8000);
  const outcome = await first.node.propose(show, { session: last }).catch(({ code }) => code);
  if (outcome !== 'RAFT_SESSION_EXPIRED') throw new Error('sessions live on: run it on a machine that is less busy');
});
report('log', { entries: first.node.status().lastIndex });
await first.node.stop();
await first.transport.close();
