// node packages/storage-level/bench/append.mjs [DIRECTORY]
// Durable batches a second at 1, 16 and 256 entries of 256 bytes, in turns with what the disk itself does with the same bytes: write
// and fdatasync at the end of a file that grows, as LevelDB's log does, and over a file that was made ahead, which spares the file
// system to write down the size. Then 64 callers, and 64 groups, who append one entry each; and how long 1,000,000 entries take to
// open and to read. Runs what was built.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelDatabase, levelStorage } from '@raft/storage-level';

const rounds = 5;
const roundMs = 700;
const root = fs.mkdtempSync(join(process.argv[2] ?? tmpdir(), 'raft-bench-'));
const identity = { clusterId: 'c', nodeId: 'n', groupId: 'g' };
const data = new Uint8Array(256).fill(7);

async function raw(bytes, grows) {
  const path = join(root, 'raw');
  const fd = fs.openSync(path, 'w');
  const size = grows ? Number.POSITIVE_INFINITY : 16 * 1024 * 1024;
  if (!grows) fs.writeSync(fd, Buffer.alloc(size), 0, size, 0);
  fs.fsyncSync(fd);
  const block = Buffer.alloc(bytes, 7);
  const done = (work) => new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
  let at = 0;
  const rate = await perSecond(async () => {
    if (at + bytes > size) at = 0;
    await done((callback) => fs.write(fd, block, 0, bytes, at, callback));
    await done((callback) => fs.fdatasync(fd, callback));
    at += bytes;
  });
  fs.closeSync(fd);
  return rate;
}

const batchFrom = (first, entries) => ({
  entries: Array.from({ length: entries }, (_, i) => ({ index: first + i, term: 1, type: 1, data })),
});

async function storage(entries, callers = 1) {
  const directory = fs.mkdtempSync(join(root, 'store-'));
  const log = levelStorage({ directory });
  await log.open(identity);
  let next = 1;
  const append = () => log.append(batchFrom((next += entries) - entries, entries));
  await append();
  const rates = await Promise.all(Array.from({ length: callers }, () => perSecond(append)));
  await log.close();
  fs.rmSync(directory, { recursive: true });
  return rates.reduce((a, b) => a + b);
}

async function groups(count) {
  const directory = fs.mkdtempSync(join(root, 'store-'));
  const database = levelDatabase({ directory });
  const logs = Array.from({ length: count }, (_, i) => database.storage(`g${i}`));
  for (const [i, log] of logs.entries()) await log.open({ ...identity, groupId: `g${i}` });
  const rates = await Promise.all(
    logs.map((log) => {
      let next = 1;
      return perSecond(() => log.append(batchFrom(next++, 1)));
    }),
  );
  for (const log of logs) await log.close();
  return rates.reduce((a, b) => a + b);
}

async function perSecond(work) {
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < roundMs) {
    await work();
    count++;
  }
  return (count * 1000) / (performance.now() - start);
}

async function seconds(work) {
  const start = performance.now();
  await work();
  return ((performance.now() - start) / 1000).toFixed(2);
}

async function million() {
  const directory = join(root, 'million');
  const count = 1_000_000;
  let log = levelStorage({ directory });
  await log.open(identity);
  let next = 1;
  const written = await seconds(async () => {
    while (next <= count) {
      const batches = Array.from({ length: 8 }, () => ({
        entries: Array.from({ length: 500 }, () => ({ index: next++, term: 1, type: 1, data })),
      }));
      await Promise.all(batches.map((batch) => log.append(batch)));
    }
  });
  // As a crash leaves it: nobody closed it.
  const crashed = join(root, 'crashed');
  fs.cpSync(directory, crashed, { recursive: true });
  await log.close();
  log = levelStorage({ directory });
  const opened = await seconds(() => log.open(identity));
  const read = await seconds(async () => {
    for (let from = 1; from <= count;) from += (await log.entries(from, count, 1024 * 1024)).length;
  });
  await log.close();
  log = levelStorage({ directory: crashed });
  const recovered = await seconds(() => log.open(identity));
  const compacted = await seconds(() => log.compact(count - 1000));
  await log.close();
  log = levelStorage({ directory: crashed });
  const short = await seconds(() => log.open(identity));
  await log.close();
  console.log(
    `1,000,000 entries: written in ${written} s, read in ${read} s; opened in ${opened} s after a clean stop,`,
  );
  console.log(`${recovered} s after a crash; compacted to 1000 in ${compacted} s, and opened then in ${short} s`);
  const mib = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`at most ${mib} MiB of resident memory`);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

try {
  console.log('per second, medians of', rounds, 'rounds in turn');
  console.log('entries   batches   writes to a file that grows   ratio   to one made ahead   ratio');
  for (const entries of [1, 16, 256]) {
    const [ours, growing, ahead] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      ours.push(await storage(entries));
      growing.push(await raw(entries * 272 + 56, true));
      ahead.push(await raw(entries * 272 + 56, false));
    }
    const shown = (rates, width) => median(rates).toFixed(0).padStart(width);
    const ratio = (rates) => median(ours.map((rate, i) => rate / rates[i])).toFixed(2);
    const [toGrowing, toAhead] = [ratio(growing), ratio(ahead)];
    console.log(
      `${String(entries).padStart(7)}   ${shown(ours, 7)}   ${shown(growing, 27)}    ${toGrowing}   ${shown(ahead, 17)}    ${toAhead}`,
    );
  }
  console.log(`64 callers, one entry each: ${(await storage(1, 64)).toFixed(0)} entries/s`);
  console.log(`64 groups, one entry each: ${(await groups(64)).toFixed(0)} entries/s`);
  await million();
} finally {
  fs.rmSync(root, { recursive: true });
}
