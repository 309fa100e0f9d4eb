// How long the event loop stands still while a large map is written to a snapshot, with and without commands that go on
// meanwhile, and while it is restored:
//   pnpm build && node --expose-gc packages/kv/bench/snapshot.mjs [--keys 1000000] [--value-bytes 256] [--writes 20000]
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { encodeDelete, encodeSet, KvStateMachine } from '../dist/index.js';
import { heapMiB, measured, report } from './pauses.mjs';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    'value-bytes': { type: 'string', default: '256' },
    // Commands in a second that go on during the snapshot.
    writes: { type: 'string', default: '20000' },
  },
});
const keys = Number(values.keys);
const valueBytes = Number(values['value-bytes']);
const writes = Number(values.writes);

const key = (n) => `key/${String(n).padStart(10, '0')}`;
const value = Buffer.alloc(valueBytes, 'raft');
const machine = new KvStateMachine();
let index = 0;
const apply = (...commands) => machine.apply(commands.map((command) => ({ index: ++index, term: 1, command })));

const filling = performance.now();
for (let n = 0; n < keys; n++) {
  // In an order that leaves the tree as random keys do.
  value.writeUInt32LE(n, 0);
  apply(encodeSet(key((n * 7919) % keys), value));
  if (n % 1000 === 0) await nextTurn();
}
report('filled', { seconds: (performance.now() - filling) / 1000, keys: machine.size, heapMiB: heapMiB() });
globalThis.gc?.();

async function take(keep) {
  const chunks = [];
  let bytes = 0;
  let longestMs = 0;
  const calling = performance.now();
  const iterator = machine.snapshot()[Symbol.asyncIterator]();
  let next = iterator.next();
  const callMs = performance.now() - calling;
  for (;;) {
    const { done, value: chunk } = await next;
    if (done) break;
    bytes += chunk.length;
    if (keep) chunks.push(chunk);
    const before = performance.now();
    next = iterator.next();
    longestMs = Math.max(longestMs, performance.now() - before);
  }
  return { chunks, bytes, callMs, longestMs };
}

/** Commands in batches, as a node applies them: overwrites, new keys and deletions all over the map. */
async function keepWriting(signal) {
  const began = performance.now();
  let count = 0;
  let longestMs = 0;
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - began) / 1000) * writes);
    while (count < due) {
      const before = performance.now();
      const batch = Array.from({ length: Math.min(64, due - count) }, () => {
        const n = Math.floor(Math.random() * keys * 1.02);
        return count++ % 50 === 0 ? encodeDelete(key(n)) : encodeSet(key(n), value);
      });
      apply(...batch);
      longestMs = Math.max(longestMs, performance.now() - before);
    }
    await nextTurn();
  }
  return { commands: count, longestBatchMs: longestMs };
}

await measured('applies alone, 3 s', async () => keepWriting(AbortSignal.timeout(3000)));
await measured('snapshot alone', async () => {
  const { bytes, callMs, longestMs } = await take(false);
  return { MiB: bytes / 2 ** 20, callMs, longestMs };
});
await measured('snapshot while commands are applied', async () => {
  const ended = new AbortController();
  const writing = keepWriting(ended.signal);
  const { callMs, longestMs } = await take(false);
  ended.abort();
  return { callMs, longestMs, ...(await writing) };
});
const { chunks } = await take(true);
const restored = new KvStateMachine();
await measured('restore', async () => {
  await restored.restore(
    (async function* () {
      while (chunks.length > 0) yield chunks.shift();
    })(),
  );
  return { keys: restored.size };
});
