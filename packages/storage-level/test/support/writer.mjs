// Writes to the storage in a directory until it is killed. Says on stdout, a line each, what it is about to do and, by number,
// what is done; given a number of steps, it ends after so many. Runs what was built.
import { writeSync } from 'node:fs';
import { levelStorage } from '../../dist/index.js';

const [directory, seed, steps] = process.argv.slice(2);
const limit = Number(steps ?? Number.POSITIVE_INFINITY);
const snapshotEvery = steps === undefined ? 150 : 30;
const say = (what) => writeSync(1, `${what}\n`);

let state = Number(seed) + 1;
function below(limit) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

function entry(index, term) {
  const data = Buffer.alloc((index * 37 + term * 11) % 3000);
  for (let i = 0; i < data.length; i++) data[i] = (i * 7 + index * 31 + term) & 0xff;
  return { index, term, type: 1, data };
}

const storage = levelStorage({ directory });
const restored = await storage.open({ clusterId: 'c', nodeId: 'n1', groupId: 'g' }).catch(failed);
let { lastIndex, firstIndex } = restored;
let { term } = restored.hardState;
let number = 0;
let waiting = 0;
let snapshot = restored.snapshot?.index ?? 0;
say('open');

async function step(intent, work) {
  const mine = ++number;
  say(`${mine} ${JSON.stringify(intent)}`);
  waiting++;
  await work();
  waiting--;
  say(`done ${mine}`);
}

function append() {
  const truncateFrom = below(8) === 0 && lastIndex > firstIndex + 5 ? lastIndex - below(4) : undefined;
  if (truncateFrom !== undefined || below(20) === 0) term++;
  const first = truncateFrom ?? lastIndex + 1;
  const count = below(6) === 0 ? below(60) : below(4);
  const hardState = below(4) === 0 ? { term, votedFor: `n${below(3)}`, commitIndex: firstIndex - 1 } : undefined;
  lastIndex = first + count - 1;
  const entries = Array.from({ length: count }, (_, i) => entry(first + i, term));
  return step({ truncateFrom, first, count, term, hardState }, () =>
    storage.append({ hardState, truncateFrom, entries }),
  );
}

function compact() {
  const through = firstIndex + below(Math.max(1, lastIndex - firstIndex - 20));
  if (through > lastIndex - 10) return append();
  firstIndex = Math.max(firstIndex, through + 1);
  return step({ compact: through }, () => storage.compact(through));
}

async function takeSnapshot() {
  const index = ++snapshot;
  const configuration = { voters: ['n1'], outgoing: [], learners: [], addresses: {}, stores: {} };
  const writer = await storage.createSnapshot({ index, term: 1, configuration, configurationIndex: 1 });
  for (let i = 0; i < 8; i++) await writer.write(Buffer.alloc(200_000, index % 251));
  await step({ snapshot: index }, () => writer.commit());
}

/** Nothing more may be acknowledged. */
async function failed(error) {
  say(`failed ${error.code} ${error.message}`);
  const hardState = { term: 99, votedFor: undefined, commitIndex: 0 };
  await storage.append({ hardState, entries: [] }).then(
    () => say('acknowledged'),
    () => undefined,
  );
  process.exit(3);
}

let snapshots = Promise.resolve();
for (let i = 0; i < limit; i++) {
  if (i % snapshotEvery === Math.floor(snapshotEvery / 1.5)) snapshots = snapshots.then(takeSnapshot).catch(failed);
  const work = below(30) === 0 ? compact() : append();
  work.catch(failed);
  // Up to four at once.
  while (waiting > 3) await new Promise((resolve) => setImmediate(resolve));
  if (below(3) === 0) await work;
}
await snapshots;
while (waiting > 0) await new Promise((resolve) => setImmediate(resolve));
await storage.close().catch(failed);
